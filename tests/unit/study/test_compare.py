"""Machines beside each other."""

from __future__ import annotations

import pytest

from exatwin.foundation.errors import CatalogueError, SpecError
from exatwin.study.compare import compare, eurohpc, machines_of, ordered, queue_for
from exatwin.study.estimate import Estimate
from exatwin.study.estimates import estimate
from exatwin.study.starts.waits import wait

ASKED = {"model": "llama-3.1-8b", "accelerators": 64, "tokens": 1e11}


def ask(name: str) -> Estimate:
    return estimate("llm", name, **ASKED)


def test_each_row_says_what_the_estimate_says() -> None:
    rows = compare(["jupiter", "lumi-g"], ask, "llm")
    for row in rows:
        told = ask(row.asked)
        campaign = told.extra["campaign"]
        assert row.node_h == pytest.approx(told.nodes * campaign["time_to_tokens_s"] / 3600.0)
        assert row.billed[0] == pytest.approx(campaign["billed"]["amount"])
        assert row.run["cost_eur"] == pytest.approx(campaign["cost_eur"])
        assert row.memory_frac is not None
        assert 0.1 < row.memory_frac < 1.1
        assert row.queued is not None
        assert row.queued.low_s <= row.queued.high_s
        assert row.risks
    assert rows[0].jobs > 1
    assert "aarch64" in rows[0].risks[0]
    assert any("ROCm" in text for text in rows[1].risks)
    assert any("FP8" in text for text in rows[1].risks)


def test_a_machine_that_cant_stays_with_its_reason() -> None:
    rows = ordered(compare(["vega-gpu", "lumi-c", "jedi"], lambda name: estimate(
        "llm", name, **ASKED | {"accelerators": 16, "model": "llama-3.1-405b"}
    ), "llm"), "time")  # fmt: skip
    assert all(row.found is None for row in rows)
    assert {row.asked for row in rows} == {"vega-gpu", "lumi-c", "jedi"}
    why = {row.asked: row.why for row in rows}
    assert "no accelerators" in why["lumi-c"]
    assert "GB" in why["jedi"]
    assert rows[0].document() | {"risks": []} == {
        "machine": rows[0].asked, "title": rows[0].title, "feasible": False, "why": rows[0].why, "risks": []
    }  # fmt: skip


def test_what_is_wrong_everywhere_is_an_error_and_so_is_an_unknown_machine() -> None:
    with pytest.raises(SpecError, match="unknown model"):
        compare(["jupiter", "jedi"], lambda name: estimate("llm", name, **ASKED | {"model": "lama"}), "llm")
    with pytest.raises(CatalogueError, match="did you mean 'jupiter'"):
        compare(["jedi", "jupitr"], ask, "llm")


def test_rows_are_sorted_by_what_is_asked_for() -> None:
    rows = compare(["leonardo", "jupiter"], ask, "llm")
    assert [row.asked for row in ordered(rows, "time")] == ["jupiter", "leonardo"]
    assert [row.asked for row in ordered(rows, "machine")] == ["jupiter", "leonardo"]
    assert [row.asked for row in ordered(rows, "given")] == ["leonardo", "jupiter"]
    energy = [row.run["site_energy_j"] for row in ordered(rows, "energy")]
    assert energy == sorted(energy)
    with pytest.raises(SpecError, match="did you mean 'time'"):
        ordered(rows, "tme")


def test_names_of_machines_are_read_by_commas_and_eurohpc_means_all() -> None:
    assert machines_of(["jupiter,lumi-g", "jedi"]) == ["jupiter", "lumi-g", "jedi"]
    assert machines_of(["Karolina, GPU partition"]) == ["Karolina, GPU partition"]
    assert machines_of(["eurohpc"]) == eurohpc()
    with pytest.raises(SpecError, match="no machine is named"):
        machines_of([","])


def test_larger_jobs_than_any_queue_takes_are_told() -> None:
    row = compare(["lumi-g"], lambda name: estimate("hpl", name), "hpl")[0]
    assert row.risks[0] == "no regular queue takes 2,978 nodes, 'standard-g' at most 1,024"
    assert row.queued is not None
    assert row.queued.bound
    queue = queue_for("jupiter", 5884)
    assert queue is not None
    assert queue.name == "booster"


def test_waits_are_those_of_the_nearest_shape() -> None:
    small, large = wait("jupiter", 1, 3600.0), wait("jupiter", 512, 43200.0)
    assert small is not None
    assert large is not None
    assert small.middle_s < large.middle_s
    assert "512 to 1023 nodes and at most 12 h" in large.basis.replace(",", "")
    assert not large.bound
    assert wait("nowhere", 1, 1.0) is None
