"""The verb ``machines`` as a person types it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from exatwin.catalogue import lists
from exatwin.catalogue.load import machine, names
from exatwin.cli.machines import command
from exatwin.foundation.errors import CatalogueError


def show(*arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def table(*arguments: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(show(*arguments))))


def test_the_list_names_every_machine_within_a_hundred_columns() -> None:
    lines = show().splitlines()
    assert set(names("machines")) <= {line.split()[0] for line in lines if line}
    assert max(map(len, lines)) <= 100
    assert "206 of 334 machines on the lists" in show()
    assert "alice-recoque" in show()


def test_the_largest_machine_comes_first() -> None:
    peaks = [row["peak_fp64_flop_s"] for row in json.loads(show("--json"))["machines"]]
    assert peaks == sorted(peaks, reverse=True)


def test_one_machine_shows_every_number_with_unit_quality_and_source() -> None:
    text = show("jupiter")
    for expected in (
        "5,884",
        "23,536",
        "15.79381 MW",
        "22,536,192",
        "680 W",
        "12 h",
        "288",
        "derived",
        "measured",
        "https://apps.fz-juelich.de/jsc/hps/jupiter/batchsystem.html",
        "Partition booster (default)",
        "Partition largebooster (down)",
        "HPL, November 2025",
        "4 from Jun 2025, 5 from Jun 2026",
    ):
        assert expected in text
    assert "…" not in text


@pytest.mark.parametrize("name", [*names("machines"), "Polaris", "LineShine", "lumi-ai"])
def test_every_page_fits_a_hundred_columns(name: str) -> None:
    text = show(name)
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text


@pytest.mark.parametrize("name", names("nodes"))
def test_every_kind_of_node_has_a_page(name: str) -> None:
    text = show(name)
    assert max(map(len, text.splitlines())) <= 100
    found = json.loads(show(name, "--json"))
    assert found["name"] == name
    assert all(row["source"] and row["quality"] for row in found["numbers"])
    assert len(table(name, "--csv")) == len(found["numbers"])


def test_kinds_of_nodes_stand_below_the_machines() -> None:
    text = show()
    for name in (
        "dgx-a100-40",
        "dgx-a100-80",
        "dgx-h100",
        "hgx-h100-500w",
        "dgx-h200",
        "dgx-b200",
        "dgx-b300",
    ):
        assert f"\n{name} " in text
    kinds = {row["name"]: row for row in json.loads(show("--json"))["nodes"]}
    assert set(kinds) == set(names("nodes"))
    assert kinds["gb200-nvl72"]["link_domain"] == 72
    assert (kinds["ex235a-mi250x"]["accelerators"], kinds["ex235a-mi250x"]["devices"]) == (4, 8)
    assert "8 GCDs" in show("ex235a-mi250x")
    with pytest.raises(CatalogueError, match="did you mean 'h800-8'"):
        show("h801-8")


def test_json_holds_si_floats_and_the_origin_of_each_number() -> None:
    found = json.loads(show("frontier", "--json"))
    assert found["nodes"] == 9_856
    assert found["accelerator"]["tdp_w"] == 500.0
    assert found["machine"]["records"][0]["power_w"] == pytest.approx(24_607_000.0)
    assert found["ranks"]["top500"]["202606"] == 3
    frontier = machine("frontier")
    parts = (frontier.file, frontier.node, frontier.accelerator, frontier.processor, frontier.network)
    assert len(found["numbers"]) == sum(len(part.facts) for part in parts if part is not None)
    assert all(number["source"] and number["quality"] for number in found["numbers"])


def test_csv_has_one_row_a_number() -> None:
    rows = table("jedi", "--csv")
    assert {"part", "path", "value", "unit", "quality", "source", "url", "note"} <= set(rows[0])
    power = next(row for row in rows if row["path"] == "records.0.power")
    assert (float(power["value"]), power["unit"]) == (67_310.0, "W")
    assert len(table("--csv")) == len(names("machines"))


def test_the_lists_are_shown_whole_and_blank_stays_blank() -> None:
    rows = table("--listed", "--csv")
    assert len(rows) == len(lists.rows())
    capitan = next(row for row in rows if row["name"] == "El Capitan")
    assert (capitan["rmax_tflops"], capitan["power_kw"]) == ("", "")
    assert max(map(len, show("--listed").splitlines())) <= 100


def test_a_listed_machine_without_nodes_is_shown_with_the_reason() -> None:
    assert "the list gives no number of nodes" in " ".join(show("LineShine").split())
    found = json.loads(show("LineShine", "--json"))
    assert found["can_simulate"] is False
    power = next(number for number in found["numbers"] if number["path"] == "power_kw")
    assert (power["value"], power["unit"]) == (42_220_000.0, "W")


def test_an_announced_machine_is_shown_with_what_is_missing() -> None:
    text = " ".join(show("Alice Recoque").split())
    assert "Bull XH3500" in text
    assert "the number of nodes" in text
    assert json.loads(show("colossus", "--json"))["accelerators"] == 200_000


def test_the_ai_factories_are_shown() -> None:
    found = json.loads(show("--factories", "--json"))
    assert len(found["factories"]) == 19
    assert found["antennas"] == 13
    assert "230 billion EUR" in show("--factories")
    assert "jupiter" in show("jaif", "--factories")
    assert len(table("--factories", "--csv")) == 19


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'jupiter'"):
        show("jupitr")
    with pytest.raises(CatalogueError, match="did you mean 'jaif'"):
        show("jaifs", "--factories")


@pytest.mark.parametrize("flags", [("--json", "--csv"), ("--factories", "--listed")])
def test_flags_that_exclude_each_other_are_refused(flags: tuple[str, ...]) -> None:
    assert CliRunner().invoke(command, list(flags)).exit_code == 2


def test_importing_the_verb_imports_nothing_heavy() -> None:
    heavy = "{'rich', 'pydantic', 'numpy', 'pint'}"
    code = f"import sys, exatwin.cli.machines; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
