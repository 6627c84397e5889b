"""A climate campaign on the calendar: failures, restarts, queue, maintenance, members side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import ceil, inf

from exatwin.catalogue.climate_calibration import climate_terms
from exatwin.catalogue.reliability import Reliability, reliability
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.units import show
from exatwin.study.applications.llm_campaign import mttf_range_s
from exatwin.study.starts.waits import Wait, wait
from exatwin.workload.apps.climate_job import restart_b
from exatwin.workload.apps.climate_law import DAY_S
from exatwin.workload.apps.climate_output import Output
from exatwin.workload.apps.climate_run import ClimateRun
from exatwin.workload.apps.goodput import Goodput, Stops, goodput
from exatwin.workload.storage import checkpoint_s, read_s, storage_of

_HARDLY = 1e-3  # goodput at the worse end where nothing gets done there
Ends = tuple[float, float, float]
"""Low end, middle and high end."""


@dataclass(frozen=True)
class Campaign:
    """What is left of the time of a campaign, and how long it lasts."""

    at: Goodput
    """Where the time of its jobs goes."""
    stops: Stops
    """What stops them."""
    goodput: Ends
    """Share of the time of jobs in steps that count."""
    queue: Ends
    """Share of the time that the chain of jobs waits for its turn."""
    output_frac: float
    """Time to write the output over the time of the steps."""
    at_once: int
    """Members that run side by side."""
    time_s: float
    """Time of all jobs, one member after the other [s]."""
    wall_s: float
    """From the first job to the end of the last, on the calendar [s]."""
    assumptions: tuple[str, ...]
    """What was taken for granted."""

    @property
    def actual_frac(self) -> float:
        """Share of the calendar in steps that count, while the campaign is at it."""
        return self.goodput[1] * (1.0 - self.queue[1]) / max(self.output_frac, 1.0)

    @property
    def actual_range(self) -> tuple[float, float]:
        """Range of it, relative to its middle."""
        low = self.goodput[0] * (1.0 - self.queue[2])
        high = self.goodput[2] * (1.0 - self.queue[0])
        middle = self.goodput[1] * (1.0 - self.queue[1])
        return low / middle, high / middle


def campaign(
    run: ClimateRun, output: Output, length_s: float, ensemble: int, share: float | None
) -> Campaign:
    """Return what the campaign of `ensemble` members of `length_s` [s] comes to.

    Parameters
    ----------
    run
        One member.
    output
        What it writes.
    length_s
        Simulated time of a member [s].
    ensemble
        Members.
    share
        Share of the machine's nodes that the campaign may have at once; None for the usual one.

    Raises
    ------
    InfeasibleError
        One member needs more nodes than the share that was asked.
    """
    law, limit_s = reliability(), _limit_s(run)
    stops = _stops(run, limit_s, law)
    find = partial(_headway, stops)
    shortest_s, middle_s, longest_s = mttf_range_s(_packages(run), None, law)
    at = goodput(replace(stops, mttf_s=middle_s))
    ends = find(shortest_s), at.goodput_frac, find(longest_s)
    waited = wait(run.machine.name, run.nodes, limit_s) if limit_s < inf and share is None else None
    queue = _queue(waited, limit_s)
    writes_b_s = min(storage_of(run.machine).write_b_s, run.nodes * storage_of(run.machine).node_b_s)
    output_frac = output.day_b * run.sdpd / DAY_S / writes_b_s
    at_once = _side_by_side(run, ensemble, share)
    steps_s = length_s / run.sdpd * max(output_frac, 1.0)
    rounds = ceil(ensemble / at_once)
    jobs = ensemble if run.model.parallel else rounds
    each_s = steps_s / (at.goodput_frac * (1.0 - queue[1]) * (1.0 - climate_terms().maintenance))
    return Campaign(
        at=at,
        stops=replace(stops, mttf_s=middle_s),
        goodput=ends,
        queue=queue,
        output_frac=output_frac,
        at_once=at_once,
        time_s=jobs * steps_s / at.goodput_frac,
        wall_s=rounds * each_s,
        assumptions=tuple(_said(run, waited, limit_s, output_frac)),
    )


def _limit_s(run: ClimateRun) -> float:
    queue = run.machine.partitions[run.machine.default_partition()]
    return queue.max_time_s or inf


def _stops(run: ClimateRun, limit_s: float, law: Reliability) -> Stops:
    size_b = restart_b(run)
    write_s = float(checkpoint_s(size_b, run.nodes, run.machine))
    start_s = climate_terms().launch_s + float(read_s(size_b, run.nodes, run.machine))
    return Stops(
        mttf_s=inf,
        checkpoint_s=write_s,
        write_s=write_s,
        restart_s=start_s,
        start_s=start_s,
        limit_s=limit_s,
    )


def _packages(run: ClimateRun) -> float:
    """Return the accelerators of the job, or its sockets."""
    node = run.machine.node
    return float(run.nodes * (node.accelerators or node.processors))


def _headway(stops: Stops, mttf_s: float) -> float:
    try:
        return goodput(replace(stops, mttf_s=mttf_s)).goodput_frac
    except InfeasibleError:
        return _HARDLY


def _queue(waited: Wait | None, limit_s: float) -> Ends:
    """Return the share of the time that a chain of jobs waits.

    As projects measured it; where the simulated queue of the machine lets such jobs wait longer, before each
    allocation once, that is the high end.
    """
    terms = climate_terms().queue
    if waited is None:
        return terms.low, terms.middle, terms.high
    return terms.low, terms.middle, max(terms.high, waited.middle_s / (waited.middle_s + limit_s))


def _side_by_side(run: ClimateRun, ensemble: int, share: float | None) -> int:
    if not run.model.parallel:
        return min(ensemble, int(run.rates.node_units))
    allowed = (climate_terms().share if share is None else share) * run.machine.nodes
    if share is not None and run.nodes > allowed:
        raise InfeasibleError(
            f"a member takes {run.nodes:,} nodes, {share:.0%} of '{run.machine.name}' are {int(allowed):,}: "
            "expected fewer --nodes or a larger --share"
        )
    return min(ensemble, max(int(allowed / run.nodes), 1))


def _said(run: ClimateRun, waited: Wait | None, limit_s: float, output_frac: float) -> Iterator[str]:
    known = " and ".join(one.title for one in reliability().clusters.values())
    yield f"failures as of {known}, restart files as often as loses least"
    yield "queue: 10 to 20 % of the time, as the projects of CMIP6 measured"
    if waited is not None:
        yield (
            f"its far end: each job of {show(limit_s, 's', 3)} waits {show(waited.middle_s, 's', 3)}, "
            f"the median of {waited.basis}; --share leaves that out"
        )
    yield f"maintenance takes {climate_terms().maintenance:.0%} of the calendar"
    store = storage_of(run.machine)
    words = "written while the steps go on"
    if output_frac > 1.0:
        words = f"takes {output_frac:.3g} times as long to write as to compute: writing sets the pace"
    yield f"output to {store.name}, {words} ({'; '.join(store.assumed)})"


def dates(start: date, wall_s: float) -> str:
    """Return the day on which a campaign that starts on `start` ends, ISO 8601.

    Raises
    ------
    InfeasibleError
        The calendar ends before.

    Examples
    --------
    >>> dates(date(2027, 1, 1), 86400.0 * 364.5)
    '2027-12-31'
    """
    try:
        begun = datetime(start.year, start.month, start.day, tzinfo=UTC)
        return (begun + timedelta(seconds=wall_s)).date().isoformat()
    except OverflowError:
        raise InfeasibleError(
            f"it takes {wall_s / DAY_S / 365.25:,.0f} years: expected a shorter --length or more --nodes"
        ) from None


__all__ = ["Campaign", "campaign", "dates"]
