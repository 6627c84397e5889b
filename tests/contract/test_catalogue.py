"""Every machine file: loads, is sourced, refers to what exists, agrees with its counts."""

from __future__ import annotations

import csv
import gzip
import tomllib
from pathlib import Path
from typing import Any

import pytest

from exatwin.catalogue import announced, lists
from exatwin.catalogue.check import check_machine
from exatwin.catalogue.factory import ai_factories
from exatwin.catalogue.load import data_folder, entry, machine, names
from exatwin.catalogue.parts import Accelerator, Network, NodeKind, Processor
from exatwin.catalogue.site import load_site
from exatwin.foundation.spec import Quality, Sourced

FOLDERS: dict[str, type[Sourced]] = {
    "accelerators": Accelerator,
    "processors": Processor,
    "nodes": NodeKind,
    "networks": Network,
}
MACHINES = names("machines")
BLANK_ON_PURPOSE = ("alps", "aurora", "el-capitan", "marenostrum5-acc", "meluxina")
IN_DEPTH = (
    "jupiter", "jedi", "jeti", "juwels-booster", "frontier", "lumi-g", "leonardo", "alps",
    "marenostrum5-acc", "el-capitan", "aurora", "isambard-ai",
)  # fmt: skip
OTHER_EUROHPC = (
    "daedalus", "arrhenius", "meluxina", "meluxina-cpu", "karolina", "karolina-cpu", "deucalion",
    "vega-gpu", "vega-cpu", "discoverer", "lumi-c", "leonardo-dcgp", "marenostrum5-gpp",
)  # fmt: skip


def files() -> list[Path]:
    folders = [*FOLDERS, "machines", "factories"]
    found = [path for folder in folders for path in sorted((data_folder() / folder).glob("*.toml"))]
    return [*found, data_folder() / "lists" / "announced.toml"]


def document(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def facts(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict) and {"value", "source"} <= set(value):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [fact for item in below for fact in facts(item)]


def test_the_machines_of_the_plan_are_there() -> None:
    assert set(IN_DEPTH) | set(OTHER_EUROHPC) == set(MACHINES)
    assert announced.find("Alice Recoque") is not None


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_part_loads_under_its_own_name(folder: str) -> None:
    assert names(folder)
    for name in names(folder):
        assert entry(FOLDERS[folder], folder, name).name == name


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_number_is_sourced_and_every_source_used(path: Path) -> None:
    plain = document(path)
    found = facts(plain)
    spoken = {item["source"] for item in plain.get("machines", []) if isinstance(item, dict)}
    assert {fact["source"] for fact in found} | spoken == set(plain.get("sources", {}))
    assert {fact["quality"] for fact in found} <= {quality.value for quality in Quality}
    for source in plain.get("sources", {}).values():
        assert source["title"]
        assert source.get("url", "https://").startswith(("https://", "http://"))


@pytest.mark.parametrize("name", MACHINES)
def test_every_reference_resolves(name: str) -> None:
    found = machine(name)
    assert found.name == name
    assert load_site(found.file.site).name == found.file.site
    assert found.node.power_law in names("power-laws")
    assert found.file.network is not None
    assert found.file.country
    assert found.file.operator


@pytest.mark.parametrize("name", MACHINES)
def test_peaks_agree_with_counts_within_one_percent(name: str) -> None:
    file = document(data_folder() / "machines" / f"{name}.toml")
    node = document(data_folder() / "nodes" / f"{file['node']}.toml")
    kind, key = ("accelerators", "accelerator") if "accelerator" in node else ("processors", "processor")
    chip = document(data_folder() / kind / f"{node[key]}.toml")
    count = file["nodes"]["value"] * node[kind]["value"]
    assert "fp64" in file["peak"]
    for precision, stated in file["peak"].items():
        each = max(
            flop_s(chip["peak"][key]) for key in (precision, f"{precision}_tensor") if key in chip["peak"]
        )
        assert flop_s(stated) == pytest.approx(count * each, rel=0.01)


def flop_s(fact: dict[str, Any]) -> float:
    number, unit = fact["value"].split()
    return float(number) * {"T": 1e12, "P": 1e15, "E": 1e18}[unit.removesuffix("FLOP/s")]


@pytest.mark.parametrize("name", MACHINES)
def test_counts_agree_with_the_lists(name: str) -> None:
    found = machine(name)
    rows = [row for row in lists.rows() if row.top500_system_id in found.file.top500_ids]
    assert rows
    for row in rows:
        used = [r.nodes for r in found.file.records if r.edition == row.list_edition and r.benchmark == "hpl"]
        nodes = (used[0] if used else None) or found.nodes
        if row.name.endswith("(June 2025 partial run)"):  # the list repeats the whole machine there
            assert nodes < found.nodes
            nodes = found.nodes
        assert row.nodes == nodes
        if found.accelerator is not None:
            assert row.accelerator_cores is not None
            assert found.accelerator.units is not None
            assert row.accelerator_cores / found.accelerator.units == nodes * found.node.accelerators
        assert row.cpu_sockets == nodes * found.node.processors
        host = (row.total_cores or 0) - (row.accelerator_cores or 0)
        assert host == nodes * found.node.processors * found.processor.cores


@pytest.mark.parametrize("name", MACHINES)
def test_records_repeat_the_lists_and_blank_stays_blank(name: str) -> None:
    found = machine(name)
    rows = {
        row.list_edition: row
        for row in lists.rows()
        if row.top500_system_id in found.file.top500_ids and row.rmax_tflops is not None
    }
    records = [record for record in found.file.records if record.benchmark == "hpl"]
    assert bool(records) != (name in BLANK_ON_PURPOSE)
    for record in records:
        # JUPITER stands on two lists with the same run: the table holds the later one
        row = rows.get(record.edition) or rows[max(rows)]
        assert record.flop_s == pytest.approx((row.rmax_tflops or 0) * 1e12, rel=1e-12)
        assert record.peak_flop_s == pytest.approx((row.rpeak_tflops or 0) * 1e12, rel=1e-12)
        assert record.n == row.nmax
        assert (record.power_w is None) == (row.power_kw is None)
        if record.power_w is not None:
            assert record.power_w == pytest.approx((row.power_kw or 0) * 1e3, rel=1e-12)
        assert record.level == row.power_quality_level


@pytest.mark.parametrize("name", MACHINES)
def test_floor_and_queues_hold(name: str) -> None:
    found = machine(name)
    check_machine(found)
    assert found.racks * found.layout.nodes_per_rack >= found.nodes
    assert sum(partition.default for partition in found.partitions) == 1
    assert sum(found.pools()[1]) <= found.nodes


def test_names_and_aliases_are_unique_and_on_the_lists() -> None:
    spoken = [name.lower() for name in MACHINES]
    spoken += [
        alias.lower() for name in MACHINES for alias in machine(name).file.aliases if alias.lower() != name
    ]
    spoken += [f"top500:{number}" for name in MACHINES for number in machine(name).file.top500_ids]
    spoken += announced.names()
    assert len(spoken) == len(set(spoken))
    listed = set(lists.list_names())
    for name in MACHINES:
        assert set(machine(name).file.aliases) & listed, name
        for alias in machine(name).file.aliases:
            assert machine(alias).name == name


def test_list_names_of_chips_are_unique() -> None:
    chips = [entry(Accelerator, "accelerators", name) for name in names("accelerators")]
    spoken = [listed.lower() for chip in chips for listed in chip.list_names]
    assert len(spoken) == len(set(spoken))
    assert {chip.power_law for chip in chips if chip.list_names} <= set(names("power-laws"))


def test_nineteen_ai_factories_name_machines_that_are_known() -> None:
    known = ai_factories()
    assert len(known.factories) == 19
    assert [wave.factories for wave in known.waves] == [
        sum(factory.wave == wave.number for factory in known.factories) for wave in known.waves
    ]
    for factory in known.factories:
        assert not factory.machine or factory.machine in MACHINES or announced.find(factory.machine)


def test_no_file_tells_where_it_was_made() -> None:
    for path in [*files(), data_folder() / "lists" / "machines.csv"]:
        text = path.read_text(encoding="utf-8")
        assert not any(word in text for word in ("/work/", "/tmp/", "/root/", "/home/")), path.name


@pytest.mark.data
def test_the_list_files_are_what_the_script_makes(shared_data: Path) -> None:
    with (shared_data / "machines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(lists.rows())
    for row, listed in zip(rows, lists.rows(), strict=True):
        for column in lists.COLUMNS:
            cell, value = row[column.name], getattr(listed, column.name)
            if column.kind is not str:
                assert value == (None if cell == "" else pytest.approx(float(cell), rel=1e-15))
            else:
                assert (value == "") == (cell.strip() == "")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "ranks", "scale"), [("top500", lists.ranks, 1e12), ("green500", lists.green_ranks, 1e9)]
)
def test_ranks_repeat_the_thresholds(shared_data: Path, name: str, ranks: Any, scale: float) -> None:
    with gzip.open(shared_data / f"{name}_thresholds.csv.gz", "rt", encoding="utf-8") as file:
        rows = [tuple(line.strip().split(",")) for line in file][1:]
    best: dict[tuple[str, float], int] = {}
    for edition, rank, value in rows:
        key = (edition, float(value))
        best[key] = min(best.get(key, 10**9), int(rank))
    for (edition, value), rank in list(best.items())[:: max(1, len(best) // 300)]:
        assert ranks(value * scale)[edition] == rank
