"""How an award burns down, and what is said of it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plans import HOUR, plan, plan_text

from exatwin.catalogue.batch import Quota
from exatwin.catalogue.calls import load_call
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.applying.award import Award, award_for, hours_an_hour, later, track_for
from exatwin.study.applying.burn_down import CASES, Burn, burn, burn_down
from exatwin.study.applying.calendar_check import check_calendar
from exatwin.study.applying.work import work_of

FAST_LANE = load_call("ai-factory-fast-lane")
START = date(2027, 1, 1)


def award(hours: float, months: int = 3, carry: int | None = None) -> Award:
    quota = None if carry is None else Quota.model_validate({"carry": carry})
    return Award(FAST_LANE, hours, START, later(START, months), quota)


def test_without_a_quota_hours_run_until_they_are_done() -> None:
    found = burn_down(award(9000.0), Burn(100.0, 100.0, 0.0, 3600.0), START)
    assert [month.used for month in found.months] == [3100.0, 500.0, 0.0]
    assert found.done == date(2027, 2, 6)
    assert found.lapsed == 5400.0


def test_a_quota_holds_a_month_back_and_is_carried_once() -> None:
    speed = Burn(1000.0, 1000.0, 0.0, 9000.0)
    strict = burn_down(award(9000.0, carry=0), speed, START)
    assert [round(month.used) for month in strict.months] == [3100, 2800, 3100]
    assert strict.done == date(2027, 3, 4)
    late = burn_down(award(9000.0, carry=0), speed, date(2027, 3, 1))
    assert late.done is None
    assert late.done_frac == pytest.approx(3100 / 9000)
    kept = burn_down(award(9000.0, carry=1), speed, date(2027, 3, 1))
    assert kept.done_frac == pytest.approx(5900 / 9000)
    assert [round(month.lapsed) for month in kept.months] == [0, 3100, 0]


def test_a_wait_comes_before_the_first_hour() -> None:
    found = burn_down(award(9000.0), Burn(100.0, 100.0, 40.0, 100.0), START)
    assert [month.used for month in found.months] == [0.0, 100.0, 0.0]
    assert found.done == date(2027, 2, 11)


def test_an_award_that_has_ended_says_when() -> None:
    with pytest.raises(InfeasibleError, match=r"ended on 2027-04-01, the run would begin on 2027-04-01: ask"):
        burn_down(award(1.0), Burn(1.0, 1.0, 0.0, 1.0), date(2027, 4, 1))


@settings(max_examples=60, deadline=None)
@given(
    hours=st.floats(1.0, 1e6),
    need=st.floats(1.0, 1e6),
    rate=st.floats(0.1, 1e5),
    wait=st.floats(0.0, 50.0),
    begin=st.integers(0, 150),
    carry=st.sampled_from([None, 0, 1, 2]),
    used=st.floats(0.0, 1e5),
)
def test_hours_are_used_or_lapse_and_none_appears(
    hours: float, need: float, rate: float, wait: float, begin: int, carry: int | None, used: float
) -> None:
    held = award(hours, 6, carry)
    speed = Burn(rate, rate, wait, need)
    found = burn_down(held, speed, date.fromordinal(START.toordinal() + begin), used=used)
    taken = sum(month.used for month in found.months)
    assert taken + found.lapsed == pytest.approx(max(0.0, hours - used), rel=1e-6, abs=1e-6)
    assert taken <= need * (1 + 1e-9)
    assert (found.done is not None) == (taken >= need * (1 - 1e-6))
    assert found.done is None or START <= found.done < held.end
    assert all(month.used <= month.days * rate * (1 + 1e-9) + 1e-9 for month in found.months)
    assert all(month.used <= month.quota + month.carried + 1e-6 for month in found.months)


def test_gpu_hours_of_whole_nodes_and_waits_between_jobs() -> None:
    work = work_of(plan_text(), "plan")
    held = award_for(work, FAST_LANE, START)
    assert (held.hours, held.end) == (50_000.0, date(2027, 4, 1))
    speeds = [burn(work, held, case) for case in CASES]
    assert speeds[1].hours_a_day == 64 * 4 * 24
    assert speeds[1].need == pytest.approx(64 * 4 * 100)
    assert speeds[0].hours_with_waits > speeds[1].hours_with_waits > speeds[2].hours_with_waits
    assert speeds[0].need < speeds[1].need < speeds[2].need


def test_one_gpu_of_a_node_is_billed_as_the_node() -> None:
    """On JUPITER a node burns 96 GPU-h a day, and 5,000 over 61 days are 82."""
    work = work_of(plan_text(nodes=1), "plan")
    held = award_for(work, FAST_LANE, START, hours=5000.0, end=date(2027, 3, 3))
    assert held.hours / held.days == pytest.approx(81.97, abs=0.01)
    assert burn(work, held, "middle").hours_a_day == 96.0


def test_where_nodes_are_shared_only_the_part_that_is_held_counts() -> None:
    document = plan(machine="karolina", nodes=1) | {"asked": {"accelerators": 2}}
    work = work_of(json.dumps(document), "plan")
    assert hours_an_hour(work, FAST_LANE) == 2.0
    alone = work_of(json.dumps(document | {"machine": "jupiter"}), "plan")
    assert hours_an_hour(alone, FAST_LANE) == 4.0


@pytest.mark.parametrize(
    ("hours", "track"),
    [(10.0, "playground"), (100.0, "fast-lane"), (300.0, "large-scale")],
)
def test_a_plan_belongs_to_the_smallest_track_that_gives_as_much(hours: float, track: str) -> None:
    work = work_of(plan_text(time_s=hours * HOUR, interval={}), "plan")
    found, why = track_for(work)
    assert found.name == f"ai-factory-{track}"
    assert f"{work.node_h * 4:,.0f} GPU-h" in why


def test_a_slow_end_beyond_the_track_is_told() -> None:
    work = work_of(plan_text(time_s=190 * HOUR, interval={"time_s": [180 * HOUR, 210 * HOUR]}), "plan")
    found, why = track_for(work)
    assert found.name.endswith("fast-lane")
    assert "the slow end, 53,760, belongs to Large Scale" in why


def test_verdicts_and_what_would_change_them() -> None:
    work = work_of(plan_text(), "plan")
    fits = check_calendar(work, award_for(work, FAST_LANE, START), START)
    assert fits.verdict == "fits"
    assert fits.reason() == ""
    short = check_calendar(work, award_for(work, FAST_LANE, START, hours=20_000.0), START)
    assert short.verdict == "does not fit"
    assert "takes 25,600 GPU-h, the award has 20,000" in short.reason()
    late = check_calendar(work, award_for(work, FAST_LANE, START), date(2027, 3, 30))
    assert "the days do not" in late.reason()
    quota = check_calendar(work, award_for(work, FAST_LANE, START, hours=26_000.0), date(2027, 3, 1))
    assert "not a month's" in quota.reason()
    assert quota.loose.done is not None
    document = quota.document()
    assert document["track"]["call"] == "ai-factory-fast-lane"
    assert document["cases"]["middle"]["done"] is None


def test_a_call_that_counts_gpus_refuses_a_machine_without() -> None:
    work = work_of(plan_text(machine="lumi-c"), "plan")
    with pytest.raises(InfeasibleError, match="counts GPU hours, 'lumi-c' has no GPU"):
        award_for(work, FAST_LANE, START)
    node_h = award_for(work, load_call("eurohpc"), START)
    assert not node_h.given
    assert check_calendar(work, node_h, START).track is None


def test_months_end_where_the_calendar_does() -> None:
    assert later(date(2028, 1, 31), 1) == date(2028, 2, 29)
    with pytest.raises(SpecError, match="beyond the calendar"):
        later(date(2027, 1, 1), 10**6)
    work = work_of(plan_text(), "plan")
    with pytest.raises(SpecError, match="before it begins"):
        award_for(work, FAST_LANE, START, end=START)
