"""Accounts add up however time is cut, and balances close at any load."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.account.energy import weighted
from exatwin.account.ledger import settle
from exatwin.catalogue.load import machine
from exatwin.catalogue.site import load_site
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.foundation.signal import Signal
from exatwin.schedule.result import Schedule
from exatwin.workload.job import Jobs

PLANT = build_plant(load_site("juelich"), machine("jupiter"))
END_S = 10800.0

pieces = st.lists(st.tuples(st.integers(1, 5000), st.floats(0.0, 20e6)), min_size=1, max_size=12)
prices = st.lists(st.floats(-1e-7, 1e-6), min_size=3, max_size=3)


def power(content):
    edges = np.concatenate(([0], np.cumsum([width for width, _ in content]))).astype(float)
    return Signal(edges * END_S / edges[-1], [watts for _, watts in content], "W")


@given(pieces, prices, st.floats(1.0, END_S - 1.0))
def test_a_bill_is_the_sum_of_its_parts(content, price, cut):
    watts, market = power(content), Signal.steps(price, 3600.0, "EUR/J")
    whole = weighted(watts, market, 0.0, END_S, "price")
    halves = weighted(watts, market, 0.0, cut, "price") + weighted(watts, market, cut, END_S, "price")
    assert halves == pytest.approx(whole, rel=1e-9, abs=1e-3)


@given(pieces, prices)
def test_a_bill_is_the_sum_over_its_hours(content, price):
    watts, market = power(content), Signal.steps(price, 3600.0, "EUR/J")
    hours = [p * watts.integral(3600.0 * i, 3600.0 * (i + 1)) for i, p in enumerate(price)]
    assert weighted(watts, market, 0.0, END_S, "price") == pytest.approx(sum(hours), rel=1e-9, abs=1e-3)


@given(pieces, st.floats(-20.0, 45.0), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5))
def test_the_balance_closes_at_any_load_and_weather(content, air_c, shares):
    total = power(content)
    joules = total.integral()
    weights = np.array(shares) / max(1.0, sum(shares))
    it = SimpleNamespace(
        total_w=total,
        by_part_j={"accelerator": 0.75 * joules, "board": 0.25 * joules},
        job_j=weights * joules,
        idle_j=(1.0 - weights.sum()) * joules,
    )
    air = Signal.constant(air_c + 273.15, 0.0, END_S, "K")
    run = run_plant(PLANT, total, SimpleNamespace(air_k=air, wet_bulb_k=air - 3.0))
    market = SimpleNamespace(
        price_eur_j=Signal.constant(3e-8, 0.0, END_S, "EUR/J"),
        carbon_kgco2e_j=Signal.constant(1e-7, 0.0, END_S, "kgCO2e/J"),
        source="constant",
    )
    jobs = Jobs(job_id=[1], submit_s=[0], nodes=[7], limit_s=[60], runtime_s=[60])
    schedule = Schedule(jobs, np.array([0]), np.array([60]), np.array([3], np.uint8), None, 5884)
    ledger = settle(it, run, market, machine("jupiter"), schedule, 0.0, END_S)
    assert ledger.balance().relative < 1e-9
    assert ledger.carbon_kgco2e == pytest.approx(1e-7 * ledger.facility_j, rel=1e-9)
