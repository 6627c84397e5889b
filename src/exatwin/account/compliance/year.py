"""What one calendar year of operation amounts to, in the terms that reports ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.foundation.signal import Signal

DAY_S = 86400.0
BASE_K = 294.15
"""Base of cooling degree days, 21 °C (Eurostat and JRC)."""
WARM_K = 297.15
"""Daily mean from which a day counts, 24 °C (Eurostat and JRC)."""


@dataclass(frozen=True)
class YearOfOperation:
    """Energies, flows and temperatures of a calendar year."""

    year: int
    """The calendar year."""
    covered_s: float
    """How much of it was computed or measured [s]."""
    length_s: float
    """Its length [s]."""
    design_it_w: float
    """Installed power demand of the information technology [W]."""
    facility_j: float
    """Energy of the whole data centre [J]."""
    it_j: float
    """Energy of the information technology [J]."""
    water_kg: float
    """Water taken in [kg]."""
    cooling_j: float
    """Electricity of pumps, fans, chillers and heat pumps for cooling [J]."""
    heat_to_water_j: float
    """Heat into the warm water [J]."""
    heat_to_air_j: float
    """Heat into the rooms' air [J]."""
    return_k: float
    """Mean temperature of the warm water leaving the racks, by heat [K]."""
    intake_k: float
    """Mean set point of the air that enters the machines [K]."""
    degree_days: float
    """Cooling degree days [K d]."""
    heat_by_month_j: tuple[float, ...]
    """Heat into the warm water by calendar month [J]."""
    peak_heat_w: float
    """Greatest heat into the warm water [W]."""
    reused_j: float = 0.0
    """Heat used outside the boundary [J]."""
    reuse_k: float | None = None
    """Mean temperature at which it is handed over [K]."""
    upgrade_j: float = 0.0
    """Electricity of plant that only upgrades waste heat [J], inside ``facility_j``."""
    renewable_j: Mapping[str, float] = field(default_factory=dict)
    """Renewable energy by kind: ``goo``, ``ppa``, ``onsite`` [J]; absent where unknown."""
    battery_j: float | None = None
    """What the battery beside the load holds [J]; 0 for none, None where nothing is known of it."""
    fed_in_j: float = 0.0
    """Electricity fed into the grid [J]."""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """90 % ranges in the unit of the value, by field name (and ``pue``), where known."""

    @property
    def scale(self) -> float:
        """The year over what was covered."""
        return self.length_s / self.covered_s

    @property
    def whole(self) -> bool:
        """Whether the whole year was covered."""
        return self.covered_s >= self.length_s - 1.0

    @property
    def pue(self) -> float | None:
        """Energy of the data centre over that of the information technology."""
        return self.facility_j / self.it_j if self.it_j > 0 else None

    @property
    def pue_without_upgrade(self) -> float | None:
        """The same without the plant that only upgrades waste heat, as EnEfG section 11(2) has it."""
        return (self.facility_j - self.upgrade_j) / self.it_j if self.it_j > 0 else None

    @property
    def wue_m3_mwh(self) -> float | None:
        """Water over energy of the information technology [m3/MWh]."""
        return self.water_kg / 1e3 / (self.it_j / 3.6e9) if self.it_j > 0 else None

    @property
    def erf(self) -> float | None:
        """Heat reused over energy of the data centre."""
        return self.reused_j / self.facility_j if self.facility_j > 0 else None

    @property
    def ref(self) -> float | None:
        """Renewable energy over energy of the data centre, at most 1; None where nothing is known of it."""
        if not self.renewable_j or self.facility_j <= 0:
            return None
        return min(1.0, sum(self.renewable_j.values()) / self.facility_j)

    @property
    def cer(self) -> float | None:
        """Heat removed over electricity of the cooling."""
        removed = self.heat_to_water_j + self.heat_to_air_j
        return removed / self.cooling_j if self.cooling_j > 0 else None


def cooling_degree_days(air_k: Signal) -> float:
    """Return the cooling degree days [K d] of the whole days in `air_k`.

    Notes
    -----
    A day counts with the excess of its mean over 21 °C where that mean is at least 24 °C.

    References
    ----------
    Eurostat, *Energy statistics: cooling and heating degree days* (nrg_chdd), method of the JRC.

    Examples
    --------
    >>> cooling_degree_days(Signal([0.0, 86400.0, 172800.0], [298.15, 295.15], "K"))
    4.0
    """
    days = int((air_k.end_s - air_k.start_s) // DAY_S)
    means: Float64 = air_k.clip(air_k.start_s, air_k.start_s + days * DAY_S).mean(DAY_S).values
    warm = means >= WARM_K - 1e-9
    return float(np.sum(np.where(warm, means - BASE_K, 0.0)))


__all__ = ["YearOfOperation", "cooling_degree_days"]
