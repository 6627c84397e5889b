"""Applications as plug-ins: the protocol, the registry, and the way to and from profile tables."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import PositiveCount
from exatwin.workload.apps.app import APPS, App, AppRun, Phase, Use, app_of, as_profiles, as_run
from exatwin.workload.apps.llm_job import LlmTraining
from exatwin.workload.apps.llm_power import node_power_w
from exatwin.workload.apps.llm_profile import train_use
from exatwin.workload.draw import draw

RUN = AppRun(
    phases=(
        Phase("read", 60.0, Use(processor_frac=0.4, storage_frac=1.0)),
        Phase("compute", 540.0, Use(accelerator_frac=0.9, memory_frac=0.3, network_frac=0.2)),
    ),
    compute_bound_frac=0.7,
)


def test_the_applications_of_exatwin_are_known():
    assert {"hpl", "hpcg", "hpl-mxp", "llm-training", "climate"} <= set(APPS)
    assert all(issubclass(APPS.get(name), App) for name in APPS)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("hpl", {}),
        ("hpcg", {}),
        ("hpl-mxp", {}),
        ("llm-training", {"model": "llama-2-7b", "tokens": 1e10}),
        ("climate", {"model": "icon", "grid": "10km", "length": "30 d"}),
    ],
)
@pytest.mark.parametrize("nodes", [8, 24])
def test_each_application_says_what_it_does_phase_by_phase(name, settings, nodes):
    run = app_of(name, settings, "test").profile(machine("jedi"), nodes)
    assert run.time_s > 0.0
    assert 0.0 <= run.compute_bound_frac <= 1.0
    assert all(phase.time_s >= 0.0 for phase in run.phases)
    table = as_profiles([(name, run)])
    assert table.phases.share_frac.sum() == pytest.approx(1.0)
    assert draw(table, machine("jedi")).nominal_w.min() > 0.0


def test_more_nodes_finish_training_sooner():
    app = LlmTraining(model="openeurollm-32b", tokens=1e10)
    few, many = (app.profile(machine("jupiter"), nodes).time_s for nodes in (64, 256))
    assert many < few < 4.5 * many


def test_a_run_survives_the_profile_table():
    back = as_run(as_profiles([("x", RUN)]), RUN.time_s)
    assert [phase.time_s for phase in back.phases] == pytest.approx([60.0, 540.0])
    assert [phase.use for phase in back.phases] == [phase.use for phase in RUN.phases]
    assert back.compute_bound_frac == 0.7


def test_many_runs_stand_one_after_the_other():
    table = as_profiles([("a", RUN), ("b", RUN)])
    assert table.first.tolist() == [0, 2, 4]
    assert table.phases.share_frac.tolist() == pytest.approx([0.1, 0.9, 0.1, 0.9])


def test_an_application_of_another_package_is_found_by_its_name():
    class Stencil(App):
        steps: PositiveCount = 100

        def profile(self, machine: Machine, nodes: int, time_s: float | None = None) -> AppRun:
            return AppRun((Phase("sweep", float(self.steps), Use(memory_frac=1.0)),), 0.0)

    with APPS.aside():
        APPS.register("stencil")(Stencil)
        found = app_of("stencil", {"steps": 7}, "test").profile(machine("jedi"), 1)
        assert found.time_s == 7.0
    with pytest.raises(SpecError, match="unknown application 'stencil'"):
        APPS.get("stencil")


def test_a_wrong_setting_names_the_application():
    with pytest.raises(SpecError, match="here: hpl: unknown key 'order'"):
        app_of("hpl", {"order": 3}, "here")


@pytest.mark.parametrize("nodes", [8, 256])
def test_many_steps_as_one_phase_draw_what_the_steps_draw_on_average(nodes):
    jupiter = machine("jupiter")
    step = LlmTraining(model="openeurollm-32b").step(jupiter, nodes)
    one = AppRun((Phase("train", 1.0, train_use(step, jupiter)),), 1.0)
    drawn = float(draw(as_profiles([("", one)]), jupiter).nominal_w[0])
    assert drawn == pytest.approx(node_power_w(step, jupiter), rel=1e-5)


def test_a_layout_that_is_asked_for_is_kept_and_the_rest_is_chosen():
    app = LlmTraining(model="openeurollm-32b", tp=2, pp=4, global_batch=512)
    layout = app.layout(machine("jupiter"), 32)
    assert (layout.tp, layout.pp, layout.global_batch, layout.accelerators) == (2, 4, 512, 128)
    with pytest.raises(SpecError, match="no layout of 'OpenEuroLLM"):
        LlmTraining(model="openeurollm-32b", tp=3).layout(machine("jupiter"), 32)


def test_use_counts_every_part_between_rest_and_all():
    assert np.all([getattr(Use(), name) == 0.0 for name in Use.model_fields])
    with pytest.raises(ValueError, match="accelerator"):
        Use(accelerator_frac=1.5)
