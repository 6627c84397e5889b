"""What a plant does: its components folded over IT power and weather."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from exatwin.catalogue.plant import Carries, HeatTo
from exatwin.facility.component import Outdoors, Rejection
from exatwin.facility.outages import INTACT, Able, Outage, able
from exatwin.facility.plant import FacilityRun, Plant, Stage
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SimulationError, SpecError
from exatwin.foundation.signal import Signal

if TYPE_CHECKING:
    from exatwin.facility.weather import Weather


def run_plant(
    plant: Plant,
    it_w: Signal,
    weather: Weather,
    step_s: float = 900.0,
    *,
    heat_demand_w: Signal | None = None,
    outages: Sequence[Outage] = (),
) -> FacilityRun:
    """Return what `plant` does under `it_w` and `weather`, in steps of `step_s` [s] of their means.

    Parameters
    ----------
    plant
        The plant.
    it_w
        IT power at the meter that the lists mean [W].
    weather
        The air around it; must cover the time of `it_w`.
    step_s
        Length of a step [s].
    heat_demand_w
        What the customers of the plant's heat ask for [W], see :func:`exatwin.facility.demand.heat_demand_w`;
        left out, nothing. A plant without heat reuse has no customers.
    outages
        Units out of service for a time.

    Raises
    ------
    SpecError
        The weather or the demand leaves part of the time uncovered, or a unit out of service does not exist.
    InfeasibleError
        At some time no pump, cooler or unit of a stage is left.
    SimulationError
        The IT power is negative or not finite, or the demand negative.

    Notes
    -----
    One pass, no iteration: IT power, its chain, the heat, the pumps that move it, the coolers and rooms that
    hand it over, and last the stages that carry everything. Means over a step are exact in energy; losses see
    the mean.
    """
    if not np.all(np.isfinite(it_w.values)) or it_w.min() < 0:
        raise SimulationError("the IT power is negative or not finite")
    load: Signal = it_w.mean(step_s)
    outdoors = Outdoors(*(_on_steps(getattr(weather, key), load, key) for key in ("air_k", "wet_bulb_k")))
    asked = np.zeros(len(load)) if heat_demand_w is None else _on_steps(heat_demand_w, load, "heat demand")
    if asked.min() < 0.0:
        raise SimulationError("the heat demand is negative")
    left = able(plant, outages, load.edges_s)
    values = fold(plant, load.values, outdoors, asked, step_s, left)
    signals = {key: Signal(load.edges_s, value, _unit(key)) for key, value in values.items()}
    return FacilityRun(signals=signals, plant=plant, left=left, outdoors=outdoors)


def _on_steps(signal: Signal, steps: Signal, key: str) -> Float64:
    if signal.start_s > steps.start_s or signal.end_s < steps.end_s:
        raise SpecError(
            f"the {_whose(key)} covers {signal.start_s:g} s to {signal.end_s:g} s, "
            f"the run needs {steps.start_s:g} s to {steps.end_s:g} s"
        )
    values = signal.over(steps.edges_s).values
    if not np.all(np.isfinite(values)):
        raise SpecError(f"the {_whose(key)} has a gap: expected a finite value at every time")
    return values


def _whose(key: str) -> str:
    return key if key == "heat demand" else f"weather's {key}"


def _unit(key: str) -> str:
    suffixes = {"_kg_s": "kg/s", "_w": "W", "_k": "K"}
    return next((unit for suffix, unit in suffixes.items() if key.endswith(suffix)), "1")


def fold(
    plant: Plant,
    it: Float64,
    outdoors: Outdoors,
    demand: Float64,
    step_s: float,
    left: Able = INTACT,
    relief_w: Float64 | float = 0.0,
) -> dict[str, Float64]:
    """Return every quantity of the plant, each of shape (steps,).

    Parameters
    ----------
    it, outdoors, demand
        IT power [W], the air and what customers ask for [W], shape (steps,).
    left
        What of the plant works.
    relief_w
        Heat taken out of the loop where the plant has no customers of its own [W].
    """
    racks = {f"rack_{s.name}_w": _rack_loss(s, it) for s in plant.stages if s.carries is Carries.RACK}
    drawn, losses, warm = _through(plant, it, Carries.IT, left)
    to_water = plant.cooling.water_share * it
    moved, pump = left.moves_w_k(plant.pumps, to_water), left.pump_w(plant.pumps, to_water)
    asked = np.full_like(it, plant.cooling.supply_k)
    heat = to_water + pump
    taken, reused, lift = np.minimum(relief_w, heat), {}, np.zeros_like(it)
    if plant.reuse is not None:
        # customers come before the coolers; the return is that of the set point, before any limit is reached
        found = plant.reuse.run(heat, asked + to_water / moved, moved, demand, step_s)
        taken, reused = found.taken_w, plant.reuse.signals(found, asked + to_water / moved)
        lift = found.power_w if plant.reuse.inside else lift
    # what rounding leaves of heat that is all taken would ask for full fans on a hot day
    rest = np.where(heat - taken > 1e-9 * heat, heat - taken, 0.0)
    cooled: Rejection = left.reject(plant.cooler, rest, outdoors, asked, moved)
    fixed = np.full_like(it, plant.fixed_w)
    to_air = it - to_water + warm + fixed
    room = plant.room.reject(to_air, outdoors, np.full_like(it, plant.cooling.room.supply_k))
    auxiliaries = pump + cooled.power_w + room.power_w + fixed + lift
    facility, outer, _ = _through(plant, drawn + auxiliaries, Carries.ALL, left)
    losses |= outer
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        pue = np.where(it > 0.0, facility / it, np.nan)
    return {
        "it_w": it,
        "facility_w": facility,
        "chain_loss_w": sum(losses.values(), start=np.zeros_like(it)),
        **losses,
        **racks,
        "pump_w": pump,
        "fan_w": cooled.power_w,
        "room_w": room.power_w,
        "fixed_w": fixed,
        "supply_k": cooled.supply_k,
        "return_k": cooled.supply_k + to_water / moved,
        "heat_to_water_w": to_water,
        "heat_to_air_w": to_air,
        "water_kg_s": cooled.water_kg_s + room.water_kg_s,
        "pue": pue,
        "limited": np.maximum(cooled.limited, room.limited),
        **reused,
    }


def _through(
    plant: Plant, load: Float64, carries: Carries, left: Able
) -> tuple[Float64, dict[str, Float64], Float64]:
    """Return what the stages draw for `load` [W], the loss of each, and what of it warms rooms [W]."""
    losses: dict[str, Float64] = {}
    warm = np.zeros_like(load)
    for stage in plant.stages:
        if stage.carries is not carries:
            continue
        drawn = left.draw_w(stage, load)
        losses[f"loss_{stage.name}_w"] = drawn - load
        if stage.heat_to is HeatTo.ROOM:
            warm = warm + (drawn - load)
        load = drawn
    return load, losses, warm


def _rack_loss(stage: Stage, it: Float64) -> Float64:
    """Return what a stage behind the IT meter loses [W]; part of the IT power, never added to it."""
    inverse = getattr(stage.component, "output_w", None)
    return np.zeros_like(it) if inverse is None else it - inverse(it)
