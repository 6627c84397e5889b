"""Supply: parks, battery and grid settled together; hour by hour never more is met than on balance."""

from datetime import UTC, datetime

import numpy as np
import pytest

from exatwin.account.market import synthetic_market
from exatwin.account.supply import supplied
from exatwin.catalogue.site import load_site
from exatwin.catalogue.supply import Contracts, Supply, load_supply_terms
from exatwin.facility.renewables import solar_power_w, wind_power_w
from exatwin.facility.weather import synthetic_weather
from exatwin.foundation.signal import Signal

START = datetime(2026, 4, 1, tzinfo=UTC)
END = 14 * 86400.0
SITE = load_site("juelich")
WEATHER = synthetic_weather("juelich", START, END)
MARKET = synthetic_market("de", START, END)
LOAD = Signal([0.0, END], [13e6], "W")


def run(**chosen):
    return supplied(LOAD, WEATHER, MARKET, SITE.prices(), SITE, Supply(**chosen), START)


def test_without_anything_the_bill_is_that_of_the_grid():
    from exatwin.account.cost import cost_eur

    done = run(grid_limit_w="20 MW")
    alone = cost_eur(LOAD, SITE.prices(), MARKET.price_eur_j, 0.0, END)
    assert done.cost_parts_eur == pytest.approx(alone)
    assert done.matched_frac == done.balance_frac == 0.0


def test_energy_balances_over_the_fortnight():
    done = run(ppa=Contracts(wind_w="30 MW", solar_w="20 MW"), battery_j="40 MWh", engine_w="3 MW")
    s = done.signals
    given = s["grid_w"] + s["wind_w"] + s["solar_w"] + s["engine_w"] + s["battery_w"]
    taken = s["fed_in_w"] + s["unused_w"]
    np.testing.assert_allclose((given - taken).values, 13e6, rtol=1e-6)


def test_matched_is_less_than_balanced_and_a_battery_raises_it():
    parks = Contracts(wind_w="40 MW", solar_w="30 MW")
    bare, stored = run(ppa=parks), run(ppa=parks, battery_j="80 MWh", objective="carbon")
    assert 0.0 < bare.matched_frac < bare.balance_frac <= 1.0
    assert bare.matched_frac < stored.matched_frac <= stored.balance_frac + 1e-9
    assert stored.market_kgco2e < bare.market_kgco2e


def test_least_cost_costs_no_more_than_least_carbon():
    parks = Contracts(wind_w="30 MW")
    cheap = run(ppa=parks, battery_j="40 MWh", engine_w="5 MW")
    clean = run(ppa=parks, battery_j="40 MWh", engine_w="5 MW", objective="carbon")
    assert sum(cheap.cost_parts_eur.values()) < sum(clean.cost_parts_eur.values())
    assert clean.market_kgco2e < cheap.market_kgco2e


def test_guarantees_of_origin_count_in_the_market_and_not_at_the_location():
    plain, green = run(grid_limit_w="20 MW"), run(origin_frac=1.0)
    assert green.location_kgco2e == pytest.approx(plain.location_kgco2e)
    assert green.market_kgco2e == pytest.approx(0.0)
    assert green.balance_frac == pytest.approx(1.0)
    assert green.matched_frac == 0.0
    assert green.cost_parts_eur["guarantees of origin"] == pytest.approx(13e6 * END / 3.6e9)


def test_parks_stay_within_their_rating_and_the_sun_sets():
    terms, edges = load_supply_terms(), np.arange(0.0, END + 1, 3600.0)
    wind = wind_power_w(10e6, WEATHER, terms.wind, edges)
    sun = solar_power_w(10e6, WEATHER, terms.solar, SITE, START, edges)
    assert 0.0 <= wind.min() <= wind.max() <= 10e6
    assert 0.0 <= sun.min() <= sun.max() <= 10e6
    night = (np.arange(len(sun)) % 24 >= 22) | (np.arange(len(sun)) % 24 < 3)
    assert sun[night].max() == 0.0
    noon = (np.arange(len(sun)) % 24 >= 10) & (np.arange(len(sun)) % 24 < 13)
    assert sun[noon].mean() > 2 * sun[~night & ~noon].mean()


def test_what_a_scenario_sets_goes_over_what_the_site_has():
    site = Supply(ppa=Contracts(wind_w="10 MW", solar_w="5 MW"), battery_j="1 MWh")
    both = Supply(ppa=Contracts(wind_w="30 MW")).over(site)
    assert (both.ppa.wind_w, both.ppa.solar_w, both.battery_j) == (30e6, 5e6, 3.6e9)
    assert Supply().plain
    assert not both.plain


def test_people_read_both_shares_of_renewable_energy():
    from exatwin.report.summary import summary_text
    from exatwin.study.run import run as run_scenario
    from exatwin.study.scenario import Scenario

    day = Scenario().replace("machine", "jedi").replace("days", 2).replace("supply.ppa.wind", "50 kW")
    told = summary_text(run_scenario(day), 1.0)
    assert "on the balance" in told
    assert "hour by hour" in told


def test_contracts_lower_what_the_market_counts_and_not_what_the_place_does():
    from exatwin.account.carbon import location_based_kgco2e

    wind = run(ppa=Contracts(wind_w="10 MW"))
    alone = location_based_kgco2e(LOAD, MARKET.carbon_kgco2e_j, 0.0, END)
    assert wind.location_kgco2e == pytest.approx(alone)
    assert wind.market_kgco2e < 0.99 * alone
