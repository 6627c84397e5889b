"""The sun's height and the clear sky's irradiance."""

from __future__ import annotations

import numpy as np

from exatwin.facility.calendar import Times
from exatwin.foundation.arrays import Float64

_SAMPLES = 6  # instants within an hour over which the clear sky is averaged


def sine_of_height(times: Times, latitude_deg: float, longitude_deg: float) -> Float64:
    """Return the sine of the sun's height above the horizon.

    Parameters
    ----------
    times
        Instants of UTC, shape (n,).
    latitude_deg, longitude_deg
        Place [deg], east positive.

    Notes
    -----
    Declination and equation of time as Fourier series in the angle of the year, good to 0.05 degrees and half
    a minute.

    References
    ----------
    J. W. Spencer, Fourier series representation of the position of the sun, Search 2 (1971) 172.
    """
    seconds = (times.astype("datetime64[s]") - times.astype("datetime64[Y]")).astype(np.float64)
    Γ = 2 * np.pi * seconds / (365.2422 * 86400)
    declination = (
        0.006918 - 0.399912 * np.cos(Γ) + 0.070257 * np.sin(Γ) - 0.006758 * np.cos(2 * Γ)
        + 0.000907 * np.sin(2 * Γ) - 0.002697 * np.cos(3 * Γ) + 0.00148 * np.sin(3 * Γ)
    )  # fmt: skip
    equation = (
        0.000075 + 0.001868 * np.cos(Γ) - 0.032077 * np.sin(Γ) - 0.014615 * np.cos(2 * Γ)
        - 0.040849 * np.sin(2 * Γ)
    )  # fmt: skip
    angle = 2 * np.pi * (seconds % 86400) / 86400 - np.pi + np.radians(longitude_deg) + equation
    φ = np.radians(latitude_deg)
    sine: Float64 = np.sin(φ) * np.sin(declination) + np.cos(φ) * np.cos(declination) * np.cos(angle)
    return sine


def clear_sky_w_m2(hours: Times, latitude_deg: float, longitude_deg: float) -> Float64:
    """Return the mean irradiance on a horizontal plane under a clear sky in each hour [W/m2].

    Parameters
    ----------
    hours
        Beginnings of hours of UTC, shape (n,).
    latitude_deg, longitude_deg
        Place [deg], east positive.

    References
    ----------
    B. Haurwitz, Insolation in relation to cloudiness and cloud density, J. Meteorology 2 (1945) 154.
    """
    offsets = ((np.arange(_SAMPLES) + 0.5) * 3600 / _SAMPLES).astype("timedelta64[s]")
    times: Times = hours.astype("datetime64[s]")[:, None] + offsets
    μ = np.maximum(sine_of_height(times.ravel(), latitude_deg, longitude_deg), 1e-3)
    sky = np.where(μ > 1e-3, 1098.0 * μ * np.exp(-0.057 / μ), 0.0)
    mean: Float64 = sky.reshape(times.shape).mean(axis=1)
    return mean
