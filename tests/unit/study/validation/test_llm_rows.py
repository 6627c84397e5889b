"""Measured training runs: what is read, what is left out, and that reasons stand in the data."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.load import data_folder
from exatwin.study.validation.llm_rows import MACHINE_OF, left_out, read_cases, reading
from exatwin.workload.apps.llm_setup import Layout

RUNS = data_folder() / "calibration" / "llm-runs.csv"


def test_rows_that_are_left_out_have_reasons_in_the_data_file() -> None:
    cases, skipped = read_cases(RUNS)
    assert skipped == left_out("llm")
    assert min(len(reason) for reason in skipped.values()) > 20
    assert not {case.id for case in cases} & set(skipped)


def test_the_law_is_told_nothing_of_the_training_stack() -> None:
    for case in read_cases(RUNS)[0]:
        assert {layout.stack for layout in case.layouts} == {""}
        assert case.layouts[0].stack_name() in llm_calibration().stacks


@pytest.mark.parametrize(
    ("precision", "zero", "stack"),
    [("fp16", 1, "megatron-2021"), ("fp16", 3, "megatron-2021"), ("bf16", 3, "fsdp"), ("fp8", 1, "megatron")],
)
def test_the_stack_follows_from_precision_and_sharding(precision: str, zero: int, stack: str) -> None:
    layout = Layout.parse(
        {"accelerators": 8, "global_batch": 8, "seq": 2048, "precision": precision, "zero": zero}, "layout"
    )
    assert layout.stack_name() == stack


def test_what_a_source_leaves_open_is_read_as_the_leanest_that_fits(tmp_path: Path) -> None:
    with RUNS.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or ())
        row = next(row for row in reader if row["id"] == "MBRIDGE-257")
    assert row["recompute"] == "see recipe"
    found = {}
    for name, micro in (("X-001", "1"), ("X-002", "8")):
        path = tmp_path / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerow({**row, "id": name, "mbs": micro})
        found[name] = read_cases(path)[0][0].layouts[0].recompute
    assert found == {"X-001": "none", "X-002": "full"}


def test_machines_of_the_table_are_in_the_catalogue() -> None:
    from exatwin.catalogue.generic import sized

    assert all(sized(name, 8).accelerators >= 8 for name in set(MACHINE_OF.values()))
    assert set(reading()["network_b_s"].values()) == {12.5e9}
