"""The law of a step: limits of few and many units, and the fit of its constants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exatwin.workload.apps.climate_law import (
    Work,
    amounts,
    efficiency,
    fit,
    half_columns,
    sdpd,
    step_parts,
)

WORK = Work(columns=1e6, levels=90.0, units=64.0, step_s=20.0, wave=100.0, rings=300.0)
CONSTANTS = {"cell": 2e-8, "collective": 2e-3}


def test_shared_work_shrinks_with_units_and_launches_do_not() -> None:
    one, many = amounts(WORK), amounts(replace(WORK, units=128.0))
    for name in ("column", "cell", "transform", "legendre"):
        assert many[name] == pytest.approx(one[name] / 2.0)
    assert many["start"] == one["start"] == 1.0
    assert many["ring"] == one["ring"]
    assert many["collective"] == one["collective"] + 1.0


def test_one_unit_waits_for_nobody() -> None:
    alone = replace(WORK, units=1.0)
    assert sdpd(CONSTANTS, alone) == pytest.approx(alone.step_s / (2e-8 * 9e7))
    assert efficiency(CONSTANTS, alone) == 1.0


def test_many_units_saturate_at_what_does_not_shrink() -> None:
    found = sdpd({"cell": 2e-8, "start": 0.01}, replace(WORK, units=1e9))
    assert found == pytest.approx(WORK.step_s / 0.01, rel=1e-3)


def test_half_of_the_step_is_shared_at_the_columns_that_are_told() -> None:
    columns = half_columns(CONSTANTS, WORK)
    at_half = replace(WORK, columns=columns * WORK.units)
    assert efficiency(CONSTANTS, at_half) == pytest.approx(0.5)


def test_parts_add_up_to_the_step() -> None:
    assert WORK.step_s / sum(step_parts(CONSTANTS, WORK).values()) == pytest.approx(sdpd(CONSTANTS, WORK))


def test_the_fit_finds_the_constants_that_made_the_points() -> None:
    works = [replace(WORK, units=float(n)) for n in (2, 8, 32, 128)]
    seconds = [sum(step_parts(CONSTANTS, work).values()) for work in works]
    assert fit(["cell", "collective"], works, seconds) == pytest.approx(CONSTANTS)
    found = fit(["cell", "collective", "start"], works, seconds)
    assert found["cell"] == pytest.approx(2e-8)
    assert found["start"] == pytest.approx(0.0, abs=1e-6)


def test_no_constant_is_below_zero_where_points_scale_too_well() -> None:
    works = [replace(WORK, units=float(n)) for n in (2, 4)]
    found = fit(["cell", "collective"], works, [1.0, 0.4])
    assert found["cell"] > 0.0
    assert found["collective"] == 0.0


def test_a_step_twice_too_long_counts_as_one_half_too_short() -> None:
    works = [WORK, WORK]
    found = fit(["start"], works, [1.0, 4.0])
    assert found["start"] == pytest.approx(2.0, rel=1e-3)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="1 points for 2 constants"):
        fit(["cell", "start"], [WORK], [1.0])
