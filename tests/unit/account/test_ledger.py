"""A ledger settled by hand, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from exatwin.account.ledger import settle
from exatwin.catalogue.load import entry, machine
from exatwin.catalogue.site import load_site
from exatwin.catalogue.tariff import Tariff
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.foundation.errors import SimulationError, SpecError
from exatwin.foundation.signal import Signal
from exatwin.schedule.result import Schedule
from exatwin.workload.job import Jobs

END_S = 7200.0
KWH = 3.6e6


@dataclass(frozen=True)
class It:
    """IT energy as the power stage hands it over."""

    total_w: Signal
    by_part_j: dict[str, float]
    job_j: np.ndarray
    idle_j: float


@pytest.fixture(scope="module")
def it():
    """Two hours: 5 MW, then 15 MW; one job takes 80 % of it."""
    total = Signal([0.0, 3600.0, END_S], [5e6, 15e6], "W")
    joules = total.integral()
    parts = {"accelerator": 0.7 * joules, "conversion": 0.05 * joules, "board": 0.25 * joules}
    return It(total, parts, np.array([0.8 * joules, 0.0]), 0.2 * joules)


@pytest.fixture(scope="module")
def market():
    return SimpleNamespace(
        price_eur_j=Signal([0.0, 3600.0, END_S], [0.10 / KWH, 0.20 / KWH], "EUR/J"),
        carbon_kgco2e_j=Signal.constant(0.4 / KWH, 0.0, END_S, "kgCO2e/J"),
        source="by hand",
    )


@pytest.fixture(scope="module")
def facility(it):
    weather = SimpleNamespace(
        air_k=Signal([0.0, 3600.0, END_S], [280.0, 306.0], "K"),
        wet_bulb_k=Signal([0.0, 3600.0, END_S], [278.0, 294.0], "K"),
    )
    return run_plant(build_plant(load_site("juelich"), machine("jupiter")), it.total_w, weather)


@pytest.fixture(scope="module")
def schedule():
    """A job of 1,000 nodes for an hour and a half, another that never starts."""
    jobs = Jobs(job_id=[1, 2], submit_s=[0, 0], nodes=[1000, 5], limit_s=[7200, 60], runtime_s=[5400, 60])
    never = np.iinfo(np.int64).min
    return Schedule(
        jobs, np.array([1800, never]), np.array([7200, never]), np.array([3, 0], np.uint8), None, 5884
    )


@pytest.fixture(scope="module")
def ledger(it, facility, market, schedule):
    return settle(it, facility, market, machine("jupiter"), schedule, 0.0, END_S)


def test_the_balance_closes_by_three_sums(ledger):
    balance = ledger.balance()
    assert balance.relative < 1e-9
    assert balance.meter_j == pytest.approx(balance.jobs_j, rel=1e-9)
    assert sum(ledger.energy_j.values()) == pytest.approx(ledger.facility_j, rel=1e-9)


@pytest.mark.parametrize("lost", [{"idle_j": 0.0}, {"by_part_j": {"board": 1.0}}, {"job_j": np.zeros(2)}])
def test_a_loss_shows_in_the_balance(it, facility, market, schedule, lost):
    broken = settle(replace(it, **lost), facility, market, machine("jupiter"), schedule, 0.0, END_S)
    assert broken.balance().relative > 0.1


def test_energy_stands_by_place(ledger, it):
    assert ledger.it_j == pytest.approx((5e6 + 15e6) * 3600)
    assert set(ledger.overheads_j) == {
        "distribution",
        "transformer",
        "pumps",
        "fans",
        "room cooling",
        "fixed",
    }
    assert set(ledger.energy_j) == set(it.by_part_j) | set(ledger.overheads_j)
    assert 0 < ledger.rack_losses_j["rectifier"] < 0.1 * ledger.it_j
    assert ledger.pue == pytest.approx(ledger.facility_j / ledger.it_j)


def test_node_hours_and_the_sites_own_unit(ledger):
    assert ledger.node_h.allocated == pytest.approx(1500.0)
    assert ledger.node_h.available == pytest.approx(2 * 5884)
    assert ledger.node_h.idle == pytest.approx(2 * 5884 - 1500)
    assert (ledger.billed, ledger.billing_unit) == (pytest.approx(288 * 1500), "core-h")
    assert ledger.facility_j_per_node_h == pytest.approx(ledger.facility_j / 1500)


def test_money_and_carbon_by_the_hour(ledger, facility):
    watts = facility.signals["facility_w"]
    first, second = watts.integral(0, 3600) / KWH, watts.integral(3600, END_S) / KWH
    assert ledger.cost_parts_eur["energy"] == pytest.approx(0.10 * first + 0.20 * second)
    assert ledger.cost_eur == pytest.approx(sum(ledger.cost_parts_eur.values()))
    assert ledger.compared_eur == {"flat-020": pytest.approx(0.20 * (first + second))}
    assert ledger.carbon_kgco2e == pytest.approx(0.4 * (first + second))
    assert ledger.cue_kgco2e_j == pytest.approx(ledger.carbon_kgco2e / ledger.it_j)


def test_water_is_that_of_the_hot_hour(ledger, facility):
    assert facility.signals["water_kg_s"].at([0.0])[0] == 0.0
    assert ledger.water_kg == pytest.approx(facility.signals["water_kg_s"].integral(3600, END_S))
    assert ledger.wue_kg_j == pytest.approx(ledger.water_kg / ledger.it_j)
    assert ledger.water_kg > 0


def test_another_tariff_may_be_settled(it, facility, market, schedule):
    flat = entry(Tariff, "tariffs", "flat-020")
    ledger = settle(it, facility, market, machine("jupiter"), schedule, 0.0, END_S, tariff=flat)
    assert ledger.cost_eur == pytest.approx(0.20 * ledger.facility_j / KWH)
    assert ledger.compared_eur == {}


def test_plain_data_survives_json(ledger):
    plain = json.loads(json.dumps(ledger.to_dict(), allow_nan=False))
    assert plain["pue"] == pytest.approx(ledger.pue)
    assert plain["node_h"]["allocated"] == pytest.approx(1500.0)
    assert plain["balance"]["relative"] < 1e-9
    assert "EN 50600-4-2" in plain["basis"]["pue"]


def test_another_time_than_that_of_the_power_is_refused(it, facility, market, schedule):
    with pytest.raises(SimulationError, match="they must be the same"):
        settle(it, facility, market, machine("jupiter"), schedule, 0.0, 3600.0)


def test_a_market_that_ends_early_is_refused(it, facility, market, schedule):
    short = SimpleNamespace(
        price_eur_j=market.price_eur_j.clip(0.0, 3600.0),
        carbon_kgco2e_j=market.carbon_kgco2e_j,
        source="short",
    )
    with pytest.raises(SpecError, match="market price covers 0 s to 3600 s"):
        settle(it, facility, short, machine("jupiter"), schedule, 0.0, END_S)


def test_a_machine_at_rest_has_no_ratios(facility, market, schedule):
    idle = It(Signal.constant(0.0, 0.0, END_S, "W"), {}, np.zeros(0), 0.0)
    plant = facility.plant
    weather = SimpleNamespace(
        air_k=Signal.constant(280.0, 0, END_S, "K"), wet_bulb_k=Signal.constant(278.0, 0, END_S, "K")
    )
    run = run_plant(plant, idle.total_w, weather)
    ledger = settle(
        idle,
        run,
        market,
        machine("jupiter"),
        schedule.__class__(
            schedule.jobs.take(slice(0, 0)),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0, np.uint8),
            None,
            5884,
        ),
        0.0,
        END_S,
    )
    assert (ledger.pue, ledger.wue_kg_j, ledger.cue_kgco2e_j, ledger.facility_j_per_node_h) == (None,) * 4
    assert ledger.balance().relative < 1e-9
