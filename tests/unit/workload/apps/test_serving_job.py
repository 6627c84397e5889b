"""Serving as a job of a machine."""

from __future__ import annotations

import pytest

from exatwin.catalogue.generic import sized
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.workload.apps.app import APPS, app_of, as_profiles
from exatwin.workload.apps.serving_job import LlmServing
from exatwin.workload.draw import draw


def test_it_launches_reads_and_serves_until_the_end() -> None:
    machine = sized("jupiter", 4)
    run = LlmServing(model="llama-3.1-70b").profile(machine, 2, 7200.0)
    assert [phase.name for phase in run.phases] == ["launch", "read", "serve"]
    assert run.time_s == pytest.approx(7200.0)
    assert run.phases[-1].time_s > 6500.0
    assert any("4 replicas of tp = 2" in said for said in run.assumptions)
    assert LlmServing(model="llama-3.1-70b").profile(machine, 2).time_s == pytest.approx(86400.0)


def test_a_short_job_ends_before_it_serves() -> None:
    run = LlmServing(model="llama-3.1-70b").profile(sized("jupiter", 4), 1, 5.0)
    assert run.time_s == pytest.approx(5.0)
    assert run.phases[-1].name != "serve"


def test_a_busier_service_draws_more() -> None:
    machine = sized("jupiter", 4)
    watts = []
    for load in (0.05, 0.9):
        run = LlmServing(model="llama-3.1-8b", load=load).profile(machine, 1, 1e5)
        watts.append(float(draw(as_profiles([("serve", run)]), machine).nominal_w[-1]))
    assert watts[0] < watts[1]


def test_settings_are_checked_as_files_name_them() -> None:
    assert APPS.get("llm-serving") is LlmServing
    with pytest.raises(SpecError, match="did you mean 'model'"):
        app_of("llm-serving", {"modl": "llama-3.1-8b"}, "test")
    with pytest.raises(SpecError, match="--precision"):
        LlmServing(model="llama-3.1-8b", precision="fp77").profile(sized("jupiter", 4), 1, 100.0)


def test_what_does_not_fit_is_refused() -> None:
    machine = sized("jupiter", 4)
    with pytest.raises(InfeasibleError, match="does not fit on 1 node of 'jupiter'"):
        LlmServing(model="llama-3.1-405b").profile(machine, 1, 100.0)
    with pytest.raises(InfeasibleError, match="nodes asked for"):
        LlmServing(model="llama-3.1-8b").profile(machine, 10**6, 100.0)
