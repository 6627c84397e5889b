"""The energy of a run as a flow that closes: what the grid gives ends as heat somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from exatwin.report.source import Reportable

PART_NAMES: Final = {
    "accelerator": "Accelerators",
    "processor": "Processors",
    "memory": "Memory",
    "network": "Network",
    "board": "Boards",
    "conversion": "Conversion in racks",
}
SMALLEST_FRAC: Final = 2e-4
"""Flows below this share of the whole can't be seen and are left out."""


class Link(NamedTuple):
    """One flow between two places."""

    source: str
    """Where it comes from."""
    target: str
    """Where it goes."""
    mean_w: float
    """Mean power [W]."""
    kind: str
    """``it``, ``facility`` (electricity), ``water``, ``room`` or ``outdoors`` (heat)."""


def energy_flow(result: Reportable) -> list[Link]:
    """Return the mean flows of `result` from grid to air [W]; what enters a place leaves it."""
    means = mean_powers(result)
    power = result.power
    parts = dict(power.by_part_j) if power is not None else {"conversion": 1.0}
    links = flows(means, parts)
    whole = means["facility_w"]
    return [link for link in links if link.mean_w > SMALLEST_FRAC * whole]


def mean_powers(result: Reportable) -> dict[str, float]:
    """Return the mean [W] of each power and heat signal of `result`, 0 where it is absent."""
    known = result.signals
    names = ("it_w", "facility_w", "pump_w", "fan_w", "room_w", "fixed_w", "heat_to_water_w", "heat_to_air_w")
    return {name: float(known[name].mean()) if name in known else 0.0 for name in names}


def flows(means: Mapping[str, float], parts: Mapping[str, float]) -> list[Link]:
    """Return all flows, also those too small to draw.

    Parameters
    ----------
    means
        Mean of each signal of the plant [W] by name: ``it_w``, ``facility_w``, ``pump_w``, ``fan_w``,
        ``room_w``, ``fixed_w``, ``heat_to_water_w``, ``heat_to_air_w``.
    parts
        Energy of each part of the IT in any unit; only the shares count.

    Notes
    -----
    The heat of the pumps enters the water and that of fixed loads the rooms. What of the losses in the power
    chain warms rooms is the heat of the rooms beyond the IT's and the fixed loads'; the rest leaves outdoors.
    """
    it, water = means["it_w"], min(means["heat_to_water_w"], means["it_w"])
    pump, fan, room, fixed = (means[key] for key in ("pump_w", "fan_w", "room_w", "fixed_w"))
    chain = max(0.0, means["facility_w"] - it - pump - fan - room - fixed)
    chain_in_rooms = min(chain, max(0.0, means["heat_to_air_w"] - (it - water) - fixed))
    wet = water / it if it > 0 else 0.0
    total = sum(parts.values()) or 1.0
    loss, in_water, in_rooms, outside = "Power chain losses", "Warm water", "Rooms", "Outdoor air"
    links = [Link("Grid", PART_NAMES.get(k, k.capitalize()), it * v / total, "it") for k, v in parts.items()]
    links += [
        Link("Grid", name, watts, "facility")
        for name, watts in (
            (loss, chain), ("Pumps", pump), ("Fans", fan), ("Room cooling", room), ("Fixed", fixed),
        )
    ]  # fmt: skip
    for key, joules in parts.items():
        name, watts = PART_NAMES.get(key, key.capitalize()), it * joules / total
        links += [Link(name, in_water, wet * watts, "water"), Link(name, in_rooms, (1 - wet) * watts, "room")]
    links += [
        Link("Pumps", in_water, pump, "water"),
        Link("Fixed", in_rooms, fixed, "room"),
        Link(loss, in_rooms, chain_in_rooms, "room"),
        Link(in_water, "Dry coolers", water + pump, "water"),
        Link(in_rooms, "Room coolers", it - water + fixed + chain_in_rooms, "room"),
        Link(loss, outside, chain - chain_in_rooms, "outdoors"),
        Link("Fans", outside, fan, "outdoors"),
        Link("Room cooling", outside, room, "outdoors"),
    ]
    return links
