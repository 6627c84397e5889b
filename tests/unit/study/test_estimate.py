"""Estimates as people ask for them: from Python and from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from exatwin.catalogue.load import names
from exatwin.cli.estimate import command
from exatwin.foundation.errors import CatalogueError, ExatwinError, SpecError
from exatwin.study.applications.hpl import estimate_hpcg, estimate_hpl, estimate_hpl_mxp
from exatwin.study.estimate import Estimate


def asked(*arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    if isinstance(result.exception, ExatwinError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_holds_what_is_promised() -> None:
    found = json.loads(asked("hpl", "--machine", "jupiter", "--n", "22536192", "--json"))
    assert {"rmax_flop_s", "n", "time_s", "power_w", "flop_per_j", "ranks", "interval"} <= set(found)
    assert found["rmax_flop_s"] > 1e18
    low, high = found["interval"]["rmax_flop_s"]
    assert low < 1e18 < high
    assert found["ranks"]["top500"]["202511"] == 4
    assert found["flop_per_j"] == pytest.approx(found["rmax_flop_s"] / found["power_w"])
    assert found["energy_boundary"].startswith("nodes at the input")
    assert found["assumptions"]


def test_the_bill_is_in_the_unit_of_the_site() -> None:
    found = estimate_hpl("jupiter")
    amount, unit = found.billed
    assert unit == "core-h"
    assert amount == pytest.approx(5884 * 288 * float(found.values["time_s"]) / 3600.0)


def test_a_person_reads_value_interval_bill_and_assumptions() -> None:
    text = asked("hpl", "--machine", "jupiter", "--nodes", "100")
    for expected in (
        "PFLOP/s to",
        "billed as",
        "core-h",
        "assumed: ",
        "energy: nodes",
        "interval: ",
        "top500",
    ):
        assert expected in text


def test_a_listed_machine_without_nodes_is_estimated_and_says_so() -> None:
    found = estimate_hpl("Sirius")
    assert found.nodes * found.machine.node.accelerators == 96
    assert any("the list counts no nodes" in text for text in found.assumptions)


def test_listed_machines_without_accelerators_are_counted_in_sockets() -> None:
    text = asked("hpl", "--machine", "LineShine", "--n", "37647359")
    assert "45,360 nodes, 45,360 sockets" in text
    assert "assumed: the list counts no nodes, assumed: 1 socket a node" in text


@pytest.mark.parametrize("estimate", [estimate_hpl, estimate_hpcg, estimate_hpl_mxp])
def test_every_machine_and_kind_of_node_answers(estimate: Callable[..., Estimate]) -> None:
    told = [estimate(name) for name in names("machines")]
    told += [estimate(name, nodes=4) for name in names("nodes")]
    for found in told:
        for key, (low, high) in found.interval.items():
            assert 0.0 < low < found.values[key] < high, found.machine.name


def test_accelerators_are_another_way_to_say_nodes() -> None:
    kind = estimate_hpl("dgx-h100", accelerators=512)
    assert kind.nodes == 64
    assert kind.values == estimate_hpl("dgx-h100", nodes=64).values
    assert estimate_hpl("frontier", accelerators=4096).nodes == 1024
    for wrong, said in (
        ({"accelerators": 100}, "hold 8, try 96 or 104"),
        ({"accelerators": 5}, "hold 8, try 8"),
        ({"accelerators": 64, "nodes": 9}, "fill 8"),
        ({}, "give --nodes or --accelerators"),
    ):
        with pytest.raises(SpecError, match=said):
            estimate_hpl("dgx-h100", **wrong)
    with pytest.raises(SpecError, match="'lumi-c' has none, give --nodes"):
        estimate_hpl("lumi-c", accelerators=8)
    with pytest.raises(CatalogueError, match="did you mean 'dgx-h100'"):
        estimate_hpl("dgx-h10", nodes=4)


def test_what_is_missing_of_a_listed_machine_is_said_in_one_line() -> None:
    with pytest.raises(CatalogueError, match="gives no number of accelerators; describe it in a file"):
        estimate_hpl("Hopper NUS")


@pytest.mark.parametrize("value", ["0", "-3", "nan", "1e6", "many", "10000000000"])
def test_sizes_that_are_no_count_are_refused(value: str) -> None:
    with pytest.raises(SpecError, match="expected a whole number from 1"):
        asked("hpl", "--nodes", value)


def test_an_unknown_machine_names_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'jupiter'"):
        estimate_hpl("jupitr")


def test_an_unknown_application_names_the_nearest() -> None:
    result = CliRunner().invoke(command, ["hlp"])
    assert result.exit_code == 2
    assert "did you mean 'hpl'" in result.output


@pytest.mark.parametrize("app", ["hpl", "hpcg", "hpl-mxp"])
def test_every_run_has_its_cost_and_carbon(app: str) -> None:
    found = json.loads(asked(app, "--machine", "frontier", "--json"))
    site = found["site"]
    assert found["site_energy_j"] == pytest.approx(found["energy_j"] * site["pue"])
    assert found["cost_eur"] == pytest.approx(found["site_energy_j"] * site["price_eur_j"])
    assert found["carbon_kgco2e"] == pytest.approx(found["site_energy_j"] * site["carbon_kgco2e_j"])
    assert "Germany" in site["borrowed"]["grid"]


def test_the_range_of_the_cost_is_that_of_the_energy() -> None:
    found = json.loads(asked("hpl", "--json"))
    ranges = found["interval"]
    assert ranges["cost_eur"][0] / found["cost_eur"] == pytest.approx(
        ranges["energy_j"][0] / found["energy_j"]
    )
    wide = [ranges["energy_j"][1] / found["energy_j"], ranges["power_w"][1] / found["power_w"]]
    assert wide[0] > wide[1] > 1.0
    assert "cost_eur" not in json.loads(asked("hpcg", "--json"))["interval"]


def test_a_person_reads_cost_and_carbon_and_what_was_borrowed() -> None:
    text = asked("hpl", "--machine", "frontier")
    for expected in ("EUR/kWh, electricity only", "a borrowed grid", "borrowed: ", "PUE 1."):
        assert expected in text
