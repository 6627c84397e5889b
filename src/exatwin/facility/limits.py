"""How much IT power a plant bears: where it falls short, and the most that it takes there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from exatwin.catalogue.plant import Carries
from exatwin.facility.component import Outdoors
from exatwin.facility.outages import INTACT, Able
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import InfeasibleError
from exatwin.foundation.units import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exatwin.facility.plant import FacilityRun, Plant
    from exatwin.facility.weather import Weather

Bools = NDArray[np.bool_]
_CLOSE_K = 1e-6
_CLOSE_FRAC = 1e-9
_HALVINGS = 50


def short(plant: Plant, values: Mapping[str, Float64], left: Able = INTACT) -> Bools:
    """Return in which steps `plant` does not give its racks what they need, shape (steps,).

    The supply is warmer than they accept; or pumps are missing and the return is warmer than at the highest
    supply and the rated range; or units of the power chain are missing and the others carry more than they
    are rated for.

    Parameters
    ----------
    values
        What the plant does, as :func:`exatwin.facility.running.fold` returns it.
    left
        What of it works.
    """
    cooling = plant.cooling
    warm = values["supply_k"] > cooling.supply_max_k + _CLOSE_K
    if left.pump_frac is not None:
        hot = values["return_k"] > cooling.supply_max_k + cooling.range_k + _CLOSE_K
        warm = warm | (hot & (left.pump_frac < 1.0))
    return np.asarray(warm | (_use(plant, values, left) > 1.0 + _CLOSE_FRAC), np.bool_)


def _use(plant: Plant, values: Mapping[str, Float64], left: Able) -> Float64:
    """Return the highest load over rating of the stages that units are missing of."""
    most = np.zeros_like(values["it_w"])
    if not left.stages:
        return most
    load = values["it_w"]
    for stage in plant.stages:
        if stage.carries is Carries.IT:
            most = np.maximum(most, left.use_frac(stage, load))
            load = load + values[f"loss_{stage.name}_w"]
    load = values["facility_w"]
    for stage in reversed(plant.stages):
        if stage.carries is Carries.ALL:
            load = load - values[f"loss_{stage.name}_w"]
            most = np.maximum(most, left.use_frac(stage, load))
    return most


def most_it_w(
    plant: Plant, outdoors: Outdoors, left: Able = INTACT, relief_w: Float64 | float = 0.0
) -> Float64:
    """Return the largest IT power that `plant` bears in each step [W], shape (steps,).

    Parameters
    ----------
    outdoors
        The air, shape (steps,).
    left
        What of the plant works.
    relief_w
        Heat that customers take out of the loop [W], shape (steps,).

    Notes
    -----
    By halving between nothing and twice what the plant is built for: everything in it grows with the load.
    """
    from exatwin.facility.running import fold

    alone = replace(plant, reuse=None)
    low = np.zeros_like(outdoors.air_k)
    high = np.full_like(low, 2.0 * plant.design_it_w)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        fits = ~short(alone, fold(alone, middle, outdoors, np.zeros_like(low), 1.0, left, relief_w), left)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return low


def check_supply(plant: Plant, weather: Weather) -> None:
    """Refuse a set point that no cooler without a chiller can make under `weather`.

    Raises
    ------
    InfeasibleError
        During more than half of the time the wet bulb (the air itself, where nothing is wetted) is warmer
        than the set point.

    Notes
    -----
    Where it is so for less, the water comes back warmer in those hours, and they are counted.
    """
    rejection, asked = plant.cooling.rejection, plant.cooling.supply_k
    if rejection.chiller is not None:
        return
    wetted = rejection.tower is not None or rejection.pad_effectiveness > 0.0
    coldest = weather.wet_bulb_k if wetted else weather.air_k
    above = float(coldest.widths_s[coldest.values > asked].sum())
    if above > 0.5 * float(coldest.widths_s.sum()):
        hours, what = float(coldest.widths_s.sum()) / 3600.0, "wet bulb" if wetted else "air"
        raise InfeasibleError(
            f"cooling.supply is {show(asked, 'K')}: the {what} is warmer than that in {above / 3600.0:,.0f} "
            f"of {hours:,.0f} h (mean {show(float(coldest.mean()), 'K', 3)}) and the plant "
            f"'{plant.cooling.name}' has no chiller: expected warmer water, or a plant with a chiller"
        )


def check_held(facility: FacilityRun, own_k: float) -> None:
    """Refuse a set point below the plant's own that its coolers miss during more than half of the time.

    Parameters
    ----------
    facility
        What the plant did, nothing of it out of service.
    own_k
        The set point that it is built for [K].

    Raises
    ------
    InfeasibleError
        It is so.
    """
    supply, asked = facility.signals["supply_k"], facility.plant.cooling.supply_k
    missed = float(supply.widths_s[supply.values > asked + _CLOSE_K].sum()) / 3600.0
    hours = float(supply.widths_s.sum()) / 3600.0
    if asked < own_k and missed > 0.5 * hours:
        raise InfeasibleError(
            f"cooling.supply is {show(asked, 'K')}: the coolers, built for {show(own_k, 'K')}, miss that in "
            f"{missed:,.4g} of {hours:,.4g} h (water of {show(float(supply.mean()), 'K', 3)} on average): "
            "expected warmer water, or a plant with a chiller"
        )


__all__ = ["check_held", "check_supply", "most_it_w", "short"]
