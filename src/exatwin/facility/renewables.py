"""Wind and solar parks under the weather of a site."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from exatwin.catalogue.supply import SolarTerms, WindTerms
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

if TYPE_CHECKING:
    from exatwin.catalogue.site import Site
    from exatwin.facility.weather import Weather

HOUR_S = 3600.0


def wind_power_w(rated_w: float, weather: Weather, terms: WindTerms, edges_s: Float64) -> Float64:
    """Return the mean power of a wind park in each step.

    Parameters
    ----------
    rated_w
        Rated power of all turbines [W].
    weather
        The weather; its wind is taken for that at the park.
    terms
        Height, power curve, losses.
    edges_s
        Edges of the steps [s], shape (n + 1,).

    Returns
    -------
    Float64
        Power [W], shape (n,).

    References
    ----------
    Power law of the wind's profile: IEC 61400-1:2019, section 6.3.2.2.
    """
    speed = weather.wind_m_s.over(edges_s).values * (terms.hub_m / terms.measured_m) ** terms.shear
    share = np.interp(speed, terms.speeds_m_s, terms.power_frac, left=0.0, right=0.0)
    return np.asarray(rated_w * terms.available_frac * share, np.float64)


def solar_power_w(
    peak_w: float, weather: Weather, terms: SolarTerms, site: Site, start: datetime, edges_s: Float64
) -> Float64:
    """Return the mean power of a solar park in each step.

    Parameters
    ----------
    peak_w
        Peak power of all modules at 1,000 W/m2 and 25 °C [W].
    weather
        The weather; its sun is that on a horizontal plane.
    terms
        Tilt, losses.
    site
        Where it stands.
    start
        The instant of time 0, UTC.
    edges_s
        Edges of the steps [s], shape (n + 1,).

    Returns
    -------
    Float64
        Power [W], shape (n,).

    Raises
    ------
    SpecError
        The library for the sun is not installed (extra ``solar``).

    References
    ----------
    D. G. Erbs et al., Solar Energy 28 (1982) 293 (diffuse share); isotropic sky of B. Y. H. Liu, R. C. Jordan
    (1963); D. L. King, SAND2004-3535 (cell temperature); PVWatts, NREL/TP-6A20-62641.
    """
    try:
        import pandas as pd
        from pvlib import irradiance, pvsystem, solarposition, temperature
    except ImportError:
        raise SpecError("a solar park needs pvlib: install it with 'pip install exatwin[solar]'") from None
    middle = (edges_s[:-1] + edges_s[1:]) / 2.0
    times = pd.DatetimeIndex(
        np.datetime64(start.replace(tzinfo=None), "ns") + (middle * 1e9).astype("timedelta64[ns]")
    ).tz_localize("UTC")
    sun = weather.sun_w_m2.over(edges_s).values
    where = solarposition.get_solarposition(times, site.latitude_deg, site.longitude_deg)
    zenith = where["zenith"].to_numpy()
    parts = irradiance.erbs(sun, zenith, times.day_of_year.to_numpy())
    plane = irradiance.get_total_irradiance(
        terms.tilt_deg, terms.azimuth_deg, zenith, where["azimuth"].to_numpy(), np.asarray(parts["dni"]),
        sun, np.asarray(parts["dhi"]), albedo=terms.albedo,
    )  # fmt: skip
    light = np.nan_to_num(np.asarray(plane["poa_global"], np.float64))
    mounting = temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_polymer"]
    air = weather.air_k.over(edges_s).values - 273.15
    cell = temperature.sapm_cell(light, air, weather.wind_m_s.over(edges_s).values, **mounting)
    direct = pvsystem.pvwatts_dc(light, cell, peak_w, terms.temperature_per_k)
    power = np.maximum(direct, 0.0) * (1.0 - terms.system_loss_frac) * terms.inverter_frac
    return np.asarray(np.minimum(power, peak_w), np.float64)


def as_signal(edges_s: Float64, power_w: Float64) -> Signal:
    """Return power by steps as a signal [W]."""
    return Signal(edges_s, power_w, "W")


__all__ = ["HOUR_S", "as_signal", "solar_power_w", "wind_power_w"]
