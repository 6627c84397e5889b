"""One job of an application in the river: the same model that answers an estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.foundation.errors import CatalogueError, InfeasibleError, SpecError
from exatwin.study.applications.hpl import estimate_hpl
from exatwin.study.applications.llm import estimate_llm
from exatwin.study.result import Result
from exatwin.study.run import run
from exatwin.study.scenario import Scenario
from exatwin.workload.apps.llm_job import LlmTraining
from exatwin.workload.draw import draw
from exatwin.workload.job import Profiles


def alone(app: str, where: str = "jupiter", days: float = 1.0, **job: Any) -> Result:
    """Return a day of a machine on which nothing runs but one job."""
    workload = {"mix": "none", "job": {"app": app, **job}}
    scenario = Scenario.parse({"machine": where, "days": days, "facility": False, "workload": workload}, "x")
    return run(scenario)


def test_hpl_in_the_river_uses_the_energy_of_its_estimate() -> None:
    said = estimate_hpl("jupiter", n=22_536_192)
    result = alone("hpl", settings={"n": 22_536_192})
    assert result.power is not None
    figures = result.summary()
    assert figures["job_wait_s"] == 0.0
    assert figures["job_time_s"] == pytest.approx(said.values["time_s"], abs=0.5)
    switches_j = result.power.fixed_w * figures["job_time_s"]  # of the whole machine, which it fills
    assert figures["job_energy_j"] + switches_j == pytest.approx(said.values["energy_j"], rel=2e-4)


def test_hpl_on_a_part_of_the_machine_too() -> None:
    said = estimate_hpl("jupiter", nodes=256)
    result = alone("hpl", nodes=256, submit="2 h")
    assert result.power is not None
    figures = result.summary()
    switches_j = result.power.fixed_w * 256 / 5884 * figures["job_time_s"]
    assert figures["job_energy_j"] + switches_j == pytest.approx(said.values["energy_j"], rel=5e-4)
    assert result.schedule.start_s.tolist() == [7200]


def step_energy_j(profiles: Profiles, name: str, nodes: int, runtime_s: float) -> float:
    """Return the energy of the phases in which accelerators train (more than half used) [J]."""
    watts = draw(profiles, machine(name)).nominal_w
    training = profiles.phases.accelerator_frac > 0.4
    return float(np.sum((watts * profiles.phases.share_frac)[training])) * nodes * runtime_s


def test_llm_training_in_the_river_uses_the_energy_of_its_steps() -> None:
    asked = {"tp": 4, "pp": 2, "vpp": 4, "micro_batch": 1, "zero": 1, "recompute": "none"}
    batch = {"seq": 4096, "global_batch": 1024}
    said = estimate_llm("jupiter", "openeurollm-32b", {"accelerators": 256, **asked, **batch})
    steps = 500
    tokens = float(steps * 1024 * 4096)
    settings = {"model": "openeurollm-32b", "tokens": tokens, **asked, **batch}
    result = alone("llm-training", nodes=64, settings=settings)
    assert result.power is not None
    time_s = result.summary()["job_time_s"]
    steps_s, steps_j = steps * said.values["iteration_s"], steps * said.values["energy_j"]
    assert steps_s < time_s < 1.2 * steps_s
    trained_j = step_energy_j(result.profiles, "jupiter", 64, time_s)
    assert trained_j == pytest.approx(steps_j, rel=2e-4)
    assert result.summary()["job_energy_j"] == pytest.approx(
        float(draw(result.profiles, machine("jupiter")).nominal_w @ result.profiles.phases.share_frac)
        * 64 * time_s, rel=5e-4
    )  # fmt: skip


def test_a_training_job_of_a_given_length_fills_it() -> None:
    run_ = LlmTraining(model="openeurollm-32b").profile(machine("jupiter"), 64, 8 * 3600.0)
    assert run_.time_s == pytest.approx(8 * 3600.0, rel=1e-12)
    names = [phase.name for phase in run_.phases]
    assert names[:2] == ["launch", "read"]
    assert names[2:] == ["train", "checkpoint"] * 8
    shorter = LlmTraining(model="openeurollm-32b").profile(machine("jupiter"), 64, 100.0)
    assert [phase.name for phase in shorter.phases] == ["launch"]
    assert shorter.time_s == pytest.approx(100.0)


def test_more_checkpoints_train_less() -> None:
    def trained(hours: float) -> float:
        app = LlmTraining.parse({"model": "openeurollm-32b", "checkpoint_interval": f"{hours} h"}, "x")
        phases = app.profile(machine("jupiter"), 64, 8 * 3600.0).phases
        return sum(phase.time_s for phase in phases if phase.name == "train")

    assert trained(0.25) < trained(1.0) < trained(4.0)


def test_the_other_benchmarks_run_too() -> None:
    assert alone("hpcg", nodes=64).summary()["job_time_s"] == 1800.0
    hpl, mxp = (alone(app, nodes=64).summary() for app in ("hpl", "hpl-mxp"))
    assert mxp["job_time_s"] < 0.5 * hpl["job_time_s"]


def test_a_job_beside_the_mix_waits_its_turn() -> None:
    scenario = Scenario.parse({"machine": "jedi", "days": 1, "facility": False}, "x")
    base = run(scenario)
    more = run(scenario.replace("workload.job.app", "hpcg").replace("workload.job.nodes", 24))
    assert len(more.jobs) == len(base.jobs) + 1
    assert more.profiles.names[-1] == "hpcg-asked"
    assert (more.summary()["job_wait_s"] or 1.0) > 0.0


def test_a_job_that_never_starts_says_so() -> None:
    figures = alone("hpl", days=1.0, submit="30 h").summary()
    assert figures["job_time_s"] is None
    assert figures["job_energy_j"] is None


@pytest.mark.parametrize(
    ("job", "kind", "why"),
    [
        ({"app": "hlp"}, SpecError, "unknown application 'hlp': did you mean 'hpl'"),
        ({"app": "hpl", "nodes": 6000}, InfeasibleError, "has 5,884"),
        ({"app": "hpl", "settings": {"m": 3}}, SpecError, "unknown key 'm'"),
        ({"app": "llm-training"}, SpecError, "'model' is missing"),
        ({"app": "llm-training", "settings": {"model": "openeurollm-32b"}}, SpecError, "'tokens' is missing"),
        ({"app": "llm-training", "nodes": 1, "settings": {"model": "gpt-1008b"}}, InfeasibleError, "needs"),
        ({"app": "llm-training", "settings": {"model": "llama-33"}}, CatalogueError, "unknown model"),
    ],
)  # fmt: skip
def test_what_can_not_run_is_refused(job: dict[str, Any], kind: type[Exception], why: str) -> None:
    with pytest.raises(kind, match=why):
        alone(**job)


def test_a_workload_of_nothing_is_refused() -> None:
    with pytest.raises(SpecError, match="the workload is empty"):
        run(Scenario.parse({"workload": {"mix": "none"}}, "x"))


def test_settings_can_be_set_one_by_one() -> None:
    one = Scenario().replace("workload.job.app", "hpl").replace("workload.job.settings.n", 1024)
    assert one.workload.job.settings == {"n": 1024}
    assert Scenario.parse(one.document(), "again") == one
