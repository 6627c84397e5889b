"""Water: what wet pads take in, evaporated and let off."""

from __future__ import annotations

from exatwin.facility.plant import FacilityRun


def water_kg(facility: FacilityRun, start_s: float, end_s: float) -> float:
    """Return the water taken in [kg] between `start_s` and `end_s` [s]."""
    return facility.signals["water_kg_s"].integral(start_s, end_s)
