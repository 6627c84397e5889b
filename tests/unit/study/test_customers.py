"""Customers of heat in a scenario: from which day, how much, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.catalogue.reuse import Boundary
from exatwin.catalogue.site import load_site
from exatwin.facility.plant import build_plant
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.signal import Signal
from exatwin.study.customers import HEAT_SIGNALS, HeatReuseChange, customers
from exatwin.study.run import run
from exatwin.study.scenario import Scenario
from exatwin.study.store import load

JUELICH = load_site("juelich").plant()


def change(**values) -> HeatReuseChange:
    return HeatReuseChange.parse(values, "here")


def test_without_a_change_the_customers_are_the_sites_own():
    assert change().over(JUELICH.reuse, "jupiter") is JUELICH.reuse
    assert change().over(None, "none") is None


def test_a_demand_that_is_stated_begins_at_once():
    assert JUELICH.reuse.begins == "2028-01-01"
    found = change(demand="20 MW").over(JUELICH.reuse, "jupiter")
    assert (found.demand_w, found.begins) == (20e6, "")
    assert change(boundary="inside").over(JUELICH.reuse, "jupiter").boundary is Boundary.INSIDE
    dated = change(demand="20 MW", begins="2028-01-01").over(JUELICH.reuse, "jupiter")
    assert (dated.demand_w, dated.begins) == (20e6, "2028-01-01")
    with pytest.raises(SpecError, match="must be a day in ISO 8601, such as 2028-01-01"):
        change(begins="next year")


def test_the_announced_start_holds_for_a_site_that_states_its_demand():
    plant = build_plant(load_site("juelich"), machine("jupiter"))
    stated = plant.cooling.model_copy(update={"reuse": JUELICH.reuse.model_copy(update={"demand_w": 5e6})})
    plant = type(plant)(**(vars(plant) | {"cooling": stated}))
    air = Signal.constant(268.15, 0.0, 86400.0, "K")
    before = customers(change(), plant, air, datetime(2027, 12, 31, tzinfo=UTC))[1]
    after = customers(change(), plant, air, datetime(2028, 1, 1, tzinfo=UTC))[1]
    assert np.all(before.values == 0.0)
    assert np.all(after.values > 0.0)


@pytest.mark.parametrize(
    ("values", "reuse", "error", "match"),
    [
        ({"demand": "1 MW"}, None, SpecError, "describes no network"),
        ({"network_return": "80 degC"}, JUELICH.reuse, SpecError, "network_return"),
    ],
)
def test_changes_that_do_not_fit_are_refused(values, reuse, error, match):
    with pytest.raises(error, match=match):
        change(**values).over(reuse, "some plant")


def test_a_hot_network_without_heat_pump_is_refused():
    plant = build_plant(load_site("juelich"), machine("jupiter"))
    bare = plant.cooling.model_copy(update={"reuse": JUELICH.reuse.model_copy(update={"heat_pump": None})})
    with pytest.raises(InfeasibleError, match="expected a colder network"):
        customers(
            change(demand="1 MW"),
            type(plant)(**(vars(plant) | {"cooling": bare})),
            Signal.constant(270.0, 0.0, 3600.0, "K"),
            datetime(2026, 1, 1, tzinfo=UTC),
        )


@pytest.fixture(scope="module")
def day():
    """A winter day of JEDI with and without customers."""
    asked = Scenario(machine="jedi", days=1.0, start="2026-01-10").replace("workload.warmup", "0 s")
    return run(asked), run(asked.replace("heat_reuse.demand", "20 kW"))


def test_a_run_with_customers_says_what_they_got(day, tmp_path):
    plain, sold = day
    assert plain.ledger.heat == {}
    assert not set(HEAT_SIGNALS) & plain.signals.keys()
    found = sold.ledger.heat
    assert set(HEAT_SIGNALS) <= sold.signals.keys()
    assert found["given_j"] == pytest.approx(sold.signals["heat_given_w"].integral())
    assert 0.0 < found["erf"] < 1.0
    assert sold.ledger.pue <= plain.ledger.pue
    assert "outside the boundary" in sold.ledger.basis["heat"]
    assert sold.ledger.balance().relative < 1e-9
    again = load(sold.save(tmp_path / "sold"))
    assert again.ledger.heat == pytest.approx(found)


def test_the_summary_tells_of_heat_only_where_it_is_sold(day):
    from exatwin.report.summary import summary_text

    plain, sold = (summary_text(result) for result in day)
    assert "heat sold" in sold
    assert "ERF" in sold
    assert "heat sold" not in plain


@pytest.mark.parametrize("boundary", list(Boundary))
def test_the_act_sees_the_same_pue_wherever_heat_pumps_are_metered(boundary):
    from exatwin.study.comply import year_of_operation

    asked = Scenario(machine="jedi", days=1.0, start="2026-01-10").replace("workload.warmup", "0 s")
    sold = run(asked.replace("heat_reuse.demand", "20 kW").replace("heat_reuse.boundary", boundary.value))
    year = year_of_operation(sold, load_site("juelich"), 2026)
    assert sold.ledger.balance().relative < 1e-9
    assert (year.upgrade_j > 0.0) == (boundary is Boundary.INSIDE)
    assert year.pue_without_upgrade < 1.05
    assert year.erf == pytest.approx(sold.ledger.heat["erf"])
