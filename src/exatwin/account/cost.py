"""Money: energy by hourly market price or flat price, with its fees and levies."""

from __future__ import annotations

from exatwin.account.energy import weighted
from exatwin.catalogue.tariff import PriceKind, Tariff
from exatwin.foundation.signal import Signal


def cost_eur(
    power_w: Signal, tariff: Tariff, price_eur_j: Signal, start_s: float, end_s: float
) -> dict[str, float]:
    """Return what `power_w` costs, by what it is paid for [EUR].

    Parameters
    ----------
    power_w
        Power taken from the grid [W].
    tariff
        How it is priced.
    price_eur_j
        Market price of each hour [EUR/J]; used by hourly tariffs alone.
    start_s, end_s
        The time to settle [s].

    Returns
    -------
    dict
        ``energy`` and each adder of the tariff by name [EUR].

    Raises
    ------
    SpecError
        An hourly tariff lacks a price at some time.
    """
    energy_j = power_w.integral(start_s, end_s)
    if tariff.kind is PriceKind.HOURLY:
        energy = weighted(power_w, price_eur_j, start_s, end_s, "market price")
    else:
        energy = energy_j * (tariff.price_eur_j or 0.0)
    return {"energy": energy} | {adder.name: energy_j * adder.price_eur_j for adder in tariff.adders}
