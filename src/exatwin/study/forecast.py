"""When a job would start: the distribution of its wait, from what runs and waits now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.random import stream
from exatwin.foundation.units import parse
from exatwin.study.scenario import Scenario
from exatwin.study.starts.analogs import HIGH, LEVELS, Corrected, Past, edges, foretold
from exatwin.study.starts.asking import NOBODY, Who, number, queue_of
from exatwin.study.starts.backtest import alike, last_wait, sampled, simulated
from exatwin.study.starts.ensemble import HOUR_S, waits, worth
from exatwin.study.starts.forecast_error import widened
from exatwin.study.starts.read_state import read_state
from exatwin.study.starts.standing_state import MachineState

MEMBERS = 100
WITHIN_S = (HOUR_S, 4 * HOUR_S, 24 * HOUR_S)
"""Times within which a start is given a probability [s]."""
_LEARNED, _TOO_FEW = 500, 150
"""Earlier jobs that are forecast to learn errors from, and below which nothing is learned."""
_KEYS = ("nodes", "time", "partition", "user", "account", "qos")


@dataclass(frozen=True)
class JobAsked:
    """A job that is asked about."""

    nodes: int
    limit_s: int
    """Time limit [s]."""
    partition: str | None = None
    """Its partition; None for the machine's default."""
    who: Who = NOBODY
    """Who asks: limits and priority follow from it."""

    @classmethod
    def parse(cls, text: str) -> JobAsked:
        """Return the job that ``nodes=64,time=2h`` describes, with a partition, user, account or QOS if told.

        Raises
        ------
        SpecError
            A key is unknown or missing, or a value does not fit.

        Examples
        --------
        >>> JobAsked.parse("nodes=64,time=2h")
        JobAsked(nodes=64, limit_s=7200, partition=None, who=Who(user='', account='', qos=''))
        >>> JobAsked.parse("nodes=1,time=1-00:00:00").limit_s
        86400
        """
        told: dict[str, str] = {}
        for part in text.split(","):
            key, equals, value = part.partition("=")
            key = key.strip()
            if not equals or key not in _KEYS:
                raise SpecError(f"--job {text}: '{key}': {nearest(key, _KEYS)}; expected nodes=64,time=2h")
            if key in told or not value.strip():
                why = "is told twice" if key in told else "has no value"
                raise SpecError(f"--job {text}: '{key}' {why}, expected nodes=64,time=2h")
            told[key] = value.strip()
        missing = [key for key in _KEYS[:2] if not told.get(key)]
        if missing:
            raise SpecError(f"--job {text}: '{missing[0]}' is missing, expected nodes=64,time=2h")
        who = Who(told.get("user", ""), told.get("account", ""), told.get("qos", ""))
        limit = span_s(told["time"], f"--job {text}")
        return cls(_whole(told["nodes"], text), limit, told.get("partition"), who)


def _whole(text: str, where: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 2 * 10**7:
        raise SpecError(f"--job {where}: nodes={text}: expected a whole number of at least 1")
    return int(text)


def span_s(text: str, where: str) -> int:
    """Return a time limit [s] written with a unit, or as Slurm does.

    Raises
    ------
    SpecError
        It is neither, or below a second or above a year.
    """
    from exatwin.workload.snapshot.rows import seconds

    found = seconds(text) if ":" in text or "-" in text.strip("-") else None
    try:
        value = parse(text, "s") if found is None else found
    except SpecError as error:
        raise SpecError(f"{where}: {error}") from None
    if not 1.0 <= value <= 366 * 86400.0:
        raise SpecError(f"{where}: {text}: expected a time limit from 1 s to a year")
    return round(value)


@dataclass(frozen=True, eq=False)
class Forecast:
    """The distribution of the wait of one job that would be submitted now."""

    job: JobAsked
    machine: str
    """Name of the machine, or its size."""
    at: datetime | None
    """When it would be submitted; None where the snapshot does not say."""
    wait_s: Float64
    """Waits at equal steps of probability, infinite beyond the horizon [s], ascending."""
    p10_s: float
    """Lower edge of the band [s]."""
    p90_s: float
    """Upper edge of the band [s]."""
    simulated_s: tuple[float, float, float]
    """P10, P50 and P90 as simulated, before any correction [s]."""
    members: int
    running: int
    """Jobs that run in the pool."""
    waiting: int
    """Jobs that wait there."""
    free: int
    """Nodes that are free there."""
    basis: tuple[str, ...]
    """What it rests on, in words."""
    notes: tuple[str, ...] = ()
    """What had to be mended, set aside or left open in the state."""

    @property
    def p50_s(self) -> float:
        """Median of the wait [s]; infinite beyond the horizon."""
        return float(self.wait_s[(len(self.wait_s) - 1) // 2])

    @property
    def mean_s(self) -> float | None:
        """Mean of the wait [s]; None where some members end without a start."""
        return float(self.wait_s.mean()) if np.isfinite(self.wait_s[-1]) else None

    def within(self, span_s: float) -> float:
        """Return the probability of a start within `span_s` [s]."""
        return float(np.mean(self.wait_s <= span_s))

    def start(self, wait_s: float) -> datetime | None:
        """Return the instant after a wait [s]; None where it or the submission is not known."""
        if self.at is None or not np.isfinite(wait_s):
            return None
        return self.at + timedelta(seconds=wait_s)

    def document(self) -> dict[str, Any]:
        """Return the forecast as plain data; None for times beyond the horizon."""
        band = {"p10": self.p10_s, "p50": self.p50_s, "p90": self.p90_s}
        starts = {name: self.start(value) for name, value in band.items()}
        return {
            "machine": self.machine,
            "at": None if self.at is None else self.at.isoformat(),
            "nodes": self.job.nodes,
            "limit_s": self.job.limit_s,
            "partition": self.job.partition,
            **{name: told or None for name, told in vars(self.job.who).items()},
            **{f"{name}_wait_s": _finite(value) for name, value in band.items()},
            **{
                f"{name}_start": None if value is None else value.isoformat()
                for name, value in starts.items()
            },
            "mean_wait_s": self.mean_s,
            **{f"within_{span // HOUR_S}h_frac": self.within(span) for span in WITHIN_S},
            "simulated_wait_s": [_finite(value) for value in self.simulated_s],
            "members": self.members,
            "running_jobs": self.running,
            "waiting_jobs": self.waiting,
            "free_nodes": self.free,
            "basis": list(self.basis),
            "notes": list(self.notes),
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def forecast(
    state: MachineState | str | Path,
    job: JobAsked | str,
    *,
    at: datetime | str | None = None,
    machine: str | None = None,
    history: str | Path | None = None,
    scenario: Scenario | None = None,
    members: int = MEMBERS,
    seed: int = 0,
) -> Forecast:
    """Return when a job would start that is submitted now.

    Parameters
    ----------
    state
        The output of ``squeue`` (text or JSON), a log or the folder of a result (with `at`), or what
        :func:`~exatwin.study.starts.read_state.read_state` made of it.
    job
        Such as ``"nodes=64,time=2h"``.
    at, machine, history, scenario
        As :func:`~exatwin.study.starts.read_state.read_state` takes them.
    members
        How many courses of the queue are simulated.
    seed
        Seed of the draws.

    Raises
    ------
    ExatwinError
        What is asked does not exist, does not fit, or can't be done.
    """
    if not isinstance(state, MachineState):
        state = read_state(state, at=at, machine=machine, history=history, scenario=scenario)
    asked = JobAsked.parse(job) if isinstance(job, str) else job
    index = state.place.index(asked.partition)
    state.place.check(index, asked.nodes, asked.limit_s)
    wanted = np.array([[asked.nodes], [asked.limit_s]], np.int64)
    queue = queue_of(state, index, asked.who, wanted)
    members = worth(queue, members)
    each = np.sort(waits(queue, wanted, members=members, rng=stream(seed, "forecast"))[:, 0])
    simulated_s = [float(np.quantile(each, p, method="inverted_cdf")) for p in (0.1, 0.5, 0.9)]
    past = learned(state, index, seed) if state.history and not state.own else None
    told = told_of(state, past, index, asked.nodes, asked.limit_s, each, asked.who)
    held = int(queue.jobs.nodes[queue.jobs.runs].sum())
    return Forecast(
        job=asked, machine=state.place.title, at=state.at, wait_s=told.sample_s[0],
        p10_s=float(told.low_s[0]), p90_s=float(told.high_s[0]),
        simulated_s=(simulated_s[0], simulated_s[1], simulated_s[2]), members=members,
        running=int(queue.jobs.runs.sum()), waiting=int((~queue.jobs.runs & (queue.jobs.held == 0)).sum()),
        free=max(queue.nodes - held, 0), basis=(*state.basis, _why(state, past)), notes=state.notes,
    )  # fmt: skip


def told_of(
    state: MachineState,
    past: Past | None,
    partition: int,
    nodes: int,
    limit_s: int,
    wait_s: Float64,
    who: Who = NOBODY,
) -> Corrected:
    """Return the distribution and the band of one job, from its simulated waits [s].

    Parameters
    ----------
    past
        Forecasts of earlier jobs, None where none can be learned from.
    """
    if state.own:
        return _as_simulated(np.quantile(wait_s, LEVELS, method="inverted_cdf"))
    queue = state.queue(partition)
    before, first_s = alike(queue.jobs, nodes, limit_s)
    if past is None:
        return _as_simulated(widened(wait_s, before > 0))
    p50, p90 = (float(np.quantile(wait_s, p, method="inverted_cdf")) for p in (0.5, 0.9))
    now = {
        "at_s": state.past_at_s, "p50_s": p50, "p90_s": p90, "nodes": nodes, "limit_s": limit_s,
        "partition": partition, "alike": before, "alike_s": first_s,
        "own_s": last_wait(state.past, number(state.users, who.user), state.past_at_s),
    }  # fmt: skip
    return foretold(past, now)


def _as_simulated(sample_s: Float64) -> Corrected:
    low, high = edges(sample_s, HIGH)
    return Corrected(sample_s[None], np.array([low]), np.array([high]))


def _why(state: MachineState, past: Past | None) -> str:
    """Return what a correction rests on, in words."""
    if state.own:
        return "errors: none added, the simulated scheduler is that of the result"
    if past is None:
        return "errors: those found on two recorded machines (KTH, UniLu-Gaia)"
    return (
        f"errors: those of {len(past):,} forecasts of earlier jobs of the log, band set to hold 80 % of them"
    )


def learned(state: MachineState, partition: int, seed: int) -> Past | None:
    """Return forecasts of earlier jobs of the same pool; None where there are too few."""
    queue = state.queue(partition)
    jobs = queue.upcoming.jobs
    if len(jobs) < _TOO_FEW:
        return None
    span = state.past_at_s - int(jobs.submit_s[0])
    rows = sampled(jobs, _LEARNED, skip_s=min(14 * 86400, span // 4))
    if len(rows) < _TOO_FEW:
        return None
    past = simulated(jobs, queue.nodes, rows, seed=seed, rule=state.rule)
    so_far = state.past_at_s - past.at_s
    return past.replace(wait_s=np.where(past.wait_s > so_far, np.inf, past.wait_s))


__all__ = ["MEMBERS", "WITHIN_S", "Forecast", "JobAsked", "forecast", "learned", "span_s",
           "told_of"]  # fmt: skip
