"""A run of a climate model on some nodes: simulated days a day, where on its curve it is, and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from exatwin.catalogue.climate_calibration import climate_terms
from exatwin.catalogue.climate_model import ClimateModel
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError, nearest
from exatwin.workload.apps.climate_device import Measured, Rates, joined, rates_of
from exatwin.workload.apps.climate_grid import Grid, grid_of
from exatwin.workload.apps.climate_law import (
    Work,
    efficiency,
    half_columns,
    sdpd,
    step_parts,
)
from exatwin.workload.apps.climate_limits import beyond, check_grid, limit_b, memory_b, memory_words
from exatwin.workload.apps.climate_user import grid_with

_HALF = 0.5  # efficiency of the number of nodes that is taken where nobody names one


@dataclass(frozen=True)
class Setting:
    """What is asked of a run."""

    grid: str | None = None
    """Its grid; None for the finest that was measured."""
    columns: int | None = None
    """Columns, for a region or a grid that nobody named."""
    levels: int | None = None
    """Levels; None for the model's."""
    step_s: float | None = None
    """Time step [s]; None for that of the grid's users."""
    components: Sequence[str] | None = None
    """What the run holds; None for what the model usually holds."""
    beyond: bool = False
    """Whether a grid finer than any that was measured is allowed."""


@dataclass(frozen=True)
class ClimateRun:
    """What a run comes to."""

    model: ClimateModel
    """Which model."""
    machine: Machine
    """Where."""
    nodes: int
    """On how many nodes."""
    grid: Grid
    """Its grid."""
    work: Work
    """What a step has to do."""
    rates: Rates
    """At what rates."""
    components: tuple[str, ...]
    """What it holds."""
    parts_s: Mapping[str, float]
    """Seconds of a step by part [s]."""
    sdpd: float
    """Simulated days a day, while it runs."""
    interval: tuple[float, float]
    """Range in which four of five measurements lie."""
    efficiency_frac: float
    """Share of a step in what units share out."""
    half_columns: float
    """Columns on a unit at which that share is a half."""
    memory_b: float
    """Memory needed on a unit [B]."""
    memory_limit_b: float | None
    """Memory that may be used [B]; None where nobody says."""
    assumptions: tuple[str, ...]
    """What was taken for granted."""

    @property
    def wall_s(self) -> float:
        """Seconds of a step [s]."""
        return self.work.step_s / self.sdpd

    @property
    def cells(self) -> float:
        """Cells of the grid."""
        return self.work.columns * self.work.levels


def climate_run(
    model: ClimateModel,
    machine: Machine,
    nodes: int | None,
    asked: Setting,
    own: Measured | None = None,
) -> ClimateRun:
    """Return what a run of `model` on `nodes` nodes of `machine` comes to.

    Parameters
    ----------
    model
        Which model.
    machine
        Where.
    nodes
        On how many nodes; None for as many as leave half of a step to work that nodes share out, where the
        machine and the measured sizes have them.
    asked
        Grid, levels, time step and components.
    own
        Points of the user's, in the place of those that ship.

    Raises
    ------
    SpecError
        The grid, a component or a number does not suit the model.
    InfeasibleError
        The model was never measured, the grid is finer than any that was, or the run does not fit.
    CatalogueError
        Too little is known of the machine's chips.

    Examples
    --------
    >>> from exatwin.catalogue.climate_model import load_climate_model
    >>> from exatwin.catalogue.load import machine
    >>> run = climate_run(load_climate_model("icon"), machine("jupiter"), 5120, Setting(grid="1.25km"))
    >>> round(run.sdpd, 1)
    145.7
    """
    rates = rates_of(model, machine, own)
    grid = _grid(model, rates, asked)
    check_grid(model, rates, grid, asked.beyond)
    components, factor, wider, said = _components(model, rates.measured, asked.components)
    step_s = asked.step_s or grid.step_s
    if not step_s:
        raise SpecError(f"{model.title} has no usual time step: give --step, such as --step 20s")
    levels = float(asked.levels or model.levels)
    count = nodes or _usual_nodes(model, machine, rates, grid, levels, step_s)
    _check_nodes(model, machine, count)
    units = rates.node_units * count if model.parallel else 1.0
    work = Work(float(grid.columns), levels, units, step_s, grid.wave, grid.rings)
    memory_words(model, rates, work, count)
    constants = {key: value * factor for key, value in rates.constants.items()}
    width, far = beyond(rates, grid, work)
    low, high = joined([(rates.size[0] ** width, rates.size[1] ** width), *rates.wider, *wider])
    rate, share = sdpd(constants, work), efficiency(constants, work)
    if model.parallel and share == 1.0:
        said = (*said, "the points scale without loss: where scaling ends is not known")
    return ClimateRun(
        model=model,
        machine=machine,
        nodes=count,
        grid=grid,
        work=work,
        rates=rates,
        components=components,
        parts_s=step_parts(constants, work),
        sdpd=rate,
        interval=(rate * low, rate * high),
        efficiency_frac=share,
        half_columns=half_columns(constants, work),
        memory_b=memory_b(model, rates, work),
        memory_limit_b=limit_b(rates),
        assumptions=(*rates.assumptions, *far, *said, *_step_words(grid, asked), *_room(model, rates)),
    )


def _grid(model: ClimateModel, rates: Rates, asked: Setting) -> Grid:
    if asked.columns is not None:
        found = grid_of(model, asked.grid) if asked.grid else grid_with(model, asked.columns)
        return Grid(
            found.name, found.spacing_km, asked.columns, found.step_s, found.wave, found.rings, found.stepped
        )
    return grid_of(model, asked.grid or rates.measured.finest)


def _components(
    model: ClimateModel, found: Measured, asked: Sequence[str] | None
) -> tuple[tuple[str, ...], float, list[tuple[float, float]], tuple[str, ...]]:
    """Return what a run holds, how much longer it takes than what was measured, causes of error, and why.

    Notes
    -----
    Components run at the same time, and the slowest, the atmosphere, sets the pace; what others cost it is
    the coupling. A component more, or all but the atmosphere away, moves the time by that share.
    """
    wanted = tuple(dict.fromkeys(asked or model.default or found.components))
    for name in wanted:
        if name not in model.components:
            raise SpecError(f"{model.title} has no component '{name}': {nearest(name, model.components)}")
    if not set(wanted) & {model.components[0]}:
        raise SpecError(
            f"--components {','.join(wanted)}: the {model.components[0]} sets the pace of {model.title} and "
            "can't be left out"
        )
    terms = climate_terms().coupling
    spread = ((1.0 + terms.low) / (1.0 + terms.middle), (1.0 + terms.high) / (1.0 + terms.middle))
    more, fewer = set(wanted) - set(found.components), set(found.components) - set(wanted)
    joint = len(wanted) > 1, len(found.components) > 1
    if more and not fewer:
        words = f"measured without {_list(more)}: taken to run beside, coupling costs {terms.middle:.0%}"
        return wanted, 1.0 + terms.middle, [spread], (words,)
    if fewer and joint[1] and not joint[0]:
        words = f"measured with {_list(fewer)} beside: without them the coupling is saved, {terms.middle:.0%}"
        return wanted, 1.0 / (1.0 + terms.middle), [spread], (words,)
    return wanted, 1.0, [], ((f"measured with {_list(fewer)} beside",) if fewer else ())


def _list(names: set[str]) -> str:
    return " and ".join(sorted(names))


def _check_nodes(model: ClimateModel, machine: Machine, nodes: int) -> None:
    if nodes > machine.nodes:
        raise InfeasibleError(f"{machine.name}: {nodes:,} nodes asked for, the machine has {machine.nodes:,}")
    if not model.parallel and nodes > 1:
        raise InfeasibleError(
            f"{model.title} runs on one device, {nodes:,} nodes were asked: take one, and --ensemble "
            "for more runs"
        )


def _usual_nodes(
    model: ClimateModel, machine: Machine, rates: Rates, grid: Grid, levels: float, step_s: float
) -> int:
    """Return the nodes at which half of a step is shared work, within the machine and what was measured."""
    if not model.parallel:
        return 1
    most = min(machine.nodes, max(int(rates.measured.most_units / rates.node_units), 1))
    need = model.cell_b * grid.columns * levels
    limit = limit_b(rates)
    least = min(ceil(need / limit / rates.node_units), machine.nodes) if limit else 1
    low, high = 1, max(most, least)
    while low < high:
        middle = (low + high + 1) // 2
        work = Work(grid.columns, levels, middle * rates.node_units, step_s, grid.wave, grid.rings)
        low, high = (middle, high) if efficiency(rates.constants, work) >= _HALF else (low, middle - 1)
    return max(low, least)


def _step_words(grid: Grid, asked: Setting) -> tuple[str, ...]:
    if asked.step_s:
        return ()
    how = "that of its users" if grid.stepped else "scaled from the nearest grid whose users name one"
    return (f"time step {grid.step_s:.4g} s, {how}",)


def _room(model: ClimateModel, rates: Rates) -> tuple[str, ...]:
    """Return what memory rests on."""
    if rates.memory_b is None:
        return ("memory not checked: that of a node is not in the catalogue",)
    fact = model.facts.get("cell")
    note = f" ({fact.note})" if fact is not None and fact.note else ""
    return (f"memory: {model.cell_b / 1e3:.3g} kB a cell{note}",)


__all__ = ["ClimateRun", "Setting", "climate_run"]
