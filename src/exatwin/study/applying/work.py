"""The run that a plan tells of: what scripts, applications for time and calendars are made from.

A plan is the JSON of ``exatwin plan llm --json`` or ``exatwin estimate APP … --json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from exatwin.catalogue.generic import named, of_kind
from exatwin.catalogue.load import names
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError

_READ = "expected what `exatwin plan llm --json` or `exatwin estimate … --json` prints"
_MOST_B = 64 * 2**20
_H = 3600.0


@dataclass(frozen=True)
class Work:
    """One run on one machine."""

    app: str
    """The application."""
    title: str
    """What runs, for people."""
    what: str
    """What the run is, such as a campaign of so many tokens."""
    machine: str
    """Catalogue name of the machine."""
    nodes: int
    """Nodes of the run."""
    accelerators: int
    """Accelerators that work, as the application counts them."""
    time_s: float
    """How long it runs, waits in the queue left out [s]."""
    interval: Mapping[str, tuple[float, float]]
    """Low and high by key: ``time_s``, ``energy_j`` …"""
    interval_basis: str
    """What the interval rests on."""
    spent: Mapping[str, float | None]
    """``energy_j``, ``site_energy_j``, ``cost_eur`` and ``carbon_kgco2e`` of the run."""
    steps: float | None
    """Steps of the run."""
    step_s: float | None
    """Time of a step [s]."""
    checkpoint_b: float | None
    """Size of a checkpoint [B]."""
    checkpoint_write_s: float
    """Until a checkpoint can be read back [s]."""
    checkpoint_interval_s: float | None
    """Work between two checkpoints [s]."""
    output_b: float | None
    """What the run writes, checkpoints left out [B]."""
    asked: Mapping[str, Any]
    """Settings of :func:`exatwin.estimate` that give it again."""
    assumptions: tuple[str, ...]
    """What was taken for granted."""
    command: str
    """The command line that gave it; blank where the plan does not say."""
    borrowed: tuple[str, ...] = ()
    """What of another place stands in for the site's grid and tariff."""

    @property
    def service(self) -> bool:
        """Whether it has no end of its own, and nothing to resume."""
        return self.app == "serve"

    @property
    def node_h(self) -> float:
        """Nodes times time [h]."""
        return self.nodes * self.time_s / _H

    @property
    def range_s(self) -> tuple[float, float]:
        """The shortest and the longest time [s]; the time itself where there is no interval."""
        return self.interval.get("time_s", (self.time_s, self.time_s))

    def repeated(self, runs: int) -> Work:
        """Return so many of it one after the other."""
        if runs == 1:
            return self
        return replace(
            self,
            what=f"{runs:,} times {self.what}",
            time_s=runs * self.time_s,
            interval={key: (runs * low, runs * high) for key, (low, high) in self.interval.items()},
            spent={key: None if value is None else runs * value for key, value in self.spent.items()},
            steps=None if self.steps is None else runs * self.steps,
            output_b=None if self.output_b is None else runs * self.output_b,
        )

    def place(self) -> Machine:
        """Return the machine.

        Raises
        ------
        CatalogueError
            The catalogue has no such machine.
        """
        if self.machine in names("nodes") and self.machine not in names("machines"):
            return of_kind(self.machine, self.nodes)
        return named(self.machine)


def read_work(path: str) -> Work:
    """Return the run in the plan at `path`.

    Raises
    ------
    SpecError
        There is no such file, or it is no plan.
    InfeasibleError
        It tells of a step only.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _MOST_B:
            raise SpecError(f"{path}: is larger than 64 MiB, {_READ}")
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file, {_READ}") from None
    except UnicodeDecodeError:
        raise SpecError(f"{path}: is no text, {_READ}") from None
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror or error}") from None
    return work_of(text, path)


def work_of(text: str, where: str) -> Work:
    """Return the run in the plan `text`, which `where` names in messages.

    Raises
    ------
    SpecError
        It is no plan.
    InfeasibleError
        It tells of a step only.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError(f"{where}: is no JSON, {_READ}") from None
    plan = document.get("estimate", document) if isinstance(document, dict) else None
    if not isinstance(plan, dict) or not isinstance(plan.get("run"), dict):
        raise SpecError(f"{where}: is no plan, {_READ}")
    if not plan["run"].get("whole", True):
        raise InfeasibleError(
            f"{where}: tells of {plan['run'].get('what', 'a step')}, not of a run: estimate it with --tokens"
        )
    try:
        return _work(plan, str(document.get("command", "")), str(document.get("model", "")))
    except KeyError as error:
        raise SpecError(f"{where}: '{error.args[0]}' is missing, {_READ}") from None
    except SpecError as error:
        raise SpecError(f"{where}: {error}, {_READ}") from None
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        raise SpecError(f"{where}: a field is of another kind than in a plan, {_READ}") from None


def _work(plan: Mapping[str, Any], command: str, model: str) -> Work:
    run, asked = plan["run"], dict(plan.get("asked", {}))
    kept = plan.get("site", {}).get("borrowed", {})
    name = str(plan.get("model") or model or asked.get("model", ""))
    found = Work(
        app=str(plan["app"]),
        title=name or str(plan["app"]),
        what=str(run.get("what", "one run")),
        machine=str(plan["machine"]),
        nodes=int(run.get("nodes", plan["nodes"])),
        accelerators=int(plan.get("accelerators", 0)),
        time_s=float(run["time_s"]),
        interval={
            str(key): (_finite(key, ends[0]), _finite(key, ends[1]))
            for key, ends in run.get("interval", {}).items()
        },
        interval_basis=str(plan.get("interval_basis", "")),
        spent={key: _number(run, key) for key in ("energy_j", "site_energy_j", "cost_eur", "carbon_kgco2e")},
        steps=_number(run, "steps"),
        step_s=_number(run, "step_s"),
        checkpoint_b=_number(run, "checkpoint_b"),
        checkpoint_write_s=_number(run, "checkpoint_write_s") or 0.0,
        checkpoint_interval_s=_number(run, "checkpoint_interval_s"),
        output_b=_number(run, "output_b"),
        asked=asked,
        assumptions=tuple(map(str, plan.get("assumptions", ()))),
        command=command,
        borrowed=tuple(str(kept[key]) for key in ("grid", "tariff") if key in kept),
    )
    if not (1 <= found.nodes <= 10**9 and 0.0 < found.time_s < 1e12):
        raise SpecError(f"a run of {found.nodes} nodes and {found.time_s:g} s can't be")
    return found


def _number(run: Mapping[str, Any], key: str) -> float | None:
    value = run.get(key)
    return None if value is None else _finite(key, value)


def _finite(key: str, value: Any) -> float:
    """Return a number that a run may have.

    Raises
    ------
    SpecError
        It is negative, infinite or none.
    """
    number = float(value)
    if not 0.0 <= number < 1e30:
        raise SpecError(f"'{key}' is {value}, which can't be")
    return number


__all__ = ["Work", "read_work", "work_of"]
