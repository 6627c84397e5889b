"""Carbon: location-based, by the intensity of the grid in each hour."""

from __future__ import annotations

from exatwin.account.energy import weighted
from exatwin.foundation.signal import Signal


def location_based_kgco2e(power_w: Signal, carbon_kgco2e_j: Signal, start_s: float, end_s: float) -> float:
    """Return the emissions of `power_w` by the mix of the grid it is taken from [kg CO2e].

    Parameters
    ----------
    power_w
        Power taken from the grid [W].
    carbon_kgco2e_j
        Intensity of the grid's mix in each hour [kg CO2e/J].
    start_s, end_s
        The time to settle [s].

    Raises
    ------
    SpecError
        The intensity is unknown at some time.

    References
    ----------
    Greenhouse Gas Protocol, *Scope 2 Guidance* (2015), chapter 4: location-based, here by the hour.
    """
    return weighted(power_w, carbon_kgco2e_j, start_s, end_s, "carbon intensity")
