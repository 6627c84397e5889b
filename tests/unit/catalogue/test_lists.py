"""The long tail: rows, machines made of them, and ranks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.catalogue import lists
from exatwin.catalogue.listed import build_listed
from exatwin.catalogue.load import entry, machine
from exatwin.catalogue.parts import Accelerator
from exatwin.foundation.errors import CatalogueError


def test_every_column_is_declared_with_a_meaning() -> None:
    assert len({column.name for column in lists.COLUMNS}) == len(lists.COLUMNS)
    for column in lists.COLUMNS:
        assert column.doc.endswith(".")
        assert column.quality in {"list", "derived"}


def test_blank_stays_blank() -> None:
    row = lists.find("El Capitan")
    assert row is not None
    assert row.accelerators == 45_000
    assert row.rmax_tflops is None
    assert row.power_kw is None


def test_names_are_found_in_any_case_and_by_number() -> None:
    polaris = lists.find("Polaris")
    assert polaris is not None
    assert lists.find("pOLARIS") is polaris
    assert lists.find("top500:180016") is polaris
    assert lists.find("Polari") is None
    assert lists.find("top500:0") is None


def test_an_unnamed_system_is_found_by_its_number_only() -> None:
    unnamed = next(row for row in lists.rows() if row.name == lists.UNNAMED)
    assert lists.find(lists.UNNAMED) is None
    assert lists.find(f"top500:{unnamed.top500_system_id}") is unnamed
    assert lists.UNNAMED not in lists.list_names()


def test_the_newest_of_several_rows_of_one_name_is_taken() -> None:
    karolina = lists.find("Karolina, GPU partition")
    assert karolina is not None
    assert (karolina.list_edition, karolina.accelerators) == ("202606", 576)


@pytest.mark.parametrize(
    "row", [row for row in lists.rows() if row.nodes], ids=lambda row: row.top500_system_id
)
def test_every_row_with_nodes_makes_a_machine(row: lists.ListedMachine) -> None:
    made = build_listed(row)
    assert made.nodes == row.nodes
    assert made.accelerators == (row.accelerators or 0)
    assert made.name == f"top500:{row.top500_system_id}"
    assert made.node.processors >= 1
    hpl = [record for record in made.file.records if record.benchmark == "hpl"]
    assert len(hpl) == (row.rmax_tflops is not None)
    if hpl and hpl[0].power_w is not None:
        assert hpl[0].power_w == pytest.approx((row.power_kw or 0) * 1e3)


def test_a_processor_only_machine_takes_its_peak_from_the_list() -> None:
    made = machine("Discovery 6")  # GH200: the peak of the chips, not the list's
    assert made.peak_flop_s() == pytest.approx(3952 * 66.9e12)
    made = machine("Wisteria/BDEC-01 (Odyssey)")  # a slash in a name is no path
    assert made.accelerator is None
    assert made.node.power_law == "a64fx"
    row = lists.find("Wisteria/BDEC-01 (Odyssey)")
    assert row is not None
    assert made.peak_flop_s() == pytest.approx((row.rpeak_tflops or 0) * 1e12)


def test_a_listed_twin_equals_the_machine_described_in_depth() -> None:
    twin = lists.machine_from_list("JUPITER Booster")
    assert twin is not None
    jupiter = machine("jupiter")
    assert (twin.nodes, twin.accelerators, twin.peak_flop_s()) == (
        jupiter.nodes,
        jupiter.accelerators,
        jupiter.peak_flop_s(),
    )


def test_a_machine_of_another_country_says_that_a_site_stands_in() -> None:
    made = lists.machine_from_list("Supercomputer Fugaku")
    assert made is not None
    assert made.file.site == "generic"
    assert any("not known" in note for note in made.file.notes)


def test_a_row_without_nodes_is_refused_with_the_reason() -> None:
    with pytest.raises(
        CatalogueError, match=r"LineShine \(top500:180490\): the list gives no number of nodes"
    ):
        lists.machine_from_list("LineShine")


def test_an_unknown_name_is_nothing() -> None:
    assert lists.machine_from_list("no such machine") is None


def test_chips_of_the_lists_are_those_of_the_catalogue() -> None:
    made = lists.machine_from_list("Capella")
    assert made is not None
    assert made.accelerator == entry(Accelerator, "accelerators", "h100-94")
    assert made.network is not None
    assert made.network.name == "infiniband-ndr200"


def test_listed_machines_find_their_own_rank() -> None:
    checked = 0
    for row in lists.rows():
        if row.rmax_tflops is None or row.top500_rank is None:
            continue
        rank = lists.ranks(row.rmax_tflops * 1e12)[row.list_edition]
        assert rank is not None
        assert rank <= row.top500_rank  # equal results share the better rank
        assert row.top500_rank - rank <= 3
        checked += 1
    assert checked > 200


def test_green_ranks_agree_with_the_green500() -> None:
    known = lists.green_ranks(1.0)
    found = [
        (lists.green_ranks(row.gflops_per_w_green500 * 1e9)[row.list_edition], row.green500_rank)
        for row in lists.rows()
        if row.gflops_per_w_green500 and row.green500_rank and row.list_edition in known
    ]
    assert len(found) > 100
    assert all(mine is not None and abs(mine - theirs) <= 1 for mine, theirs in found)  # the list rounds
    assert lists.green_ranks(1e18 / 15_793_810.0)["202511"] == 14


def test_ranks_beyond_the_list_are_nothing() -> None:
    assert set(lists.ranks(1.0).values()) == {None}
    assert set(lists.ranks(1e21).values()) == {1}
    assert lists.ranks(2_661.46e12)["202606"] == 500
    assert lists.ranks(2_661.40e12)["202606"] is None
    assert len(lists.ranks(1.0)) == 29
    assert len(lists.green_ranks(1.0)) == 9


@given(st.floats(1e12, 1e19), st.floats(1.0, 10.0))
def test_a_better_result_never_ranks_worse(result: float, factor: float) -> None:
    worse, better = lists.ranks(result), lists.ranks(result * factor)
    for edition, rank in worse.items():
        assert (better[edition] or 501) <= (rank or 501)
