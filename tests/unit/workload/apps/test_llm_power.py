"""Power of a training step: phases, swing, and that it agrees with the node power law."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.machine import Machine
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.llm_power import PHASES, node_power_w, step_power, step_run, uses
from exatwin.workload.apps.llm_setup import Layout, device_of
from exatwin.workload.apps.llm_training import TrainingEstimate, estimate_on


def step(name: str, machine: Machine, **settings: object) -> TrainingEstimate:
    layout = Layout.model_validate({"precision": "bf16", **settings})
    return estimate_on(device_of(machine), machine.name, load_model(name), layout)


@pytest.fixture(scope="module")
def gpt() -> tuple[TrainingEstimate, Machine]:
    machine = sized("dgx-h100", 512)
    split = {"tp": 4, "pp": 8, "vpp": 12, "global_batch": 2048, "seq": 2048, "precision": "fp8"}
    return step("gpt-3-175b", machine, accelerators=512, sequence_parallel=True, **split), machine


def test_phases_last_as_long_as_the_step(gpt: tuple[TrainingEstimate, Machine]) -> None:
    run = step_run(*gpt)
    assert [phase.name for phase in run.phases] == list(PHASES)
    assert run.time_s == pytest.approx(gpt[0].iteration_s)
    assert all(part in sum(PHASES.values(), ()) for part in gpt[0].breakdown_s)


def test_the_mean_lies_between_the_phases(gpt: tuple[TrainingEstimate, Machine]) -> None:
    power = step_power(*gpt)
    assert power.low_w < power.mean_w < power.high_w
    assert power.phase_w["waiting"] < power.phase_w["traffic"] < power.phase_w["compute"]
    assert power.swing_w == pytest.approx(power.high_w - power.low_w)
    assert node_power_w(*gpt) == power.mean_w


def test_an_accelerator_never_draws_more_than_its_cap(gpt: tuple[TrainingEstimate, Machine]) -> None:
    """Eight chips at 700 W and the rest of the node, at the meter."""
    assert 8 * 700.0 < step_power(*gpt).high_w < 8 * 700.0 / 0.94 + 1800.0


def test_a_short_end_of_a_step_swings_less(gpt: tuple[TrainingEstimate, Machine]) -> None:
    found, machine = gpt
    ends = []
    for seconds in (0.0, 0.01, 0.05, 1.0):
        parts = dict.fromkeys(found.breakdown_s, 0.0)
        parts |= {"compute": found.breakdown_s["compute"], "data": seconds}
        alone = replace(found, breakdown_s=parts, iteration_s=sum(parts.values()))
        ends.append(step_power(alone, machine).swing_w)
    assert ends[0] == pytest.approx(0.0, abs=1e-6)
    assert ends == sorted(ends)
    assert ends[2] == pytest.approx(5.0 * ends[1])
    full = step_power(found, machine).phase_w
    assert ends[3] == pytest.approx(full["compute"] - full["traffic"])


def test_a_pipeline_that_fills_leaves_one_stage_at_work(gpt: tuple[TrainingEstimate, Machine]) -> None:
    found, machine = gpt
    rest = {"optimiser": 0.0, "overhead": 0.0, "data": 0.0}
    parts = {**found.breakdown_s, **rest, "pipeline_bubble": 0.25 * found.iteration_s}
    power = step_power(replace(found, breakdown_s=parts), machine)
    assert power.low_w == pytest.approx(power.waiting_w + (power.high_w - power.waiting_w) / 8)
    short = step_power(replace(found, breakdown_s={**parts, "pipeline_bubble": 0.02}), machine)
    assert short.swing_w == pytest.approx(power.swing_w * 0.2)


def test_matrix_units_that_stand_still_draw_less() -> None:
    machine = sized("dgx-h100", 8)
    busy = step("llama-2-7b", machine, accelerators=8, zero=3, global_batch=64, seq=4096, micro_batch=2)
    idle = step("llama-2-7b", machine, accelerators=8, zero=3, global_batch=8, seq=32, micro_batch=1)
    use = [uses(found, machine)["compute"].accelerator_frac for found in (busy, idle)]
    assert use[0] == 1.0
    assert use[1] < 0.95
    assert step_power(idle, machine).mean_w < step_power(busy, machine).mean_w


def test_link_switches_count_once_a_node() -> None:
    with_links, plain = sized("dgx-h100", 8), sized("dgx-h100", 8)
    plain = plain.model_copy(update={"node": plain.node.model_copy(update={"links_w": 0.0})})
    found = step("llama-2-7b", with_links, accelerators=8, zero=3, global_batch=64, seq=4096)
    more = step_power(found, with_links).mean_w - step_power(found, plain).mean_w
    assert more == pytest.approx(with_links.node.links_w / 0.94, rel=1e-6)
