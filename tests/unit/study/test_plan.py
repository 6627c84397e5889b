"""``plan llm``: goals and limits are kept, the front falls, and the best is what estimates say of it."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.study.applications.llm import estimate_llm
from exatwin.study.applications.llm_campaign import Campaign
from exatwin.study.applications.plan_answer import command_of, document, hours, lines, show_count
from exatwin.study.applications.plan_counts import counts_of
from exatwin.study.applications.plan_goal import Goal, PlanAnswer
from exatwin.study.plan import plan_llm

DAY_S = 86400.0


@cache
def plan(goal: Goal | None = None) -> PlanAnswer:
    return plan_llm("dgx-h100", "llama-3.1-8b", goal or Goal(tokens=1e12), accelerators="64-512")


def test_the_best_is_what_an_estimate_says_of_it() -> None:
    best = plan().best[0]
    layout = best.candidate.layout
    asked = layout.model_dump(exclude={"stack"})
    told = estimate_llm("dgx-h100", "llama-3.1-8b", asked, Campaign(tokens=1e12))
    assert told.values["iteration_s"] == pytest.approx(best.candidate.step_s, rel=1e-9)
    assert told.extra["campaign"]["time_to_tokens_s"] == pytest.approx(best.time_s, rel=1e-9)
    assert told.extra["campaign"]["energy_j"] == pytest.approx(best.energy_j, rel=1e-9)
    assert told.extra["layout"]["dp"] == layout.dp


def test_the_least_time_takes_the_most_accelerators_and_the_least_energy_few() -> None:
    fast, frugal = plan(), plan(Goal(tokens=1e12, least="energy"))
    assert fast.best[0].accelerators == 512
    assert fast.best[0].time_s < frugal.best[0].time_s
    assert frugal.best[0].energy_j < fast.best[0].energy_j
    assert frugal.best[0].accelerators < 512


def test_a_deadline_takes_the_fewest_accelerator_hours_that_meet_it() -> None:
    fast, slow = plan().best[0], plan(Goal(tokens=1e12, least="hours")).best[0]
    between = (fast.time_s + slow.time_s) / 2.0
    found = plan(Goal(tokens=1e12, deadline_s=between))
    assert found.goal.wanted == "hours"
    assert all(one.time_s <= between for one in found.best)
    assert slow.accelerator_s <= found.best[0].accelerator_s <= fast.accelerator_s
    assert (
        any("deadline" in text for text in lines(found))
        or found.best[0].run["interval"]["time_to_tokens_s"][1] <= between
    )


def test_a_budget_takes_the_least_time_that_keeps_to_it() -> None:
    fast, slow = plan().best[0], plan(Goal(tokens=1e12, least="hours")).best[0]
    budget = (fast.accelerator_s + slow.accelerator_s) / 2.0
    found = plan(Goal(tokens=1e12, budget_s=budget))
    assert found.goal.wanted == "time"
    assert all(one.accelerator_s <= budget for one in found.best)
    assert fast.time_s <= found.best[0].time_s <= slow.time_s


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (
            Goal(tokens=1e12, deadline_s=3600.0),
            r"at least .* the deadline is 1 h: allow .* train on .* tokens",
        ),
        (
            Goal(tokens=1e12, budget_s=3600.0),
            r"at least .* accelerator-hours .* the budget is 1 accelerator-hours",
        ),
        (
            Goal(tokens=1e12, deadline_s=15 * DAY_S, budget_s=3600.0),
            r"accelerator-hours within the deadline on",
        ),
    ],
)
def test_what_cannot_be_says_what_would(goal: Goal, words: str) -> None:
    with pytest.raises(InfeasibleError, match=words) as caught:
        plan(goal)
    assert "\n" not in str(caught.value)


def test_what_is_allowed_then_does_suffice() -> None:
    fast = plan().best[0].time_s
    with pytest.raises(InfeasibleError, match="allow"):
        plan(Goal(tokens=1e12, deadline_s=0.97 * fast))
    assert plan(Goal(tokens=1e12, deadline_s=1.01 * fast)).best[0].time_s <= 1.01 * fast
    assert plan(Goal(tokens=0.96e12, deadline_s=0.97 * fast)).best


def test_a_model_that_fits_nowhere_says_by_how_much() -> None:
    with pytest.raises(
        InfeasibleError, match=r"no plan fits on 8 accelerators; the leanest: .* more than there is"
    ):
        plan_llm("dgx-h100", "llama-3.1-405b", accelerators="8")


def test_the_front_is_a_front() -> None:
    front = plan().front
    assert len(front) > 3
    for fast, slow in pairwise(front):
        assert fast.time_s < slow.time_s
        assert fast.energy_j > slow.energy_j
    assert front[0].time_s == min(one.time_s for one in (*front, *plan().best))


def test_batches_are_respected() -> None:
    small = plan_llm("dgx-h100", "llama-3.1-8b", accelerators="256", max_global_batch=300)
    assert all(one.candidate.layout.global_batch <= 300 for one in small.best)
    exact = plan_llm("dgx-h100", "llama-3.1-8b", accelerators="256", settings={"global_batch": 512})
    assert all(one.candidate.layout.global_batch == 512 for one in exact.best)
    assert small.best[0].time_s > plan_llm("dgx-h100", "llama-3.1-8b", accelerators="256").best[0].time_s


def test_settings_that_are_fixed_stay() -> None:
    fixed = {"tp": 4, "pp": 2, "cp": 1, "recompute": "full", "zero": 1, "micro_batch": 2, "seq": 8192}
    found = plan_llm("dgx-h100", "llama-3.1-8b", accelerators="64", settings={**fixed, "precision": "fp8"})
    for one in found.best:
        layout = one.candidate.layout
        assert {key: getattr(layout, key) for key in fixed} == fixed
        assert layout.precision == "fp8"


def test_zero_bubble_is_planned_when_it_is_asked_for() -> None:
    asked: dict[str, Any] = {"schedule": "zero-bubble", "pp": 8, "tp": 8, "seq": 8192}
    found = plan_llm("dgx-h100", "llama-3.1-70b", accelerators="256", settings=asked)
    assert "--schedule zero-bubble" in command_of(found)
    plain = plan_llm(
        "dgx-h100", "llama-3.1-70b", accelerators="256", settings=asked | {"schedule": None, "vpp": 1}
    )
    assert found.best[0].time_s < plain.best[0].time_s


def test_played_pipelines_stay_near_the_closed_law() -> None:
    answer = plan_llm("dgx-h100", "llama-3.1-405b", accelerators="2048", settings={"seq": 8192})
    for one in answer.best:
        assert one.played is not None
        assert one.played.step_s == pytest.approx(one.played.closed_s, rel=0.06)
        assert len(one.played.in_flight) == one.candidate.layout.pp


def test_the_document_is_plain_data_and_names_its_boundary() -> None:
    found = document(plan())
    assert json.loads(json.dumps(found, allow_nan=False)).keys() == found.keys()
    assert found["energy_boundary"].startswith("the whole run: nodes")
    assert found["interval"]["time_s"][0] < found["best"]["time_s"] < found["interval"]["time_s"][1]
    assert found["searched"]["plans"] <= found["searched"]["combinations"]
    assert found["best"] | {"in_flight": 0} == found["plans"][0] | {"in_flight": 0}
    assert found["estimate"]["iteration_s"] == pytest.approx(found["best"]["iteration_s"])


@pytest.mark.parametrize("goal", [Goal(tokens=0.0), Goal(deadline_s=-1.0), Goal(least="money")])
def test_goals_that_are_none_are_refused(goal: Goal) -> None:
    with pytest.raises(SpecError, match=r"expected|unknown goal"):
        plan_llm("dgx-h100", "llama-3.1-8b", goal, accelerators="64")


def test_counts_of_accelerators() -> None:
    assert counts_of("jupiter", "4,096", whole=True) == [4096]
    assert counts_of("jupiter", "100,64,7", whole=True) == [7, 64, 100]
    whole = counts_of("jupiter", None, whole=True)
    assert whole[-1] == 23536
    assert min(whole) > 0.9 * 23536
    every = counts_of("jupiter", None, whole=False)
    assert every[0] == 4
    assert {1024, 6144, 16384, 23536} <= set(every)
    assert all(larger <= 1.5 * count for count, larger in pairwise(every) if count >= 8)
    assert all(larger <= 1.25 * count for count, larger in pairwise(every) if count >= 16)
    assert counts_of("dgx-h100", None, whole=False)[-1] == 2**20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "expected counts such as"),
        ("-8", "expected counts such as"),
        ("many", "expected counts such as"),
        ("512-64", "smaller count first"),
        ("30000", "expected at most"),
    ],
)
def test_counts_that_are_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        counts_of("jupiter", text, whole=True)


def test_a_kind_of_node_needs_a_count_and_machines_must_be_known() -> None:
    with pytest.raises(SpecError, match="--accelerators is missing"):
        counts_of("dgx-h100", None, whole=True)
    with pytest.raises(CatalogueError, match="unknown machine"):
        counts_of("jupitr", "64", whole=True)


def test_numbers_for_people() -> None:
    assert (hours(3600.0), hours(1.08e10), show_count(2.5e9)) == ("1 GPU-h", "3 M GPU-h", "2.5 G")
