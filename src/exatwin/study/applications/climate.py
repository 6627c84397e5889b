"""``exatwin estimate climate``: simulated years a day, node-hours, output, dates and energy of a campaign."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

from exatwin.catalogue.climate_model import ClimateModel, load_climate_model
from exatwin.catalogue.load import names
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.study.applications.climate_ai import ai_answer
from exatwin.study.applications.climate_answer import answer
from exatwin.study.applications.climate_campaign import campaign
from exatwin.study.applications.hpl import located
from exatwin.study.estimate import Estimate
from exatwin.workload.apps.climate_device import Measured
from exatwin.workload.apps.climate_law import DAY_S, YEAR_D
from exatwin.workload.apps.climate_output import output_of
from exatwin.workload.apps.climate_run import ClimateRun, Setting, climate_run
from exatwin.workload.apps.climate_user import measured_by_user, read_pairs, read_table

_ANY = "generic"
"""Model file that stands for a model of the user's own."""
_LONGEST_D = 1e6 * YEAR_D
_MOST_MEMBERS, _LARGEST = 100_000, 10**12


@dataclass(frozen=True)
class Asked:
    """What is asked of a campaign."""

    nodes: int | None = None
    """Nodes of a member; None for as many as leave half of a step to shared work."""
    accelerators: int | None = None
    """The same in accelerators."""
    setting: Setting = field(default_factory=Setting)
    """Grid, levels, time step and components."""
    length_s: float = YEAR_D * DAY_S
    """Simulated time of a member [s]."""
    ensemble: int = 1
    """Members."""
    output: str | None = None
    """Streams, a volume, ``none``, or None for the model's usual output."""
    compression: float = 1.0
    """Bytes that are left of each."""
    start: date | None = None
    """First day of the campaign."""
    share: float | None = None
    """Share of the machine's nodes that it may have at once; None for the usual one."""
    measured: Sequence[str] = ()
    """Points of the user's, as written after ``--measured``."""
    calibrate: str | None = None
    """File of points."""

    def check(self) -> None:
        """Check the numbers.

        Raises
        ------
        SpecError
            One is out of range.
        """
        if not (isfinite(self.length_s) and DAY_S / 24.0 <= self.length_s <= _LONGEST_D * DAY_S):
            raise SpecError("--length: expected an hour to a million years, such as 100y")
        if not 1 <= self.ensemble <= _MOST_MEMBERS:
            raise SpecError(f"--ensemble {self.ensemble}: expected 1 to {_MOST_MEMBERS:,} members")
        if not 0.0 < self.compression <= 1.0:
            raise SpecError(f"--compression {self.compression:g}: expected more than 0 and at most 1")
        if self.share is not None and not 0.0 < self.share <= 1.0:
            raise SpecError(f"--share {self.share:g}: expected more than 0 and at most 1")
        step_s = self.setting.step_s
        if step_s is not None and not 0.01 <= step_s <= DAY_S:
            raise SpecError(f"--step: {step_s:g} s, expected 10 ms to a day")


def estimate_climate(
    machine: str, model: str, asked: Asked | None = None, settings: Mapping[str, object] | None = None
) -> Estimate:
    """Return what a campaign of a climate or weather model takes.

    Parameters
    ----------
    machine
        A machine of the catalogue, a kind of node, or a path.
    model
        A model of the catalogue, the path of a model file, or, with points, any name.
    asked
        What is asked; a year of one member by default.
    settings
        The same as settings of :func:`exatwin.estimate`, to be kept with the answer.

    Raises
    ------
    CatalogueError, SpecError
        The machine, the model or a setting is unknown or does not suit the others.
    InfeasibleError
        The model was never measured, the grid is finer than any that was, or the run does not fit.

    Examples
    --------
    >>> found = estimate_climate("jupiter", "icon", Asked(nodes=5120, setting=Setting(grid="1.25km")))
    >>> round(found.values["sdpd"], 1)
    145.7
    """
    wanted = asked or Asked()
    wanted.check()
    spec = _model(model, bool(wanted.measured or wanted.calibrate))
    points = [read_pairs(text) for text in wanted.measured]
    if wanted.calibrate is not None:
        points += read_table(Path(wanted.calibrate), spec)
    where, nodes = _where(machine, spec, wanted)
    if spec.kind == "ai":
        return ai_answer(spec, where, nodes, wanted, settings or {})
    own = measured_by_user(spec, where, points, wanted.setting.levels) if points else None
    run = climate_run(spec, where, nodes, wanted.setting, own)
    output = output_of(spec, run.work.columns, run.work.levels, wanted.output, wanted.compression)
    found = campaign(run, output, wanted.length_s, wanted.ensemble, wanted.share)
    return answer(run, output, found, wanted, curve(run, wanted, own), settings or {})


SETTINGS = (
    "model", *(each.name for each in fields(Asked) if each.name != "setting"),
    *(each.name for each in fields(Setting)),
)  # fmt: skip
"""Settings of :func:`exatwin.estimate` for a climate model."""


def from_settings(machine: str, settings: Mapping[str, Any]) -> Estimate:
    """Return the estimate that settings by name ask for; those of :data:`SETTINGS`.

    Raises
    ------
    SpecError
        One is missing or is no value of its kind; else as of :func:`estimate_climate`.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if "model" not in given:
        raise SpecError("climate: 'model' is missing")
    for key in ("nodes", "accelerators", "columns", "levels", "ensemble"):
        if key in given:
            given[key] = _whole(key, given[key])
    for key in ("length_s", "step_s", "compression", "share"):
        if key in given:
            given[key] = _real(key, given[key])
    if isinstance(given.get("start"), str):
        given["start"] = _day(given["start"])
    for key in ("components", "measured"):
        if isinstance(given.get(key), str):
            given[key] = [given[key]]
    if "calibrate" in given:
        given["calibrate"] = os.fspath(given["calibrate"])
    setting = Setting(**{each.name: given[each.name] for each in fields(Setting) if each.name in given})
    about = {each.name: given[each.name] for each in fields(Asked) if each.name in given}
    kept = {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items()}
    return estimate_climate(machine, os.fspath(given["model"]), Asked(**about, setting=setting), kept)


def _whole(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= _LARGEST:
        raise SpecError(f"'{key}' is {value}: expected a whole number from 1 to {_LARGEST:,}")
    if value != int(value):
        raise SpecError(f"'{key}' is {value}: expected a whole number")
    return int(value)


def _real(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise SpecError(f"'{key}' is {value}: expected a number")
    return float(value)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SpecError(f"--start {text}: expected a day such as 2027-01-01") from None


def _model(name: str, calibrated: bool) -> ClimateModel:
    """Return the model; with points of the user's a name that nobody knows is one of their own."""
    try:
        return load_climate_model(name)
    except CatalogueError:
        if not calibrated or name.endswith(".toml") or os.sep in name:
            raise
        return load_climate_model(_ANY).model_copy(update={"name": name, "title": name})


def _where(machine: str, model: ClimateModel, asked: Asked) -> tuple[Machine, int | None]:
    """Return the machine and the nodes of a member; models of one device take one node of a kind."""
    alone = not model.parallel or model.kind == "ai"
    if alone and asked.nodes is None:
        kind = machine in names("nodes") and machine not in names("machines")
        found, _ = located(machine, 1 if kind else None)
        each = max(found.node.accelerators, 1)
        nodes = -(-(asked.accelerators or 1) // each)
        return (located(machine, nodes)[0] if kind else found), nodes
    return located(machine, asked.nodes, asked.accelerators)


def curve(run: ClimateRun, asked: Asked, own: Measured | None) -> list[dict[str, float]]:
    """Return throughput and efficiency at other numbers of nodes: half, twice, and so on."""
    found = []
    counts = [run.nodes * 2**power for power in range(4)] + [run.nodes // 2**power for power in (1, 2, 3)]
    for nodes in sorted(set(counts)) if run.model.parallel else ():
        if not 1 <= nodes <= run.machine.nodes:
            continue
        try:
            other = climate_run(run.model, run.machine, nodes, asked.setting, own)
        except InfeasibleError:
            continue
        found.append(
            {
                "nodes": nodes,
                "columns_per_device": other.work.columns / other.work.units,
                "sdpd": other.sdpd,
                "low_sdpd": other.interval[0],
                "high_sdpd": other.interval[1],
                "efficiency_frac": other.efficiency_frac,
            }
        )
    return found


__all__ = ["Asked", "curve", "estimate_climate"]
