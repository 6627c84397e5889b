"""Warm-water loops second by second: what a step of the load does to temperatures, fans and racks.

References
----------
Lumped capacities and mixed cells: Incropera et al., *Fundamentals of Heat and Mass Transfer*, chapter 5.
Counter-flow exchangers: Kays and London, *Compact Heat Exchangers*, 3rd ed., table 2-2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from exatwin.catalogue.dynamics import Dynamics, load_dynamics
from exatwin.facility._loops_kernel import loops
from exatwin.facility.plant import Plant
from exatwin.facility.thermal import DryCooler, transfer_units
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal


@dataclass(frozen=True)
class LoopRun:
    """What the loops did, arrays of one shape (steps,)."""

    step_s: float
    """Length of a step [s]."""
    heat_w: Float64
    """Heat into the cold plates [W]."""
    supply_k: Float64
    """Building's water to the distribution units [K]."""
    return_k: Float64
    """Building's water from them [K]."""
    plate_k: Float64
    """Cold plates [K]."""
    fan_frac: Float64
    """Speed of the fans; below their floor, the share that turns."""
    rejected_w: Float64
    """Heat into the air [W]."""
    stored_j: tuple[float, float]
    """Heat held above 0 K by everything, before the first and after the last step [J]."""

    @property
    def imbalance(self) -> float:
        """Heat in, less heat out, less what is stored, over heat in."""
        into = float(self.heat_w.sum()) * self.step_s
        out = float(self.rejected_w.sum()) * self.step_s
        return (into - out - (self.stored_j[1] - self.stored_j[0])) / max(into, 1.0)


def run_loops(
    plant: Plant,
    heat_w: Signal,
    air_k: Signal,
    *,
    step_s: float = 1.0,
    supply_k: Signal | None = None,
    dynamics: Dynamics | None = None,
) -> LoopRun:
    """Return what the warm-water loops of `plant` do, from rest at the first load and air.

    Parameters
    ----------
    plant
        The plant; its cooler must be a dry cooler (pads are not used).
    heat_w
        Heat into the cold plates [W].
    air_k
        Outdoor air [K]; must cover the time of `heat_w`.
    step_s
        Length of a step [s]; it is cut so that no cell of water is passed in one step.
    supply_k
        Asked temperature of the building's water [K]; by default the plant's set point.
    dynamics
        Heat capacities and controls; by default those of the catalogue.

    Raises
    ------
    SpecError
        The cooler is no dry cooler, or the step is not positive.

    Notes
    -----
    Chips and cold plates, the racks' loop, two pipes of mixed cells and the coolers each store heat; what
    goes from one to the next is the same on both sides: heat in, out and stored agree to rounding.
    """
    if not isinstance(plant.cooler, DryCooler):
        raise SpecError(f"loops need a dry cooler, found '{type(plant.cooler).__name__}'")
    if not (np.isfinite(step_s) and step_s > 0):
        raise SpecError(f"a step of {step_s} s: expected more than 0 s")
    found = dynamics or load_dynamics()
    cut = max(1, int(np.ceil(step_s / min(found.step_s, _longest_s(found, plant)) - 1e-9)))
    fine = step_s / cut
    heat, air = heat_w.mean(fine).values, air_k.clip(heat_w.start_s, heat_w.end_s).mean(fine).values
    asked = np.full_like(heat, plant.cooling.supply_k)
    if supply_k is not None:
        asked = supply_k.clip(heat_w.start_s, heat_w.end_s).mean(fine).values
    parts = _parts(found, plant)
    state = _rest(found, plant, parts, float(heat[0]), float(air[0]), float(asked[0]))
    before = _stored(state, parts.mass, found.cells)
    traces = loops(
        heat, air, fine, asked, parts.mass, parts.flow, parts.exchanger, parts.cooler, parts.control, state
    )
    supply, back, plate, fans, rejected = (_every(trace, cut) for trace in traces)
    after = _stored(state, parts.mass, found.cells)
    return LoopRun(step_s, _every(heat, cut), supply, back, plate, fans, rejected, (before, after))


def _every(trace: Float64, cut: int) -> Float64:
    """Return the means over `cut` fine steps."""
    whole = len(trace) // cut * cut
    return np.ascontiguousarray(trace[:whole].reshape(-1, cut).mean(axis=1))


def _longest_s(dynamics: Dynamics, plant: Plant) -> float:
    """Return the longest step for which no mixed cell is passed at once, with some room."""
    rated = plant.pumps.rated_heat_w
    water = rated / plant.cooling.range_k
    cell = dynamics.primary * rated / dynamics.cells
    racks = dynamics.secondary * rated / (rated / dynamics.secondary_range_k)
    plates = dynamics.plate * rated / (rated / dynamics.plate_rise_k)
    return 0.5 * min(cell / water, racks, plates, dynamics.cooler * rated / water)


class _Parts(NamedTuple):
    """What the kernel knows of a plant, in its order."""

    mass: Float64
    flow: Float64
    exchanger: Float64
    cooler: Float64
    control: Float64


def _parts(dynamics: Dynamics, plant: Plant) -> _Parts:
    rated = plant.pumps.rated_heat_w
    primary, secondary = rated / plant.cooling.range_k, rated / dynamics.secondary_range_k
    cooler = plant.cooler
    assert isinstance(cooler, DryCooler)
    # at rated heat the racks' supply is warmer than the building's by the approach
    least, most = min(primary, secondary), max(primary, secondary)
    hot = dynamics.exchanger_approach_k + rated / secondary
    units = transfer_units(rated / (least * hot), least / most)
    return _Parts(
        rated * np.array([dynamics.plate, dynamics.secondary, dynamics.primary, dynamics.cooler]),
        np.array([secondary, primary, plant.pumps.floor_frac, rated]),
        np.array([units * least, dynamics.exchanger_exponent, rated / dynamics.plate_rise_k]),
        np.array([cooler.air_w_k, cooler.conductance_w_k, cooler.air_exponent, cooler.fan_floor]),
        np.array([dynamics.sensor_s, dynamics.fan_integral_s, dynamics.fan_band_k]),
    )


def _rest(
    dynamics: Dynamics, plant: Plant, parts: _Parts, heat_w: float, air_k: float, asked_k: float
) -> Float64:
    """Return the state that stays as it is at constant load and air: found by letting it run."""
    state = np.full(5 + 2 * dynamics.cells, asked_k + plant.cooling.range_k / 2.0)
    state[3:5] = heat_w, 0.3
    fine = min(dynamics.step_s, _longest_s(dynamics, plant))
    steps = int(np.ceil(6 * 3600.0 / fine))
    still = (np.full(steps, value) for value in (heat_w, air_k, asked_k))
    heat, air, asked = still
    loops(heat, air, fine, asked, parts.mass, parts.flow, parts.exchanger, parts.cooler, parts.control, state)
    return state


def _stored(state: Float64, mass: Float64, cells: int) -> float:
    pipes = mass[2] / cells * state[5:].sum()
    return float(mass[0] * state[0] + mass[1] * state[1] + mass[3] * state[2] + pipes)


__all__ = ["LoopRun", "run_loops"]
