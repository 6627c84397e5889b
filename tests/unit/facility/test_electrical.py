"""Losses of converters at hand-worked points and at their limits."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.plant import ChainStage
from exatwin.facility.electrical import Converter


def test_a_transformer_loses_its_rated_losses_at_full_load():
    # 2,500 kVA, dry type, tier 2: 2,790 W without load, 19,000 W more at full load
    transformer = Converter(2.5e6, 1, 2790 / 2.5e6, 0.0, 19000 / 2.5e6)
    assert transformer.draw_w(0.0) == pytest.approx(2790.0)
    assert transformer.draw_w(2.5e6) - 2.5e6 == pytest.approx(21790.0)
    assert transformer.draw_w(1.25e6) - 1.25e6 == pytest.approx(2790.0 + 19000 / 4)


def test_a_transformer_is_best_where_both_losses_are_equal():
    transformer = Converter(2.5e6, 1, 2790 / 2.5e6, 0.0, 19000 / 2.5e6)
    load = np.linspace(1e4, 2.5e6, 100_001)
    best = load[np.argmax(load / transformer.draw_w(load))]
    assert best == pytest.approx(2.5e6 * np.sqrt(2790 / 19000), rel=1e-4)


def test_a_rectifier_of_frontier_agrees_with_its_affine_law():
    rectifier = Converter(12.5e3, 1, 17 / 0.96 / 12.5e3, 1 / 0.96 - 1, 0.0)
    load = np.array([0.0, 3e3, 12.5e3])
    np.testing.assert_allclose(rectifier.draw_w(load), (load + 17) / 0.96, rtol=1e-14)


@pytest.mark.parametrize("quadratic", [0.0, 1e-12, 0.006])
def test_output_is_the_inverse_of_draw(quadratic):
    converter = Converter(1e5, 3, 0.002, 0.01, quadratic)
    load = np.array([0.0, 1.0, 1e4, 3e5, 4e5])
    np.testing.assert_allclose(converter.output_w(converter.draw_w(load)), load, rtol=1e-12, atol=1e-9)


def test_losses_take_all_of_a_small_input():
    assert Converter(1e5, 1, 0.002, 0.01, 0.0).output_w(150.0) == 0.0


def test_units_that_share_a_load_trade_copper_for_iron():
    one, four = Converter(1e6, 1, 0.001, 0.0, 0.008), Converter(1e6, 4, 0.001, 0.0, 0.008)
    assert four.draw_w(0.0) == pytest.approx(4 * float(one.draw_w(0.0)))
    assert four.draw_w(1e6) - 1e6 == pytest.approx(4 * 1000 + 8000 / 4)


@pytest.mark.parametrize(
    ("load_w", "unit_w", "units"), [(17e6, 2.5e6, 9), (5e6 / 1.2, 2.5e6, 3), (0.1e6, 0.12e6, 2)]
)
def test_sizing_counts_whole_units_and_shrinks_for_a_small_load(load_w, unit_w, units):
    stage = ChainStage.parse(
        {
            "name": "transformer",
            "component": "transformer",
            "carries": "all",
            "heat_to": "outside",
            "unit": "2.5 MW",
            "headroom": 1.2,
            "spare_units": 0 if load_w == 17e6 else 1,
        },
        "test",
    )
    found = Converter.sized(stage, load_w)
    assert (found.unit_w, found.units) == (pytest.approx(unit_w), units)


@pytest.mark.parametrize(
    ("redundancy", "spares", "units", "idle"),
    [
        ("N", "share", 4, 0),
        ("N+1", "share", 5, 0),
        ("N+1", "idle", 4, 1),
        ("2N", "share", 8, 0),
        ("2N", "idle", 4, 4),
    ],
)
def test_redundant_units_share_the_load_or_lose_nothing(redundancy, spares, units, idle):
    stage = ChainStage(
        name="t", component="transformer", carries="all", heat_to="outside", unit_w="2.5 MW",
        no_load_frac=0.001, quadratic_frac=0.008, redundancy=redundancy, spares=spares,
    )  # fmt: skip
    found = Converter.sized(stage, 10e6)
    assert (found.units, found.idle_units) == (units, idle)
    loss = float(found.draw_w(10e6)) - 10e6
    assert loss == pytest.approx(units * 2500.0 + 0.008 * 10e6**2 / (units * 2.5e6))
