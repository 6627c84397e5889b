"""Moist air: saturation, humidity ratio, wet bulb.

References
----------
ASHRAE Handbook of Fundamentals (SI, 2017), chapter 1, equations 5, 6, 20, 33 and 35; the saturation curve is
that of R. W. Hyland and A. Wexler, ASHRAE Transactions 89 (1983) 500.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import ConvergenceError

ZERO_C_K = 273.15
_TRIPLE_K = 273.16
_ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)
_WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
_MASS_RATIO = 0.621945  # molar mass of water over that of dry air


def saturation_pressure_pa(air_k: ArrayLike) -> Float64:
    """Return the saturation pressure of water vapour [Pa], over ice below the triple point.

    Parameters
    ----------
    air_k
        Temperature [K], 173 to 473, any shape.

    Examples
    --------
    >>> round(float(saturation_pressure_pa(293.15)))
    2339
    """
    T = np.asarray(air_k, np.float64)
    return np.where(T <= _TRIPLE_K, _saturation(T, *_ICE)[0], _saturation(T, *_WATER)[0])


def _saturation(
    T: Float64, a: float, b: float, c: float, d: float, e: float, f: float, g: float
) -> tuple[Float64, Float64]:
    """Return the pressure [Pa] and its slope [Pa/K] for one set of coefficients."""
    p = np.exp(a / T + b + T * (c + T * (d + T * (e + T * f))) + g * np.log(T))
    return p, p * (-a / T**2 + c + T * (2 * d + T * (3 * e + T * 4 * f)) + g / T)


def humidity_ratio(air_k: ArrayLike, humidity_frac: ArrayLike, pressure_pa: ArrayLike) -> Float64:
    """Return the mass of water over that of dry air [kg/kg].

    Parameters
    ----------
    air_k, humidity_frac, pressure_pa
        Temperature [K], relative humidity, pressure [Pa], shapes that broadcast.
    """
    vapour = np.asarray(humidity_frac) * saturation_pressure_pa(air_k)
    return np.asarray(_MASS_RATIO * vapour / (np.asarray(pressure_pa) - vapour), np.float64)


def relative_humidity_frac(air_k: ArrayLike, ratio: ArrayLike, pressure_pa: ArrayLike) -> Float64:
    """Return the relative humidity of air that holds `ratio` of water [kg/kg], at most 1."""
    W = np.asarray(ratio, np.float64)
    vapour = np.asarray(pressure_pa) * W / (_MASS_RATIO + W)
    return np.asarray(np.minimum(vapour / saturation_pressure_pa(air_k), 1.0), np.float64)


def wet_bulb_k(air_k: ArrayLike, humidity_frac: ArrayLike, pressure_pa: ArrayLike) -> Float64:
    """Return the thermodynamic wet-bulb temperature [K].

    Parameters
    ----------
    air_k, humidity_frac, pressure_pa
        Temperature [K], relative humidity, pressure [Pa], shapes that broadcast.

    Raises
    ------
    ConvergenceError
        An input lies outside the range of the equations.

    Notes
    -----
    The energy balance of adiabatic saturation is solved by Newton's method over water and, where that ends
    below freezing, over ice. Within a kelvin of freezing both can have a solution; that over water is taken.
    Seen from the dry bulb the balance is convex, so the method comes down without overshoot.

    Examples
    --------
    >>> round(float(wet_bulb_k(303.15, 0.4, 101325.0)) - 273.15, 2)
    20.06
    """
    shape = np.broadcast_shapes(np.shape(air_k), np.shape(humidity_frac), np.shape(pressure_pa))
    T, φ, p = (
        np.ascontiguousarray(np.broadcast_to(np.asarray(x, np.float64), shape)).ravel()
        for x in (air_k, humidity_frac, pressure_pa)
    )
    W = humidity_ratio(T, φ, p)
    bulb = _newton(T, W, p, _WATER, 2501.0, 2.326, 4.186)
    cold = bulb < ZERO_C_K
    if cold.any():
        bulb[cold] = _newton(T[cold], W[cold], p[cold], _ICE, 2830.0, 0.24, 2.1)
    return bulb.reshape(shape)


def _newton(
    T: Float64, W: Float64, p: Float64, curve: tuple[float, ...], heat: float, slope: float, capacity: float
) -> Float64:
    """Return the wet bulb [K] over water or ice.

    Solves (heat - slope t*) Ws(t*) - 1.006 (t - t*) = (heat + 1.86 t - capacity t*) W for t* [°C].
    """
    t = T - ZERO_C_K
    star = t.copy()
    for _ in range(50):
        saturated, rise = _saturation(star + ZERO_C_K, *curve)
        dry = p - saturated
        Ws = _MASS_RATIO * saturated / dry
        dWs = _MASS_RATIO * rise * p / dry**2
        f = (heat - slope * star) * Ws - 1.006 * (t - star) - (heat + 1.86 * t - capacity * star) * W
        df = (heat - slope * star) * dWs - slope * Ws + 1.006 + capacity * W
        step = f / df
        star -= step
        if np.abs(step).max(initial=0.0) < 1e-7:
            return star + ZERO_C_K
    raise ConvergenceError("the wet bulb did not settle: a temperature, humidity or pressure is out of range")
