"""Rules of sites and calls, waits and risks: sourced, complete, and in agreement with the machines."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from exatwin.catalogue.batch import BatchRules, load_rules
from exatwin.catalogue.calls import Call, load_call, sections, tracks
from exatwin.catalogue.load import data_folder, machine, names
from exatwin.catalogue.risks import part_risks
from exatwin.catalogue.waits import made, shapes
from exatwin.foundation.errors import CatalogueError
from exatwin.foundation.spec import Quality

SITES, CALLS = names("batch"), names("calls")
EUROHPC = (
    "jupiter", "lumi", "leonardo", "marenostrum5", "meluxina", "karolina", "vega", "deucalion", "discoverer",
)  # fmt: skip


def document(folder: str, name: str) -> dict[str, Any]:
    return tomllib.loads((data_folder() / folder / f"{name}.toml").read_text(encoding="utf-8"))


def test_each_site_of_eurohpc_has_rules() -> None:
    assert set(EUROHPC) <= set(SITES)


@pytest.mark.parametrize("name", SITES)
def test_a_site_agrees_with_its_machines(name: str) -> None:
    rules = load_rules(name)
    assert rules.name == name
    assert rules.machines
    for served in rules.machines:
        found = machine(served)
        own = [queue for queue in rules.partitions if queue.machine == served]
        assert sum(queue.default for queue in own) == 1, f"{served} has no default queue"
        for queue in own:
            assert queue.gpus == found.node_devices, queue.name
            assert (queue.nodes or 0) <= found.nodes
            assert queue.min_nodes <= queue.most_nodes
            assert queue.tasks <= queue.cpus
            assert not queue.gpus or "{n}" in queue.gpu_flag
    assert {queue.machine for queue in rules.partitions} - {""} == set(rules.machines)


@pytest.mark.parametrize("name", SITES)
def test_each_limit_of_a_site_names_its_source_and_quality(name: str) -> None:
    rules = load_rules(name)
    for queue in rules.partitions:
        for key in ("max_nodes", "max_time", "gpus", "cpus", "tasks"):
            written = key in document("batch", name)["partitions"][rules.partitions.index(queue)]
            assert bool(rules.quality_of(queue, key)) == written
    for fact in rules.facts.values():
        source = rules.sources[fact.source]
        assert source.url or source.as_of
        assert (fact.quality == Quality.ASSUMED) == source.title.startswith("Assumed")


def test_a_number_without_a_source_is_refused() -> None:
    text = document("batch", "jupiter")
    text["partitions"][0]["max_time"] = "13 h"
    with pytest.raises(CatalogueError, match=r"partitions\.0\.max_time: the number has no source"):
        BatchRules.parse(text, "own.toml")


@pytest.mark.parametrize("name", CALLS)
def test_a_call_names_sections_and_sites_that_there_are(name: str) -> None:
    call = load_call(name)
    assert call.name == name
    assert set(call.sections) <= set(sections())
    assert set(call.sites) <= set(SITES)
    assert call.months >= 1
    for fact in call.facts.values():
        assert call.sources[fact.source].url or fact.quality == Quality.ASSUMED


def test_a_number_of_a_call_without_a_source_is_refused() -> None:
    text = document("calls", "ai-factory-fast-lane")
    text["most"] = 50001
    with pytest.raises(CatalogueError, match="most: the number has no source"):
        Call.parse(text, "own.toml")


def test_the_tracks_follow_each_other_without_a_gap() -> None:
    playground, fast, large = tracks("ai-factory")
    assert playground.most
    assert fast.most
    assert playground.most < fast.most == large.above


def test_each_family_has_at_most_one_default() -> None:
    families = [load_call(name).family for name in CALLS if load_call(name).default]
    assert len(families) == len(set(families))


def test_risks_belong_to_parts_that_there_are() -> None:
    assert {risk.part for risk in part_risks()} <= {*names("accelerators"), *names("processors")}


def test_every_machine_has_waits_and_percentiles_are_in_order() -> None:
    assert set(shapes()) == set(names("machines"))
    for rows in shapes().values():
        assert all(0.0 <= row.low_s <= row.middle_s <= row.high_s for row in rows)
        assert all(row.jobs >= 20 for row in rows)
    assert made().sources["A"].as_of
