"""Components: the few interfaces that a plant is folded from, and the checks that any class must pass."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SimulationError
from exatwin.foundation.registry import Registry

State = TypeVar("State")

components: Registry[Any] = Registry(
    "component",
    "exatwin.components",
    ("exatwin.facility.electrical", "exatwin.facility.thermal", "exatwin.facility.rejection"),
)
"""Component classes by name. An electrical one has ``sized(stage, load_w)``, a thermal one
``sized(spec, heat_w, supply_k, range_k)``: class methods that return it for a largest load."""


class Outdoors(NamedTuple):
    """The air around a plant, each a scalar or an array of one shape."""

    air_k: Float64
    """Dry-bulb temperature [K]."""
    wet_bulb_k: Float64
    """Wet-bulb temperature [K]."""

    def at(self, index: int) -> Outdoors:
        """Return the air of one step."""
        return Outdoors(self.air_k[index], self.wet_bulb_k[index])


class Rejection(NamedTuple):
    """What it takes to hand heat to the air, in the shape of the heat."""

    power_w: Float64
    """Electric power [W]."""
    water_kg_s: Float64
    """Water taken in, evaporated and let off [kg/s]."""
    supply_k: Float64
    """Temperature at which the coolant goes back [K]; above the asked one where a limit is reached."""
    limited: Float64
    """1 where the asked temperature could not be held, else 0."""


@runtime_checkable
class Electrical(Protocol):
    """Something that electricity flows through."""

    def draw_w(self, load_w: ArrayLike) -> Float64:
        """Return the input power [W] for the output power `load_w` [W], in its shape."""
        ...


@runtime_checkable
class Thermal(Protocol):
    """Something that hands heat to the outdoor air."""

    def reject(
        self,
        heat_w: ArrayLike,
        weather: Outdoors,
        supply_k: ArrayLike,
        capacity_w_k: ArrayLike | None = None,
    ) -> Rejection:
        """Return what it takes to hand over `heat_w` [W] and send the coolant back at `supply_k` [K].

        `capacity_w_k` is the heat capacity rate of the coolant [W/K]; left out, it is the rated one.
        """
        ...


@runtime_checkable
class Store(Protocol[State]):
    """Something with a memory, such as a tank or a battery; its state goes in and comes out."""

    def init(self) -> State:
        """Return the state at the start."""
        ...

    def step(self, state: State, ask_w: float, step_s: float) -> tuple[State, float]:
        """Return the state after `step_s` [s] and the power [W] given (taken if negative) of `ask_w` [W]."""
        ...


def check_component(component: object, *, rated_w: float | None = None) -> None:
    """Check that `component` keeps the promises of its interface.

    Electrical: finite at zero load, never below its load, never falling as the load grows, and the same for
    a vector as for its elements. Thermal: the same of its power, with water and supply temperature at least
    what physics allows. Stores: a state that ``step`` gives back and power within what was asked for.

    Parameters
    ----------
    component
        An instance of anyone's class.
    rated_w
        The power up to which it is tried [W]; by default its attribute ``rated_w``, else 1 MW.

    Raises
    ------
    SimulationError
        The first promise that is broken, with the load at which it happens.
    """
    rated = float(rated_w or getattr(component, "rated_w", 0.0) or 1e6)
    name = type(component).__name__
    if isinstance(component, Electrical):
        _check_electrical(component, rated, name)
    elif isinstance(component, Thermal):
        _check_thermal(component, rated, name)
    elif isinstance(component, Store):
        _check_store(component, rated, name)
    else:
        raise SimulationError(f"component '{name}' has none of draw_w, reject or init and step")


def _check_electrical(component: Electrical, rated_w: float, name: str) -> None:
    load = np.concatenate(([0.0], np.geomspace(1e-6, 1.0, 60), [1.05, 1.2])) * rated_w
    draw = np.asarray(component.draw_w(load), np.float64)
    _require(draw.shape == load.shape, name, f"returns shape {draw.shape} for {load.shape}")
    _nowhere(~np.isfinite(draw), load, name, "draw_w is not finite")
    _nowhere(draw < load * (1 - 1e-12), load, name, "draws less than its load")
    _nowhere(np.append(False, np.diff(draw) < -1e-9 * rated_w), load, name, "draws less as its load grows")
    _same(draw, [float(component.draw_w(float(load[i]))) for i in _probes(len(load))], load, name, "draw_w")


def _check_thermal(component: Thermal, rated_w: float, name: str) -> None:
    heat = np.concatenate(([0.0], np.linspace(1e-3, 1.0, 40))) * rated_w
    for air, wet in ((263.15, 262.15), (288.15, 284.15), (303.15, 295.15), (313.15, 298.15)):
        weather = Outdoors(np.full_like(heat, air), np.full_like(heat, wet))
        asked = np.full_like(heat, 309.15)
        found = component.reject(heat, weather, asked)
        where = f" at {air - 273.15:.0f} °C outdoors"
        for field, values in zip(found._fields, found, strict=True):
            _nowhere(~np.isfinite(values), heat, name, f"{field} is not finite{where}")
        _nowhere(found.power_w < 0, heat, name, f"its power is negative{where}")
        _nowhere(found.water_kg_s < 0, heat, name, f"its water is negative{where}")
        _nowhere(found.supply_k < asked - 1e-9, heat, name, f"supplies colder than asked{where}")
        falling = np.append(False, np.diff(found.power_w) < -1e-9 * rated_w)
        _nowhere(falling, heat, name, f"takes less power as the heat grows{where}")
        single = [component.reject(float(heat[i]), weather.at(i), 309.15) for i in _probes(len(heat))]
        for column, (field, values) in enumerate(zip(found._fields, found, strict=True)):
            _same(values, [float(one[column]) for one in single], heat, name, field)


def _check_store(component: Store[Any], rated_w: float, name: str) -> None:
    state = component.init()
    for ask in (0.0, rated_w, -rated_w, rated_w / 3):
        state, given = component.step(state, ask, 900.0)
        _require(bool(np.isfinite(given)), name, f"gives {given} W when asked for {ask:g} W")
        _require(abs(given) <= abs(ask) * (1 + 1e-12), name, f"gives {given:g} W when asked for {ask:g} W")


def _require(kept: bool, name: str, broken: str) -> None:
    if not kept:
        raise SimulationError(f"component '{name}' {broken}")


def _nowhere(wrong: Any, load: Float64, name: str, broken: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise SimulationError(f"component '{name}': {broken} (load {load[rows[0]]:.6g} W)")


def _probes(size: int) -> tuple[int, ...]:
    return (0, 1, size // 2, size - 1)


def _same(whole: Float64, single: list[float], load: Float64, name: str, what: str) -> None:
    for index, one in zip(_probes(len(load)), single, strict=True):
        if abs(one - whole[index]) > 1e-9 * max(1.0, abs(one)):
            broken = f"{what} of a vector differs from that of its element"
            raise SimulationError(f"component '{name}': {broken} (load {load[index]:.6g} W)")
