"""What the report needs to know of a result, and how it asks for what may be absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, Protocol

from exatwin.catalogue.machine import Machine
from exatwin.foundation.arrays import Float64
from exatwin.foundation.signal import Signal
from exatwin.schedule.result import Schedule
from exatwin.workload.job import Jobs, Profiles


class Power(Protocol):
    """The IT power of a result, as the stage ``power`` gives it."""

    @property
    def by_part_j(self) -> Mapping[str, float]:
        """Energy [J] by part of the node."""

    @property
    def job_j(self) -> Float64:
        """Energy [J] of each job inside the window, shape (jobs,)."""

    @property
    def idle_j(self) -> float:
        """Energy [J] of the nodes that no job held."""


class Ledger(Protocol):
    """What a run amounts to, as the stage ``account`` gives it."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data with SI units in the keys."""


class Reportable(Protocol):
    """A result: what a run or a replay leaves behind."""

    @property
    def machine(self) -> Machine | None:
        """The machine; None for a trace replayed on plain processors."""

    @property
    def jobs(self) -> Jobs:
        """What was asked."""

    @property
    def profiles(self) -> Profiles:
        """What the jobs do."""

    @property
    def schedule(self) -> Schedule:
        """When and where the jobs ran."""

    @property
    def signals(self) -> Mapping[str, Signal]:
        """Everything that varies with time, by name."""

    @property
    def power(self) -> Power | None:
        """The IT power; None without a machine."""

    @property
    def ledger(self) -> Ledger | None:
        """What the run amounts to; None without a machine."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where the result comes from: id, seed, version, command, days, data_digest."""

    @property
    def start(self) -> datetime:
        """The instant of time 0, UTC."""

    @property
    def start_s(self) -> float:
        """Where the window opens [s]."""

    @property
    def end_s(self) -> float:
        """Where it closes [s]."""

    @property
    def seeds(self) -> Sequence[Mapping[str, Any]]:
        """Key figures of every seed of a sweep; empty for a single run."""

    def summary(self) -> Mapping[str, Any]:
        """Return the key figures; None where a figure is not known."""


def has(result: Reportable, need: str) -> bool:
    """Return whether `result` holds `need`: machine, placement, power, ledger or a signal of that name."""
    if need == "placement":
        return result.schedule.placement is not None
    if need in ("machine", "power", "ledger"):
        return getattr(result, need) is not None
    return need in result.signals


def window(result: Reportable) -> tuple[float, float]:
    """Return the start and end [s] of the time that `result` reports on."""
    return float(result.start_s), float(result.end_s)


def instant(result: Reportable, time_s: float) -> datetime:
    """Return the instant of simulation time `time_s` [s], UTC."""
    start = result.start if result.start.tzinfo else result.start.replace(tzinfo=UTC)
    return start.astimezone(UTC) + timedelta(seconds=float(time_s))


def epoch_ms(result: Reportable, time_s: float) -> float:
    """Return simulation time `time_s` [s] in milliseconds since 1970, as plotly's date axes take it."""
    return instant(result, time_s).timestamp() * 1e3


def settled(result: Reportable, key: str) -> dict[str, Any]:
    """Return what the ledger of `result` holds under `key`, such as ``basis``; empty without one."""
    found = result.ledger.to_dict().get(key) if result.ledger is not None else None
    return dict(found) if isinstance(found, Mapping) else {}


def basis_of(result: Reportable, word: str) -> str:
    """Return how a figure is known whose basis is `word`.

    ``weather`` and ``market`` are assumed unless somebody brought measured ones, a ``workload`` is modelled
    unless it is a trace, a ``schedule`` unless a trace was replayed as it was recorded; any other word stands
    for itself.
    """
    if word in ("weather", "market"):
        source = str(result.provenance.get(word) or "synthetic")
        return "assumed" if "synthetic" in source.lower() else "measured"
    if word == "workload":
        return "recorded" if result.provenance.get("trace") else "modelled"
    if word == "schedule":
        trace = getattr(getattr(result, "scenario", None), "trace", None)
        return "recorded" if trace is not None and trace.as_recorded else "modelled"
    return word


def title(result: Reportable) -> str:
    """Return what the result is about: the machine, or the trace where none is known."""
    if result.machine is not None:
        return result.machine.title
    trace = result.provenance.get("trace")
    return PurePath(str(trace)).name if trace else "Bare processors"


def place_word(result: Reportable) -> str:
    """Return what a job holds: ``node``, or ``processor`` where no machine is known."""
    return "processor" if result.machine is None else "node"
