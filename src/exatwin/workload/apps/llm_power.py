"""Watts of a training step by phase, and how far the power of a synchronous job swings within a step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.foundation.spec import Fraction, Ratio, Seconds, Sourced
from exatwin.workload.apps.app import AppRun, Phase, Use, as_profiles
from exatwin.workload.apps.llm_precision import PEAK_OF
from exatwin.workload.apps.llm_training import TrainingEstimate
from exatwin.workload.draw import draw

PHASES = {
    "compute": ("compute",),
    "optimiser": ("optimiser",),
    "traffic": ("tensor", "context", "expert", "pipeline_send", "data"),
    "waiting": ("pipeline_bubble", "overhead"),
}
"""What each phase holds of the breakdown of a step; parts of no other phase count as waiting."""
_TOGETHER = ("optimiser", "data", "overhead")  # parts of a step that all ranks go through at one time


class LlmPower(Sourced):
    """How hard the parts of a node work in each phase of a step."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    compute: Use
    """Products, attention and what lies between."""
    optimiser: Use
    """Update of the weights."""
    traffic: Use
    """Traffic that nothing hides."""
    waiting: Use
    """Nothing to do."""
    still_frac: Fraction
    """Use of the accelerator in the compute phase while its matrix units stand still."""
    full_rate_frac: Fraction
    """Share of the peak from which it is fully used."""
    ramp_s: Seconds
    """How fast the power of the job goes from one phase to the next."""
    low: Ratio
    """Low end of the band of the power of a node, over the estimate."""
    high: Ratio
    """High end of it."""


@dataclass(frozen=True)
class StepPower:
    """Watts of one node over a step."""

    mean_w: float
    """Mean over the step [W]."""
    phase_w: dict[str, float]
    """In each phase that there is [W]."""
    low_w: float
    """At the end of a step, or where stages wait for the first, as far as it gets there in the time [W]."""
    high_w: float
    """While they compute; never less than the mean [W]."""
    waiting_w: float
    """Between steps: at starts, checkpoints and restarts [W]."""

    @property
    def swing_w(self) -> float:
        """How far the power of a node swings in each step [W]."""
        return self.high_w - self.low_w


@cache
def llm_power() -> LlmPower:
    """Return the constants that ship."""
    found: LlmPower = entry(LlmPower, "apps", "llm-power")
    return found


def uses(found: TrainingEstimate, machine: Machine) -> dict[str, Use]:
    """Return how hard the parts of a node work in each phase of a step.

    Notes
    -----
    While it computes, an accelerator is used to ``s + (1 - s) min(1, u / u1)``, with ``u`` the rate of its
    matrix units over the peak of the precision of the layers. The node power law makes watts of it:
    ``P = idle + a u_compute + b u_memory + c u_links``, capped, the clock falling until the package keeps
    its cap.
    """
    law = llm_power()
    chip, compute_s = machine.accelerator, found.breakdown_s["compute"]
    peak = chip.peak if chip else {}
    narrow = peak.get(PEAK_OF[found.layout.precision]) or peak.get("bf16") or 1.0
    rate = found.hfu_frac * found.iteration_s / max(compute_s, 1e-12) * (peak.get("bf16") or narrow) / narrow
    busy = law.still_frac + (1.0 - law.still_frac) * min(1.0, rate / law.full_rate_frac)
    compute = law.compute.model_copy(update={"accelerator_frac": busy * law.compute.accelerator_frac})
    return {
        "compute": compute, "optimiser": law.optimiser, "traffic": law.traffic, "waiting": law.waiting,
    }  # fmt: skip


def step_run(found: TrainingEstimate, machine: Machine) -> AppRun:
    """Return one step on `machine` as phases: computing, optimiser, visible traffic, waiting."""
    use = uses(found, machine)
    seconds = {
        name: sum(found.breakdown_s.get(part, 0.0) for part in parts) for name, parts in PHASES.items()
    }
    seconds["waiting"] += max(found.iteration_s - sum(seconds.values()), 0.0)
    bound = (seconds["compute"] + seconds["optimiser"]) / found.iteration_s
    return AppRun(tuple(Phase(name, seconds[name], use[name]) for name in PHASES), bound)


def step_power(found: TrainingEstimate, machine: Machine) -> StepPower:
    """Return what a node of `machine` draws over a step, at the input of its rack, switches left out.

    Notes
    -----
    Ranks of a synchronous job go through the end of a step together: gradient traffic, optimiser, overhead.
    There the power of the whole job falls from that of computing towards theirs, all the way where the end of
    the step lasts longer than the ramp. While a pipeline fills and drains, all stages but one wait, each rank
    at some time: there the power of the job falls to that of waiting but for the share of one stage. The
    traffic of layers lasts microseconds and smooths out over a job; where it makes the mean less than both,
    the mean is the low end.
    """
    run = step_run(found, machine)
    watts = dict(zip(PHASES, draw(as_profiles([("step", run)]), machine).nominal_w, strict=True))
    mean = sum(phase.time_s * float(watts[phase.name]) for phase in run.phases) / run.time_s
    owner = {part: name for name, parts in PHASES.items() for part in parts}
    together = {part: found.breakdown_s.get(part, 0.0) for part in _TOGETHER}
    end_s, high = sum(together.values()), float(watts["compute"])
    fall_j = sum(seconds * (high - float(watts[owner[part]])) for part, seconds in together.items())
    ramp_s, bubble_s = llm_power().ramp_s, found.breakdown_s.get("pipeline_bubble", 0.0)
    waiting = (high - float(watts["waiting"])) * (1.0 - 1.0 / found.layout.pp)
    falls = fall_j / max(end_s, ramp_s), waiting * min(bubble_s / ramp_s, 1.0)
    return StepPower(
        mean_w=mean,
        phase_w={phase.name: float(watts[phase.name]) for phase in run.phases if phase.time_s > 0.0},
        low_w=min(high - max(falls), mean),
        high_w=max(high, mean),
        waiting_w=float(watts["waiting"]),
    )


def node_power_w(found: TrainingEstimate, machine: Machine) -> float:
    """Return the mean watts of a node of `machine` over a step."""
    return step_power(found, machine).mean_w


__all__ = ["PHASES", "LlmPower", "StepPower", "llm_power", "node_power_w", "step_power", "step_run", "uses"]
