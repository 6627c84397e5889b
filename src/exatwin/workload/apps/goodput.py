"""What failures, checkpoints and starts leave of the time of a long run, in closed form.

References
----------
J. W. Young, "A first order approximation to the optimum checkpoint interval", Communications of the ACM
17(9), 1974, doi:10.1145/361147.361115. J. T. Daly, "A higher order estimate of the optimum checkpoint
interval for restart dumps", Future Generation Computer Systems 22(3), 2006, doi:10.1016/j.future.2004.11.016.
Common-mode failures beside those of nodes: A. Kokolis et al., HPCA 2025, arXiv:2410.21680.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, inf, sqrt

from exatwin.foundation.errors import InfeasibleError

_DAY_S = 86400.0
_LEAST_GOODPUT = 1e-6
_LARGEST_EXPONENT = 600.0  # e^600 is still a float; less than that is left of the run anyway


@dataclass(frozen=True)
class Stops:
    """What stops a run, and for how long."""

    mttf_s: float
    """Mean time between failures of the whole job [s]; infinite for none."""
    checkpoint_s: float
    """What one checkpoint stops the run for [s]."""
    write_s: float
    """From the start of a checkpoint until it can be read back [s]; the run goes on meanwhile."""
    restart_s: float
    """From a failure to the next step [s]."""
    start_s: float
    """From the start of an allocation to its first step [s]."""
    limit_s: float = inf
    """Longest allocation [s]; infinite for none."""
    other_frac: float = 0.0
    """Share of the running time that no step has: evaluation, teardown and the like."""


@dataclass(frozen=True)
class Goodput:
    """Where the time of a run goes; the shares add up to 1."""

    interval_s: float
    """Work between two checkpoints [s]."""
    goodput_frac: float
    """Steps that count."""
    checkpoint_frac: float
    """Stops for checkpoints."""
    rework_frac: float
    """Steps that are done again."""
    restart_frac: float
    """From failures to the next step."""
    start_frac: float
    """Starts of allocations."""
    other_frac: float
    """Evaluation, teardown and the like."""
    allocation_s: float
    """Mean length of an allocation, where each failure ends one [s]; infinite without limit and failure."""


def mttf_s(
    accelerators: float, per_accelerator_day: float, common_per_day: float, scale_accelerators: float
) -> float:
    """Return the mean time between failures of a job [s].

    Parameters
    ----------
    accelerators
        Accelerators of the job.
    per_accelerator_day
        Failures of hardware and hosts, each accelerator and day.
    common_per_day
        Failures that strike the job as a whole, each day: the floor that no smaller job escapes.
    scale_accelerators
        Size below which nothing of the kind was measured; there the floor shrinks with the job.

    Notes
    -----
    ``1 / MTTF = r N + c min(1, N / N0)``. Inverse scaling alone says 29 h for 1,024 accelerators of RSC-1,
    7.9 h were measured.

    Examples
    --------
    >>> round(mttf_s(1024, 8.125e-4, 2.206, 1024) / 3600.0, 1)
    7.9
    """
    floor = common_per_day * min(1.0, accelerators / scale_accelerators)
    rate = per_accelerator_day * accelerators + floor
    return _DAY_S / rate if rate > 0.0 else inf


def young_s(checkpoint_s: float, mttf_s: float) -> float:
    """Return the work between checkpoints that loses least, to first order: ``sqrt(2 d M)`` [s].

    Examples
    --------
    >>> round(young_s(60.0, 1800.0))
    465
    """
    return sqrt(2.0 * checkpoint_s * mttf_s)


def daly_s(checkpoint_s: float, mttf_s: float) -> float:
    """Return the work between checkpoints that loses least, to higher order [s].

    Notes
    -----
    ``sqrt(2 d M) (1 + sqrt(d / 2M) / 3 + (d / 2M) / 9) - d`` where ``d < 2 M``, else ``M``.

    Examples
    --------
    >>> round(daly_s(60.0, 1800.0))
    426
    """
    if checkpoint_s >= 2.0 * mttf_s:
        return mttf_s
    share = checkpoint_s / (2.0 * mttf_s)
    return young_s(checkpoint_s, mttf_s) * (1.0 + sqrt(share) / 3.0 + share / 9.0) - checkpoint_s


def best_interval_s(stops: Stops) -> float:
    """Return Daly's interval [s].

    It is at least as long as a checkpoint takes to be written, and a thousandth of the time between failures:
    below that less than a thousandth of the time is gained.
    """
    if stops.mttf_s == inf:
        return inf
    return max(daly_s(stops.checkpoint_s, stops.mttf_s), stops.write_s, 1e-3 * stops.mttf_s)


def goodput(stops: Stops, interval_s: float | None = None) -> Goodput:
    """Return where the time of a long run goes.

    Parameters
    ----------
    stops
        What stops it.
    interval_s
        Work between two checkpoints [s]; by default the best.

    Raises
    ------
    InfeasibleError
        The run makes no headway, or an allocation is over before its first step.

    Notes
    -----
    With exponential failures, also during restarts, a stretch of work ``t`` with its checkpoint ``d`` takes
    ``M exp(R / M) (exp((t + d) / M) - 1)`` (Daly). ``R`` is the restart and, as the files of a checkpoint are
    complete only later, the time to write them. A failure every M and a limit W of the allocations give
    allocations of ``M (1 - exp(-W / M))`` on average; those that the limit ends cost a start more.

    Examples
    --------
    >>> quiet = Stops(mttf_s=1e9, checkpoint_s=1.0, write_s=1.0, restart_s=600.0, start_s=600.0)
    >>> round(goodput(quiet).goodput_frac, 4)
    0.9995
    """
    every = best_interval_s(stops) if interval_s is None else interval_s
    length, start = _allocations(stops)
    other = (1.0 - start) * stops.other_frac
    running = 1.0 - start - other
    if stops.mttf_s == inf:
        pause = running * (0.0 if every == inf else stops.checkpoint_s / (every + stops.checkpoint_s))
        return Goodput(every, running - pause, pause, 0.0, 0.0, start, other, length)
    lost_s = stops.restart_s + min(stops.write_s, every)
    exponent = (every + stops.checkpoint_s) / stops.mttf_s
    if exponent + lost_s / stops.mttf_s > _LARGEST_EXPONENT:
        raise _no_headway(stops, every)
    wall_s = stops.mttf_s * exp(lost_s / stops.mttf_s) * expm1(exponent)
    useful, pause = running * every / wall_s, running * stops.checkpoint_s / wall_s
    if useful < _LEAST_GOODPUT:
        raise _no_headway(stops, every)
    restart = running * -expm1(-stops.restart_s / stops.mttf_s)
    rework = max(running - useful - pause - restart, 0.0)
    return Goodput(every, useful, pause, rework, restart, start, other, length)


def _allocations(stops: Stops) -> tuple[float, float]:
    """Return the mean length of an allocation [s], and the share of time for starts that limits cause."""
    if stops.limit_s == inf:
        return stops.mttf_s, 0.0
    if stops.limit_s <= stops.start_s:
        raise InfeasibleError(
            f"an allocation of {stops.limit_s:,.0f} s is over before its first step at {stops.start_s:,.0f} s"
            ": expected a queue with a longer limit"
        )
    if stops.mttf_s == inf:
        return stops.limit_s, stops.start_s / stops.limit_s
    length = -stops.mttf_s * expm1(-stops.limit_s / stops.mttf_s)
    planned = max(1.0 / length - 1.0 / stops.mttf_s, 0.0)
    return length, min(planned * stops.start_s, stops.start_s / stops.limit_s)


def _no_headway(stops: Stops, every_s: float) -> InfeasibleError:
    return InfeasibleError(
        f"nothing gets done with a failure every {stops.mttf_s:,.0f} s, a checkpoint every {every_s:,.0f} s "
        f"and {stops.restart_s:,.0f} s a restart: expected checkpoints in memory, a shorter interval or "
        "fewer nodes"
    )


__all__ = ["Goodput", "Stops", "best_interval_s", "daly_s", "goodput", "mttf_s", "young_s"]
