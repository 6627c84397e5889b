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
LEAVING_FRAC: Final = 2e-3
"""What a site gives back below this share of the whole is left out."""
SITE: Final = "Site"
REUSE: Final = "Heat reuse"
_FROM: Final = {
    "grid_w": ("Grid", "grid"), "wind_w": ("Wind", "wind"), "solar_w": ("Sun", "sun"),
    "engine_w": ("Gas engine", "engine"),
}  # fmt: skip
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
    """``it``, ``facility`` (electricity used), ``grid``, ``wind``, ``sun``, ``engine`` (where it comes from),
    ``sold``, ``water``, ``room``, ``outdoors`` or ``reuse`` (heat)."""


def energy_flow(result: Reportable) -> list[Link]:
    """Return the mean flows of `result` from grid to air [W]; what enters a place leaves it."""
    means = mean_powers(result)
    power = result.power
    parts = dict(power.by_part_j) if power is not None else {"conversion": 1.0}
    links = [*sources(result, means["facility_w"]), *flows(means, parts, hub_of(result))]
    whole = means["facility_w"]
    return [link for link in links if link.mean_w > SMALLEST_FRAC * whole]


def mean_powers(result: Reportable) -> dict[str, float]:
    """Return the mean [W] of each power and heat signal of `result`, 0 where it is absent."""
    known = result.signals
    names = ("it_w", "facility_w", "pump_w", "fan_w", "room_w", "fixed_w", "heat_to_water_w", "heat_to_air_w")
    found = {name: float(known[name].mean()) if name in known else 0.0 for name in names}
    inside = "heat pumps" in (result.provenance.get("pue_adders") or {})
    lift = float(known["heat_pump_w"].mean()) if inside and "heat_pump_w" in known else 0.0
    reused = float(known["heat_reused_w"].mean()) if "heat_reused_w" in known else 0.0
    return found | {"lift_w": lift, "taken_w": max(0.0, reused - lift)}


def hub_of(result: Reportable) -> str:
    """Return the name of the place that hands electricity to all others."""
    return SITE if "grid_w" in result.signals else "Grid"


def sources(result: Reportable, facility_w: float) -> list[Link]:
    """Return where the electricity of a site with contracts, battery or engine comes from, and what it sells.

    What the battery loses, and what is not used of the contracts, leaves the site again.
    """
    if hub_of(result) != SITE:
        return []
    mean = {key: float(result.signals[key].mean()) for key in _FROM if key in result.signals}
    links = [Link(name, SITE, mean[key], kind) for key, (name, kind) in _FROM.items() if key in mean]
    sold, unused = (
        float(result.signals[key].mean()) if key in result.signals else 0.0
        for key in ("fed_in_w", "unused_w")
    )
    lost = sum(mean.values()) - sold - unused - facility_w
    leaving = [
        Link(SITE, "Sold", sold, "sold"),
        Link(SITE, "Not used", unused, "sold"),
        Link(SITE, "Battery losses", max(0.0, lost), "facility"),
    ]
    return links + [link for link in leaving if link.mean_w > LEAVING_FRAC * facility_w]


def flows(means: Mapping[str, float], parts: Mapping[str, float], hub: str = "Grid") -> list[Link]:
    """Return all flows, also those too small to draw.

    Parameters
    ----------
    means
        Mean of each signal of the plant [W] by name: ``it_w``, ``facility_w``, ``pump_w``, ``fan_w``,
        ``room_w``, ``fixed_w``, ``heat_to_water_w``, ``heat_to_air_w``; with heat reuse ``taken_w``, heat
        taken from the warm water, and ``lift_w``, electricity of heat pumps inside the boundary.
    parts
        Energy of each part of the IT in any unit; only the shares count.
    hub
        The place that hands electricity to all others.

    Notes
    -----
    The heat of the pumps enters the water and that of fixed loads the rooms. What of the losses in the power
    chain warms rooms is the heat of the rooms beyond the IT's and the fixed loads'; the rest leaves outdoors.
    """
    it, water = means["it_w"], min(means["heat_to_water_w"], means["it_w"])
    pump, fan, room, fixed = (means[key] for key in ("pump_w", "fan_w", "room_w", "fixed_w"))
    lift, taken = means.get("lift_w", 0.0), min(means.get("taken_w", 0.0), water + pump)
    chain = max(0.0, means["facility_w"] - it - pump - fan - room - fixed - lift)
    chain_in_rooms = min(chain, max(0.0, means["heat_to_air_w"] - (it - water) - fixed))
    wet = water / it if it > 0 else 0.0
    total = sum(parts.values()) or 1.0
    loss, in_water, in_rooms, outside = "Power chain losses", "Warm water", "Rooms", "Outdoor air"
    links = [Link(hub, PART_NAMES.get(k, k.capitalize()), it * v / total, "it") for k, v in parts.items()]
    links += [
        Link(hub, name, watts, "facility")
        for name, watts in (
            (loss, chain), ("Pumps", pump), ("Fans", fan), ("Room cooling", room), ("Fixed", fixed),
            ("Heat pumps", lift),
        )
    ]  # fmt: skip
    for key, joules in parts.items():
        name, watts = PART_NAMES.get(key, key.capitalize()), it * joules / total
        links += [Link(name, in_water, wet * watts, "water"), Link(name, in_rooms, (1 - wet) * watts, "room")]
    links += [
        Link("Pumps", in_water, pump, "water"),
        Link("Fixed", in_rooms, fixed, "room"),
        Link(loss, in_rooms, chain_in_rooms, "room"),
        Link(in_water, REUSE, taken, "reuse"),
        Link("Heat pumps", REUSE, lift, "reuse"),
        Link(in_water, "Dry coolers", water + pump - taken, "water"),
        Link(in_rooms, "Room coolers", it - water + fixed + chain_in_rooms, "room"),
        Link(loss, outside, chain - chain_in_rooms, "outdoors"),
        Link("Fans", outside, fan, "outdoors"),
        Link("Room cooling", outside, room, "outdoors"),
    ]
    return links
