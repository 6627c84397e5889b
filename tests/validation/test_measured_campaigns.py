"""Campaigns and node power beside what was measured of them; the errors are those that the docs state."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import median

import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.reliability import MeasuredRun, reliability
from exatwin.study.applications.llm_campaign import Campaign, interruptions
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.llm_power import node_power_w
from exatwin.workload.apps.llm_setup import Layout, device_of
from exatwin.workload.apps.llm_training import estimate_on

ALLOWED = {"goodput": 0.08, "allocation": 0.15, "checkpoint": 0.06, "mttf": 0.40}


def predicted(run: MeasuredRun) -> float:
    machine = sized(run.machine, run.accelerators)
    found = interruptions(run.accelerators, run.weights or 1e9, machine, Campaign())
    assert found.middle is not None
    return {
        "goodput": found.goodput_frac,
        "allocation": found.middle.allocation_s,
        "checkpoint": found.checkpoint_b,
        "mttf": found.stops.mttf_s,
    }[run.key]


@pytest.mark.parametrize("run", reliability().measured, ids=lambda run: run.name)
def test_what_was_measured_is_met_as_well_as_stated(run: MeasuredRun) -> None:
    assert predicted(run) == pytest.approx(run.value, rel=ALLOWED[run.key])


@pytest.mark.parametrize(
    "run", [run for run in reliability().measured if run.key == "goodput"], ids=lambda run: run.name
)
def test_the_range_holds_the_measured_goodput(run: MeasuredRun) -> None:
    machine = sized(run.machine, run.accelerators)
    found = interruptions(run.accelerators, run.weights, machine, Campaign())
    assert found.low_frac < run.value < found.high_frac


@pytest.mark.data
def test_node_power_of_long_runs(shared_data: Path) -> None:
    """GPT-3 175B on 64 nodes, and low-rank updates of Llama 2 70B on one: runs of half an hour and more."""
    with (shared_data / "llm_measurements.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["id"].startswith("SMCP") and row["power_w"]]
    split = {
        512: ("gpt-3-175b", {"tp": 4, "pp": 8, "vpp": 12, "global_batch": 2048, "seq": 2048}),
        8: ("llama-2-70b", {"tp": 4, "global_batch": 8, "seq": 8192}),
    }
    errors = []
    for row in rows:
        count = int(row["n_acc"])
        if count not in split or (count == 512 and "GPT" not in row["model"]):
            continue
        name, settings = split[count]
        machine = sized("dgx-h100", count)
        layout = Layout.model_validate(
            {"accelerators": count, "precision": "fp8", "sequence_parallel": True, **settings}
        )
        found = estimate_on(device_of(machine), machine.name, load_model(name), layout)
        errors.append(node_power_w(found, machine) / float(row["value"]) - 1.0)
    assert len(errors) == 7
    assert median(abs(error) for error in errors) < 0.03
    assert max(abs(error) for error in errors) < 0.05


def test_a_queue_that_is_too_short_is_no_error_of_a_step() -> None:
    machine = sized("dgx-h100", 64)
    short = machine.partitions[0].model_copy(update={"max_time_s": 300.0})
    machine = machine.model_copy(update={"file": machine.file.model_copy(update={"partitions": [short]})})
    found = interruptions(64, 7e9, machine, Campaign())
    assert found.middle is None
    assert found.goodput_frac == 0.0
    assert "before its first step" in found.why_not
