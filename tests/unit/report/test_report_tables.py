from __future__ import annotations

from dataclasses import replace

import pytest
from fake import FakeResult

from exatwin.report import tables
from exatwin.report.cards import cards, spark_points
from exatwin.report.keys import BASIS, KEYS, Basis
from exatwin.report.source import basis_of


def column(table: tables.Table, title: str) -> list[object]:
    return [row[table.columns.index(title)] for row in table.rows]


def test_key_figures_are_those_of_the_summary(result: FakeResult) -> None:
    made = tables.key_figures(result)
    shown = dict(zip(column(made, "figure"), column(made, "value>"), strict=True))
    summary = result.summary()
    assert float(str(shown["IT energy"]).replace(",", "")) == pytest.approx(
        summary["energy_j"] / 3.6e9, rel=1e-3
    )
    assert shown["Jobs"] == "400"
    assert float(str(shown["PUE, EN 50600-4-2"])) == pytest.approx(summary["pue"], abs=6e-4)
    assert dict(zip(column(made, "figure"), column(made, "unit"), strict=True))["Billed"] == "core-h"
    assert all(isinstance(basis, Basis) for basis in column(made, "known"))


def test_unknown_figures_are_named_not_invented(plain: FakeResult) -> None:
    made = tables.key_figures(plain)
    assert "PUE, EN 50600-4-2" not in column(made, "figure")
    assert "PUE, EN 50600-4-2" in made.note
    assert "Mean wait" in column(made, "figure")


def test_a_trace_is_recorded_and_brought_weather_measured(result: FakeResult) -> None:
    words = ("workload", "schedule", "weather", "market", "modelled")
    assert [basis_of(result, word) for word in words] == [
        "modelled",
        "modelled",
        "assumed",
        "assumed",
        "modelled",
    ]
    brought = {
        **result.provenance,
        "trace": "log.swf",
        "weather": "EPW file aachen.epw",
        "market": "SMARD file",
    }
    replayed = replace(result, provenance=brought)
    assert [basis_of(replayed, word) for word in words[2:4]] == ["measured", "measured"]
    assert basis_of(replayed, "workload") == "recorded"
    assert basis_of(replayed, "schedule") == "modelled"
    known = dict(
        zip(column(tables.key_figures(replayed), "figure"), tables.key_figures(replayed).rows, strict=True)
    )
    assert BASIS["recorded"] in known["Jobs"]


def test_several_seeds_show_median_and_range(result: FakeResult) -> None:
    base = result.summary()
    seeds = tuple({**base, "pue": value} for value in (1.05, 1.07, 1.06))
    made = tables.key_figures(replace(result, seeds=seeds))
    shown = dict(zip(column(made, "figure"), column(made, "median, P10–P90 of seeds>"), strict=True))
    assert shown["PUE, EN 50600-4-2"] == "1.06 (1.05–1.07)"
    assert "3 seeds" in made.note


def test_each_number_of_the_machine_names_its_source(result: FakeResult) -> None:
    made = tables.facts(result)
    assert result.machine is not None
    assert len(made.rows) >= len(result.machine.file.facts)
    assert all(row[made.columns.index("source")] for row in made.rows)
    shown = dict(zip(column(made, "number"), column(made, "value>"), strict=True))
    assert shown["nodes"] == "5,884"
    assert "–" not in shown.values()


def test_sources_are_listed_once(result: FakeResult) -> None:
    rows = tables.sources(result).rows
    assert len(rows) == len(set(rows)) > 3


def test_the_largest_jobs_come_first(result: FakeResult) -> None:
    work = [float(str(text).replace(",", "")) for text in column(tables.largest(result), "node-h>")]
    assert work == sorted(work, reverse=True)
    assert len(work) == 20


def test_energy_by_place_adds_up(result: FakeResult) -> None:
    rows = tables.energy(result).rows
    shares = [float(str(row[3]).removesuffix(" %")) for row in rows]
    assert sum(shares[:-1]) == pytest.approx(100.0, abs=0.1)
    assert "agree within" in tables.energy(result).note


def test_provenance_tells_what_identifies_the_run(result: FakeResult) -> None:
    text = str(tables.provenance(result).rows)
    assert all(str(result.provenance[key]) in text for key in ("id", "seed", "version", "data_digest"))
    assert "2026-11-17 00:00 UTC" in text


def test_tables_without_a_machine(plain: FakeResult) -> None:
    assert set(tables.available(plain)) == {"figures", "provenance", "waits", "gantt"}
    for name in tables.available(plain):
        made = tables.TABLES[name](plain)
        assert all(len(row) == len(made.columns) for row in made.rows)


def test_key_figures_have_distinct_names() -> None:
    assert len({key.name for key in KEYS}) == len({key.title for key in KEYS}) == len(KEYS)


def test_cards_show_power_plant_use_and_market(result: FakeResult, plain: FakeResult) -> None:
    titles = [card.title for card in cards(result)]
    assert titles == [
        "IT power",
        "Facility",
        "PUE · EN 50600-4-2",
        "Supply / return",
        "Utilisation",
        "Queue",
        "Carbon",
        "Price",
    ]
    assert [card.basis for card in cards(result)][-2:] == ["assumed", "assumed"]
    assert [card.title for card in cards(plain)] == ["Utilisation", "Queue", "Mean wait", "Bounded slowdown"]


def test_the_courses_of_cards_stay_in_their_box(result: FakeResult) -> None:
    for card in cards(result):
        assert card.course is not None
        points = spark_points(card.course)
        assert 2 <= len(points) <= 97
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points)
