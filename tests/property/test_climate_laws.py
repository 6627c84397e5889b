"""Laws of climate runs over all sizes: monotone, bounded by what does not shrink, always in an interval."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exatwin.catalogue.climate_model import load_climate_model
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError
from exatwin.workload.apps.climate_law import TERMS, Work, efficiency, fit, sdpd, step_parts
from exatwin.workload.apps.climate_run import Setting, climate_run

sizes = st.floats(1.0, 1e6)
constants = st.dictionaries(st.sampled_from(TERMS[3:]), st.floats(1e-10, 1e-3), min_size=1).flatmap(
    lambda shared: st.dictionaries(st.sampled_from(TERMS[:3]), st.floats(1e-6, 1.0)).map(
        lambda fixed: {**fixed, **shared}
    )
)
works = st.builds(
    Work,
    columns=st.floats(1e2, 1e9),
    levels=st.floats(1.0, 200.0),
    units=sizes,
    step_s=st.floats(1.0, 3600.0),
    wave=st.floats(1.0, 1000.0),
    rings=st.floats(1.0, 3000.0),
)


@given(constants, works)
def test_a_run_is_never_faster_than_what_does_not_shrink_allows(found: dict[str, float], work: Work) -> None:
    parts = step_parts(found, work)
    fixed = sum(parts.get(name, 0.0) for name in ("start", "ring", "collective"))
    assert 0.0 < efficiency(found, work) <= 1.0 + 1e-12
    assert sdpd(found, work) * fixed <= work.step_s * (1.0 + 1e-12)


@given(constants, works)
def test_more_columns_or_levels_are_never_faster(found: dict[str, float], work: Work) -> None:
    rate = sdpd(found, work)
    for more in (replace(work, columns=2.0 * work.columns), replace(work, levels=2.0 * work.levels)):
        assert sdpd(found, more) <= rate * (1.0 + 1e-12)


@given(st.floats(1e-9, 1e-5), st.floats(1e-4, 1e-1), st.lists(sizes, min_size=3, max_size=6, unique=True))
def test_the_fit_meets_points_that_follow_the_law(cell: float, start: float, columns: list[float]) -> None:
    made = {"cell": cell, "start": start}
    asked = [Work(1e3 + 1e3 * each, 50.0, 4.0, 60.0) for each in columns]
    seconds = [sum(step_parts(made, work).values()) for work in asked]
    found = fit(["cell", "start"], asked, seconds)
    for work, measured in zip(asked, seconds, strict=True):
        assert sum(step_parts(found, work).values()) == pytest.approx(measured, rel=1e-3)


@given(st.integers(1, 5884), st.sampled_from(["R2B8", "R2B9", "R2B10", "R2B11", "7km"]))
def test_an_answer_is_always_an_interval_that_holds_the_middle(nodes: int, grid: str) -> None:
    icon, jupiter, asked = load_climate_model("icon"), machine("jupiter"), Setting(grid=grid)
    try:
        run = climate_run(icon, jupiter, nodes, asked)
    except InfeasibleError as error:
        fewest = re.search(r"([\d,]+) nodes hold it", str(error))
        run = climate_run(icon, jupiter, int(fewest[1].replace(",", "")) if fewest else 0, asked)
    low, high = run.interval
    assert 0.0 < low < run.sdpd < high
    assert run.memory_limit_b is None or run.memory_b <= run.memory_limit_b * (1.0 + 1e-9)
