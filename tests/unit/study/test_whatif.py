"""What if: only what the change moves differs, and both sides see the same jobs."""

import re
from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.report.whatif import amount, lines
from exatwin.report.whatif_page import figure, write
from exatwin.report.whatif_words import in_words
from exatwin.study.centre.asked import asked
from exatwin.study.run import run
from exatwin.study.scenario import Scenario, Trace
from exatwin.study.whatif import ACCOUNTS, SHAKE_S, Difference, WhatIf, whatif

DAY = Scenario().replace("machine", "jeti").replace("days", 1).replace("workload.warmup", "1 day")


@pytest.fixture(scope="module")
def warmer():
    still = DAY.replace("cooling.leakage", "none")
    return whatif(still, {"cooling.supply": "40 degC"}, seeds=2)


def row(rows, name):
    return next(each for each in rows if each.name == name)


def test_warmer_water_moves_the_building_and_leaves_the_jobs(warmer):
    assert row(warmer.figures, "facility_energy_j").difference < 0
    assert row(warmer.figures, "pue").sure
    for name in ("energy_j", "mean_wait_s", "jobs_started", "node_h"):
        assert row(warmer.figures, name).same


def test_leakage_turns_what_warmer_water_saves_into_more(warmer):
    found = whatif(DAY, {"cooling.supply": "40 degC"}, seeds=2)
    assert row(found.figures, "energy_j").low > 0
    assert row(found.figures, "facility_energy_j").difference > 0
    assert row(found.figures, "pue").difference == pytest.approx(
        row(warmer.figures, "pue").difference, abs=5e-4
    )


def test_another_order_moves_waits_and_has_a_range():
    found = whatif(DAY, {"schedule.policy": "ljf", "schedule.backfill": "none"}, seeds=3)
    wait = row(found.figures, "mean_wait_s")
    assert wait.difference > 0
    assert wait.low <= wait.difference <= wait.high
    assert len(found.by_size) >= 2


def test_customers_and_contracts_show_what_they_bring(warmer):
    found = whatif(DAY, {"heat_reuse.demand": "100 kW", "supply.ppa.wind": "100 kW"}, seeds=1)
    heat, pumps, erf = (row(found.figures, name) for name in ("heat_given_j", "heat_pump_j", "erf"))
    assert heat.base == pumps.base == erf.base == 0.0
    assert 0 < pumps.changed < heat.changed
    assert 0 < erf.changed < 1
    balance, matched = (row(found.figures, f"renewable_{kind}_frac") for kind in ("balance", "matched"))
    assert 0 < matched.changed <= balance.changed <= 1
    assert row(found.figures, "grid_j").base == row(found.figures, "facility_energy_j").base
    assert row(found.figures, "grid_j").difference < 0
    assert "heat sold" in "\n".join(lines(found))
    assert not {"erf", "grid_j", "renewable_balance_frac"} & {each.name for each in warmer.figures}


def test_people_read_what_stays_the_same(warmer):
    told = "\n".join(lines(warmer))
    assert "cooling.supply = 40 degC" in told
    assert "the same in every seed: energy of the IT" in told


def test_the_page_stands_alone(warmer, tmp_path):
    path = tmp_path / "what.html"
    write(warmer, path)
    text = path.read_text("utf-8")
    assert "What if cooling.supply = 40 degC?" in text
    assert "src=" not in text.split("</script>")[-1]


def test_jobs_of_a_machine_of_the_catalogue_are_those_drawn_alone():
    from exatwin.study.centre.asked import _Draw

    for seed in (3, 4):  # the second shares what its jobs do with the first
        day = DAY.replace("seed", seed)
        found = asked(day, machine("jeti"))
        draw = _Draw("jeti", day.workload.mix, day.start, -86400, 86400, None, seed)
        jobs, profiles = draw.jobs(machine("jeti"))
        assert found.jobs.submit_s.tolist() == jobs.submit_s.tolist()
        assert found.jobs.profile.tolist() == jobs.profile.tolist()
        assert len(found.profiles) == len(profiles)


def test_one_seed_has_no_range():
    found = whatif(DAY, {"cooling.supply": "40 degC"}, seeds=1)
    assert all(each.low is None for each in found.figures)
    assert found.document()["seeds"] == [0]


def test_accounts_are_those_with_most_node_hours_of_all_that_wait_in_every_run():
    found = whatif(DAY, {"schedule.policy": "ljf"}, seeds=2)
    names = [each.name for each in found.by_account]
    assert names == [each.name for each in found.hours_by_account]
    assert 4 <= len(names) <= ACCOUNTS
    hours = [each.base + each.changed for each in found.hours_by_account]
    assert hours == sorted(hours, reverse=True)
    each_run = []
    for policy in ("fcfs", "ljf"):
        for seed in (0, 1):
            result = run(DAY.replace("schedule.policy", policy).replace("seed", seed))
            jobs, schedule = result.jobs, result.schedule
            begun = schedule.started & (schedule.start_s >= 0)
            each_run.append({f"account {one}" for one in jobs.account[begun] if one >= 0})
    always = set.intersection(*each_run)
    assert set(names) <= always
    assert len(names) == min(ACCOUNTS, len(always))
    assert sum(each.base for each in found.hours_by_account) <= row(found.figures, "node_h").base * (1 + 1e-9)
    assert "node_h_by_account" in found.document()
    assert "node-hours by account" in "\n".join(lines(found))


@pytest.mark.parametrize(
    ("many", "told"),
    [(1.0, "1 job asks"), (1.0004, "1 job asks"), (2.0, "2 jobs ask "), (0.5, "0.5 jobs ask ")],
)
def test_one_job_asks_and_several_ask(many, told):
    beyond = Difference("jobs_beyond_cap", "1", 0.0, many, 0.0, 2.0)
    found = WhatIf(DAY, (("power.cap", "13 MW"),), (0, 1), (beyond,), (), ())
    assert in_words(found, amount)[0].startswith(told)


def test_who_is_hit_least_is_told_only_where_all_are_sure():
    def row_of(name, low, mean, high):
        return Difference(name, "s", 0.0, mean, low, high)

    sure = (row_of("account 1", 60.0, 120.0, 180.0), row_of("account 2", 6.0, 60.0, 120.0))
    less = (*sure, row_of("account 3", -60.0, -6.0, 60.0))
    moved = (row_of("mean_wait_s", 60.0, 120.0, 180.0),)
    told = [
        in_words(WhatIf(DAY, (("days", 2),), (0, 1), moved, (), rows), amount)[-1] for rows in (sure, less)
    ]
    assert told[0] == "Hit hardest: account 1, 2.0 min longer; hit least: account 2, 1.0 min longer."
    assert told[1] == "Hit hardest: account 1, 2.0 min longer."


def test_a_change_that_moves_nothing_says_so():
    still = Difference("energy_j", "J", 1.0, 1.0, 0.0, 0.0)
    weights = WhatIf(DAY, (("schedule.slurm.priority_weight_age", "9000"),), (0, 1), (still,), (), ())
    told = in_words(weights, amount)
    assert told == [
        "Nothing changes in any of the 2 seeds. "
        "Priorities count with schedule.policy = multifactor; here it is fcfs."
    ]
    placed = WhatIf(DAY, (("step", "15 min"),), (0,), (still,), (), ())
    assert in_words(placed, amount) == ["Nothing changes."]


def test_a_range_that_ends_at_nothing_is_drawn_to_nothing():
    half = Difference("node_h", "node-h", 100.0, 110.0, 0.0, 20.0)
    drawn = figure(WhatIf(DAY, (("days", 2),), (0, 1), (half,), (), ()))
    assert drawn.data[1].error_x.arrayminus == (10.0,)
    assert drawn.data[1].error_x.array == (10.0,)


def test_nothing_changed_and_unknown_keys_are_refused():
    with pytest.raises(SpecError, match="nothing is changed"):
        whatif(DAY, {})
    with pytest.raises(SpecError, match=r"cooling\.supply"):
        whatif(DAY, {"cooling.suply": "40 degC"})
    with pytest.raises(SpecError, match="expected seeds below"):
        whatif(DAY.replace("seed", 2**63 - 1), {"cooling.supply": "40 degC"}, seeds=2)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (7200.0, "s", "2.00 h"),
        (-90.0, "s", "-1.5 min"),
        (3.6e9, "J", "1.000 MWh"),
        (-4e8, "J", "-0.111 MWh"),
        (3.6e12, "J", "1,000.0 MWh"),
        (1500.0, "kgCO2e", "1.5 t CO2e"),
    ],
)
def test_amounts_are_what_people_read(value, unit, text):
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("changes", "kind", "told"),
    [
        ({"power.cap": "1 kW"}, InfeasibleError, "below its idle power of"),
        ({"reservations": "maintenance:all@9d/8h"}, SpecError, "starts after the window"),
        ({"reservations": "99999 nodes@1h/8h"}, SpecError, "larger than the machine"),
        ({"schedule.policy": "sfj"}, SpecError, "did you mean 'sjf'?"),
        ({"schedule.placement": "none", "schedule.switches": "2@1h"}, SpecError, "who holds which node"),
        ({"weather": "nowhere"}, SpecError, "unknown weather"),
        ({"market.prices": "none.csv"}, SpecError, "none.csv"),
        ({"failures": "cdu:999@1h/1h"}, SpecError, "cdu"),
        ({"reliability.spares": 10**6}, SpecError, "fewer than"),
        ({"schedule.slurm.conf": "none.conf", "schedule.backfill": "slurm"}, SpecError, "none.conf"),
        ({"facility": False, "power.cap": "1 kW"}, InfeasibleError, "below its idle power of"),
    ],
)
def test_what_can_not_be_is_told_before_anything_runs(changes, kind, told, monkeypatch):
    def runs(*_):
        raise AssertionError("a run began")

    monkeypatch.setattr("exatwin.study.whatif.both", runs)
    with pytest.raises(kind, match=told):
        whatif(DAY, changes, seeds=2)


def test_accounts_of_a_log_go_by_their_names():
    log = Path(__file__).parents[3] / "examples/sample_sacct.txt"
    week = Scenario(machine="jedi", facility=False, trace=Trace(path=str(log)))
    found = whatif(week, {"schedule.policy": "sjf"}, seeds=1)
    assert found.by_account
    assert all(re.fullmatch(r"account a\d{3}", each.name) for each in found.by_account)


def test_seeds_of_a_log_move_its_submissions_alike_with_and_without():
    log = Path(__file__).parents[3] / "examples/sample_sacct.txt"
    week = Scenario(machine="jedi", facility=False, trace=Trace(path=str(log)))
    found = whatif(week, {"schedule.policy": "sjf"}, seeds=3)
    wait = row(found.figures, "mean_wait_s")
    assert found.shake_s == SHAKE_S
    assert wait.low < wait.high
    assert f"up to {SHAKE_S / 60:g} min" in "\n".join(lines(found))
    as_it_was = whatif(week, {"schedule.policy": "sjf"}, seeds=1)
    assert as_it_was.shake_s == 0.0
    recorded = week.replace("trace.as_recorded", True)
    assert whatif(recorded, {"machine": "jeti"}, seeds=2).shake_s == 0.0


def test_a_shaken_log_has_the_same_jobs_a_little_later():
    log = Path(__file__).parents[3] / "examples/sample_sacct.txt"
    week = Scenario(machine="jedi", trace=Trace(path=str(log)))
    still, moved = (asked(each, machine("jedi")).jobs for each in (week, week.replace("trace.shake", "90 s")))
    assert moved.submit_s.min() == still.submit_s.min()
    assert np.all(np.diff(moved.submit_s) >= 0)
    order, other = np.argsort(still.job_id), np.argsort(moved.job_id)
    later = moved.submit_s[other] - still.submit_s[order]
    assert later.min() == 0
    assert 60 < later.max() <= 90
    assert np.array_equal(moved.runtime_s[other], still.runtime_s[order])


def test_what_a_megawatt_hour_costs_is_said_of_jobs_that_are_held():
    price = Difference("price_eur_j", "EUR/J", 142e0 / 3.6e9, 140.5 / 3.6e9, -2.0 / 3.6e9, -1.0 / 3.6e9)
    told = [
        in_words(WhatIf(DAY, changes, (0, 1), (price,), (), ()), amount)
        for changes in ((("schedule.hold", "price"),), (("schedule.policy", "sjf"),))
    ]
    assert told == [["A MWh costs 140.5 EUR instead of 142 EUR."], []]


def test_hours_and_node_hours_that_are_lost_are_said():
    lost = Difference("lost_node_h", "node-h", 0.0, 1200.0, 1000.0, 1400.0)
    used = Difference("node_h", "node-h", 10000.0, 12000.0, 1500.0, 2500.0)
    told = in_words(WhatIf(DAY, (("days", 2),), (0, 1), (used, lost), (), ()), amount)
    assert told == ["1,200 node-h are lost to limits and failures, 10.0% of those in use."]
    assert amount(0.0915, "h") == "5.5 min"


def test_who_still_waits_when_the_window_closes_is_said():
    left = Difference("jobs_left", "1", 95.0, 172.0, 40.0, 110.0)
    longest = Difference("longest_left_s", "s", 36000.0, 360000.0, 1.0, 2.0)
    told = in_words(WhatIf(DAY, (("days", 2),), (0, 1), (left, longest), (), ()), amount)
    assert told == ["172 jobs wait when the window closes instead of 95, the longest for 100.00 h."]
