"""Every number of a specification with its unit, quality and source."""

from __future__ import annotations

import pytest

from exatwin.catalogue.describe import label, listed_numbers, numbers, plain
from exatwin.catalogue.lists import find
from exatwin.catalogue.load import machine


def test_every_fact_of_a_machine_is_described() -> None:
    file = machine("jupiter").file
    found = numbers(file, "machine")
    assert {number.path for number in found} == set(file.facts)
    assert all(number.source is file.sources[number.key] for number in found)


def test_units_come_from_the_declaration() -> None:
    found = {number.path: number for number in numbers(machine("jupiter").file, "machine")}
    assert (found["records.1.power"].value, found["records.1.power"].unit) == (15_793_810.0, "W")
    assert found["records.1.power"].text == "15.79381 MW"
    assert found["nodes"].text == "5,884"
    assert found["partitions.0.max_time"].text == "12 h"
    assert found["peak.fp64"].unit == "FLOP/s"
    assert found["billing.per_node_hour"].text == "288"


def test_plain_data_is_si_without_origins() -> None:
    found = plain(machine("jupiter").node)
    assert found["module_cap_w"] == 680.0
    assert not {"facts", "sources"} & set(found)


def test_labels_are_for_people() -> None:
    assert label("peak.fp64_tensor") == "peak FP64 tensor or matrix"
    assert label("layout.nodes_per_rack") == "nodes per rack"


def test_numbers_of_a_list_row_are_si_and_blanks_are_left_out() -> None:
    row = find("LineShine")
    assert row is not None
    found = {number.path: number for number in listed_numbers(row)}
    assert found["rmax_tflops"].value == pytest.approx(2.1984e18)
    assert found["gflops_per_w_green500"].text == "52.07 GFLOP/J"
    assert found["cpu_sockets"].quality == "derived"
    assert "accelerators" not in found
    assert "year" not in found
