"""Where a climate run leaves what was measured, and where it does not fit."""

from __future__ import annotations

from math import ceil, log2

from exatwin.catalogue.climate_calibration import climate_terms
from exatwin.catalogue.climate_model import ClimateModel
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.units import show
from exatwin.workload.apps.climate_device import Rates
from exatwin.workload.apps.climate_grid import Grid
from exatwin.workload.apps.climate_law import Work

_SAME = 0.02  # spacings are nominal


def beyond(rates: Rates, grid: Grid, work: Work) -> tuple[float, tuple[str, ...]]:
    """Return how many times wider the band of the size is than where sizes were measured, and why.

    Notes
    -----
    ``1 + log2(x)``, with x how many times the units, the columns of the grid, and the inverse of the columns
    on a unit lie beyond what was measured. Fits without the two largest sizes bear it out: four of five
    runs 4.6 times as large lie within the band ``further``, three times as wide as ``larger``.
    """
    found = rates.measured
    more = max(work.units / found.most_units, 1.0)
    finer = max((rates.finest_km / grid.spacing_km) ** 2, 1.0) if is_finer(rates, grid) else 1.0
    fewer = max(found.fewest_columns / (work.columns / work.units), 1.0)
    said = []
    if more > 1.0:
        said.append(
            f"extrapolated: {work.units:,.0f} {rates.word}, the largest measured run has "
            f"{found.most_units:,.0f} ({found.most})"
        )
    if finer > 1.0:
        said.append(f"extrapolated: {grid.name} is finer than the finest measured grid ({rates.finest})")
    if fewer > 1.0 and more == 1.0:
        said.append(
            f"extrapolated: {work.columns / work.units:,.0f} columns each, measured were "
            f"{found.fewest_columns:,.0f} and more"
        )
    return 1.0 + log2(max(more, fewer) * finer), tuple(said)


def is_finer(rates: Rates, grid: Grid) -> bool:
    """Return whether `grid` is finer than all that were measured."""
    return grid.spacing_km < rates.finest_km * (1.0 - _SAME)


def check_grid(model: ClimateModel, rates: Rates, grid: Grid, allowed: bool) -> None:
    """Refuse a grid finer than all that were measured, unless that is `allowed`.

    Raises
    ------
    InfeasibleError
        It is finer; the message names the finest and what would change it.
    """
    if is_finer(rates, grid) and not allowed:
        named = grid.name if grid.name.endswith("km") else f"{grid.name} ({grid.spacing_km:g} km)"
        raise InfeasibleError(
            f"{named} is finer than any grid that {model.title} was measured on "
            f"({rates.finest}): take that, give points of your own with --measured or --calibrate, or accept "
            "a wider interval with --beyond"
        )


def memory_words(model: ClimateModel, rates: Rates, work: Work, nodes: int) -> None:
    """Refuse a run that does not fit in memory.

    Raises
    ------
    InfeasibleError
        It does not; the message names the fewest nodes that hold it.
    """
    limit = limit_b(rates)
    need = memory_b(model, rates, work)
    if limit is None or need <= limit:
        return
    if not model.parallel:
        raise InfeasibleError(
            f"{model.title} needs {show(need, 'B', 3)} and runs on one device, of which "
            f"{show(limit, 'B', 3)} can be used: take a coarser grid or fewer levels"
        )
    fewest = ceil(need * work.units / limit / rates.node_units)
    raise InfeasibleError(
        f"{model.title} needs {show(need, 'B', 3)} on each of {work.units:,.0f} {rates.word}, "
        f"{show(limit, 'B', 3)} can be used: {fewest:,} nodes hold it, {nodes:,} were asked"
    )


def memory_b(model: ClimateModel, rates: Rates, work: Work) -> float:
    """Return the memory that a run needs on a unit [B].

    That of a cell is the model's, or less where more cells have been seen to fit on the chip.
    """
    found, limit = rates.measured, limit_b(rates)
    seen = limit / found.most_cells if limit and not rates.other_chip else model.cell_b
    return min(model.cell_b, seen) * work.columns * work.levels / work.units


def limit_b(rates: Rates) -> float | None:
    """Return the memory of a unit that a model may fill [B]; None where nobody says."""
    return None if rates.memory_b is None else rates.memory_b * climate_terms().usable_memory


__all__ = ["beyond", "check_grid", "is_finer", "limit_b", "memory_b", "memory_words"]
