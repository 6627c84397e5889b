"""Bills by hand."""

from __future__ import annotations

import pytest

from exatwin.account.cost import cost_eur
from exatwin.catalogue.load import entry, names
from exatwin.catalogue.tariff import PriceKind, Tariff
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

KWH = 3.6e6
POWER = Signal.constant(1000.0, 0.0, 7200.0, "W")
PRICE = Signal([0.0, 3600.0, 7200.0], [0.10 / KWH, -0.04 / KWH], "EUR/J")


def test_a_flat_bill_needs_no_market():
    flat = entry(Tariff, "tariffs", "flat-020")
    nothing = Signal.constant(float("nan"), 0.0, 1.0, "EUR/J")
    assert cost_eur(POWER, flat, nothing, 0.0, 7200.0) == {"energy": pytest.approx(0.40)}


def test_an_hourly_bill_follows_the_market_even_below_zero():
    tariff = entry(Tariff, "tariffs", "de-day-ahead")
    bill = cost_eur(POWER, tariff, PRICE, 0.0, 7200.0)
    assert bill["energy"] == pytest.approx(0.10 - 0.04)
    assert bill["electricity tax"] == pytest.approx(2 * 0.0205)
    assert sum(bill.values()) == pytest.approx(0.06 + 2 * tariff.adders_eur_j * KWH)


def test_every_tariff_loads_with_its_sources():
    for name in names("tariffs"):
        tariff = entry(Tariff, "tariffs", name)
        assert tariff.name == name
        assert (tariff.kind is PriceKind.FLAT) == (tariff.price_eur_j is not None)
        assert tariff.citations()


@pytest.mark.parametrize(
    "document",
    [
        {"name": "x", "title": "x", "kind": "flat"},
        {"name": "x", "title": "x", "kind": "hourly", "price": {"value": "1 EUR/kWh"}},
    ],
)
def test_a_price_must_fit_its_kind(document):
    if "price" in document:
        document = {**document, "sources": {"S": {"title": "s"}}}
        document["price"] = document["price"] | {"source": "S", "quality": "assumed"}
    with pytest.raises(SpecError, match="a flat tariff needs a 'price'"):
        Tariff.parse(document, "x.toml")
