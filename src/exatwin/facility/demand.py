"""How much heat the customers of a network ask for, from the weather and the hour."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from exatwin.catalogue.reuse import HeatProfile, HeatReuse, heat_profile
from exatwin.facility._kernel import lag
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

HOUR_S = 3600.0


def heat_demand_w(reuse: HeatReuse, air_k: Signal, start: datetime) -> Signal:
    r"""Return what the customers ask for [W], hour by hour, zero before ``reuse.begins``.

    Parameters
    ----------
    reuse
        How large the demand is, of what kind and from when.
    air_k
        Outdoor temperature [K].
    start
        The instant of time 0, UTC.

    Raises
    ------
    SpecError
        The temperature has a gap.

    Notes ----- With :math:`\bar T` the outdoor temperature averaged exponentially over ``memory``, the
    demand over that at ``design`` is :math:`b + (1 - b)\,\mathrm{clip}((T_l - \bar T) / (T_l - T_d), 0, 1)`
    times the factor of the hour.
    """
    profile = heat_profile(reuse.profile)
    hours = air_k.mean(HOUR_S)
    if not np.all(np.isfinite(hours.values)):
        raise SpecError("the weather's air_k has a gap: expected a finite value at every time")
    clock = (start.hour * HOUR_S + start.minute * 60.0 + start.second + hours.edges_s[:-1]) % 86400.0
    factor = np.asarray(profile.hours)[(clock // HOUR_S).astype(np.int64) % 24]
    asked = reuse.demand_w * demand_frac(profile, hours.values) * factor
    if reuse.begins:
        from_s = (date.fromisoformat(reuse.begins) - start.date()).days * 86400.0
        asked = np.where(hours.edges_s[:-1] + clock[0] - hours.start_s >= from_s, asked, 0.0)
    return Signal(hours.edges_s, asked, "W")


def demand_frac(profile: HeatProfile, air_k: Float64) -> Float64:
    """Return the demand over that at ``design`` for outdoor temperatures [K] of consecutive hours."""
    first = air_k[: max(1, int(profile.memory_s // HOUR_S))].mean()
    fresh = np.zeros(len(air_k) + 1)
    fresh[0] = 1.0
    smooth = lag(np.append(first, air_k), fresh, HOUR_S, profile.memory_s)[1:]
    cold = np.clip((profile.limit_k - smooth) / (profile.limit_k - profile.design_k), 0.0, 1.0)
    found: Float64 = profile.base_frac + (1.0 - profile.base_frac) * cold
    return found
