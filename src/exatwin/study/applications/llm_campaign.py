"""A long training job: what failures and checkpoints leave of its time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, inf, prod
from typing import Literal

from exatwin.catalogue.machine import Machine
from exatwin.catalogue.reliability import Reliability, reliability
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.units import show
from exatwin.workload.apps.goodput import Goodput, Stops, goodput, mttf_s
from exatwin.workload.storage import checkpoint_s, read_s, storage_of

RECOVERIES = ("storage", "memory")


@dataclass(frozen=True)
class Campaign:
    """What is asked about a campaign."""

    tokens: float | None = None
    """Tokens to train on; None for no campaign."""
    checkpoint_interval_s: float | None = None
    """Work between two checkpoints [s]; by default Daly's."""
    mttf_s: float | None = None
    """Mean time between failures of the whole job [s]; by default from the failures of known clusters."""
    recovery: Literal["storage", "memory"] = "storage"
    """Where the last checkpoint lies after a failure: on the file system, or in the memory of other nodes,
    with spare nodes that take over."""


@dataclass(frozen=True)
class Interruptions:
    """What failures and checkpoints leave of the time of a job."""

    checkpoint_b: float
    """Size of a checkpoint [B]."""
    stops: Stops
    """What stops the job."""
    middle: Goodput | None
    """Where the time goes; None where the job makes no headway."""
    low_frac: float
    """Goodput by the worse cluster and the slower stops; 0 where that makes no headway."""
    high_frac: float
    """Goodput by the better cluster and the quicker stops."""
    assumptions: tuple[str, ...]
    """What was taken for granted."""
    why_not: str = ""
    """Why the job makes no headway; blank where it does."""

    @cached_property
    def goodput_frac(self) -> float:
        """Share of the time in steps that count."""
        return self.middle.goodput_frac if self.middle else 0.0


def interruptions(
    accelerators: int, weights: float, machine: Machine, asked: Campaign, *, holders: float | None = None
) -> Interruptions:
    """Return what failures and checkpoints leave of the time of a job.

    Parameters
    ----------
    accelerators
        Accelerators of the job.
    weights
        Weights of the model.
    machine
        Where; its file system takes the checkpoints, its default partition limits the allocations.
    asked
        What is set by hand.
    holders
        Accelerators that share the states out; by default all.

    Notes
    -----
    Rates of failure: the geometric mean of the clusters that are known; each of them is one end of the
    interval, together with the shortest and longest stops that were seen.
    """
    law = reliability()
    size_b = law.state_b_per_weight * weights
    chips = accelerators / (machine.accelerator.devices if machine.accelerator else 1)
    shortest_s, middle_s, longest_s = mttf_range_s(chips, asked.mttf_s, law)
    stops = _stops(accelerators, size_b, size_b / (holders or accelerators), machine, asked, law)
    stops = replace(stops, mttf_s=middle_s)
    middle, why_not = _headway(stops, asked.checkpoint_interval_s)
    every = middle.interval_s if middle else asked.checkpoint_interval_s
    ends = (
        (shortest_s, law.pause_high_s, law.startup_high_s, law.other_high_frac),
        (longest_s, law.pause_low_s, law.startup_low_s, law.other_low_frac),
    )
    found = []
    for failure_s, pause_s, startup_s, other_frac in ends:
        case = replace(
            stops,
            mttf_s=failure_s,
            checkpoint_s=stops.checkpoint_s + pause_s - law.pause_s,
            restart_s=stops.restart_s * startup_s / law.startup_s,
            start_s=stops.start_s * startup_s / law.startup_s,
            other_frac=other_frac,
        )
        done, _ = _headway(case, every)
        found.append(done.goodput_frac if done else 0.0)
    said = _said(accelerators, machine, asked, law)
    return Interruptions(size_b, stops, middle, found[0], found[1], said, why_not)


def mttf_range_s(accelerators: float, given_s: float | None, law: Reliability) -> tuple[float, float, float]:
    """Return the shortest, the middle and the longest time between failures of a job [s].

    Parameters
    ----------
    accelerators
        Packages of the job.
    given_s
        The time where somebody knows it [s].
    law
        Failures of known clusters.
    """
    if given_s is not None:
        return given_s, given_s, given_s
    each = [(one.per_accelerator_day, one.common_per_day) for one in law.clusters.values()]
    middle = [prod(rates) ** (1.0 / len(each)) for rates in zip(*each, strict=True)]
    ends = [mttf_s(accelerators, *rates, law.scale_accelerators) for rates in each]
    return min(ends), mttf_s(accelerators, middle[0], middle[1], law.scale_accelerators), max(ends)


def _stops(
    accelerators: int, size_b: float, each_b: float, machine: Machine, asked: Campaign, law: Reliability
) -> Stops:
    """Return what stops the job, failures left out; `each_b` bytes of the states lie on an accelerator."""
    nodes = ceil(accelerators / machine.node_devices)
    copy_s = each_b / law.host_b_s
    start_s = law.startup_s + float(read_s(size_b, nodes, machine))
    write_s, restart_s = float(checkpoint_s(size_b, nodes, machine)), start_s
    if asked.recovery == "memory":
        nics_b_s = machine.node.nics * (machine.node.nic_b_s or 0.0)
        write_s = each_b * machine.node_devices / nics_b_s if nics_b_s else 0.0
        restart_s = law.spare_restart_s
    queue = machine.partitions[machine.default_partition()]
    return Stops(
        mttf_s=inf,
        checkpoint_s=law.pause_s + copy_s,
        write_s=copy_s + write_s,
        restart_s=restart_s,
        start_s=start_s,
        limit_s=queue.max_time_s or inf,
        other_frac=law.other_frac,
    )


def _headway(stops: Stops, interval_s: float | None) -> tuple[Goodput | None, str]:
    """Return where the time goes, or why nothing gets done."""
    try:
        return goodput(stops, interval_s), ""
    except InfeasibleError as error:
        return None, str(error)


def _said(accelerators: int, machine: Machine, asked: Campaign, law: Reliability) -> tuple[str, ...]:
    known = " and ".join(one.title for one in law.clusters.values())
    failures = f"as of {known}; each is one end of the range" if asked.mttf_s is None else "as given"
    if asked.recovery == "memory":
        kept = f"in the memory of other nodes, spare nodes ready in {show(law.spare_restart_s, 's')}"
    else:
        store = storage_of(machine)
        kept = f"to {store.name}, written while the run goes on ({'; '.join(store.assumed)})"
    largest = max(one.accelerators for one in law.clusters.values())
    said = [
        f"failures {failures}",
        f"checkpoints {kept}",
        f"evaluation, teardown and the like take {law.other_frac:.0%}; waiting in the queue is not counted",
    ]
    if accelerators > largest:
        said.append(f"extrapolated: failures are known of at most {largest:,} accelerators")
    return tuple(said)


__all__ = ["RECOVERIES", "Campaign", "Interruptions", "interruptions", "mttf_range_s"]
