"""Measured runs as points of the law."""

from __future__ import annotations

from pathlib import Path

import pytest

from exatwin.foundation.errors import SpecError
from exatwin.study.validate import validate
from exatwin.study.validation.climate_rows import by_series, id_of, output_law, read_lines, small_and_large
from exatwin.study.validation.measured import Measured

COLUMNS = (
    "model,grid_km,columns,levels,timestep_s,components,machine,nodes,accelerators,throughput_SDPD,SYPD,"
    "power/energy,source,quality,kind,notes"
)
NEW = (
    "SpeedyWeather.jl PrimitiveWet T171,78.0,70144,8,450,gcm,gpu-nvidia H100 80GB,1,H100 80GB,50000,137,,"
    "x,B,spectral_gcm,"
)


def test_ids_tell_model_machine_size_and_levels() -> None:
    lines = Measured().climate_lines
    assert "icon-esm.jupiter-booster.20480-gh200.1.25km.l90" in lines
    assert all(id_of(line) == id_.partition("#")[0] for id_, line in lines.items())


def test_the_same_run_twice_has_two_ids(tmp_path: Path) -> None:
    path = tmp_path / "climate_measurements.csv"
    path.write_text("\n".join((COLUMNS, NEW, NEW, NEW)), "utf-8")
    first, *more = read_lines(path)
    assert more == [f"{first}#2", f"{first}#3"]


def test_points_are_what_the_rows_say() -> None:
    points, _ = Measured().climate
    found = {point.id: point for point in points}
    icon = found["icon-coupled.levante-cpu.cpu-2x64c-epyc-milan-node.1.25km.l90"]
    assert icon.work.units == 900 * 128
    scream = found["scream-eamxx.frontier.2048-mi250x.3.25km.l128"]
    assert scream.work.units == 4096
    speedy = found["speedyweather.jl-primitivewet-t86.gpu-nvidia-h100-80gb.h100-80gb.156.4km.l24"]
    assert (speedy.work.wave, speedy.work.rings, speedy.work.levels) == (86, 128, 24)


def test_seconds_of_the_processor_count_where_the_machine_was_shared() -> None:
    points, _ = Measured().climate
    dinosaur = next(point for point in points if "t42" in point.id and point.work.levels == 24)
    assert dinosaur.step_s == pytest.approx(0.06016)


def test_the_largest_size_is_kept_apart() -> None:
    points, _ = Measured().climate
    small, large = small_and_large(by_series(points)["speedyweather-h100"])
    assert {point.grid.name for point in large} == {"T128"}
    assert len(small) + len(large) == 9


def test_volumes_are_met_by_the_law_that_made_them() -> None:
    volumes = Measured().volumes
    fixed, column = output_law(volumes)
    assert all(fixed + column * each.columns == pytest.approx(each.day_b, rel=0.03) for each in volumes)


def test_rows_that_no_fit_has_seen_are_scored_apart(tmp_path: Path) -> None:
    path = tmp_path / "climate_measurements.csv"
    path.write_text("\n".join((COLUMNS, NEW)), "utf-8")
    (found,) = validate("climate", data=tmp_path)
    assert found.unseen is not None
    assert found.unseen.rows == 1
    assert abs(found.rows[0].error) < 0.5
    (large,) = validate("climate-scaling", data=tmp_path)
    assert [row.left_out_error for row in large.rows] == [found.rows[0].error]


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "climate_measurements.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(SpecError, match="lacks 16 columns"):
        validate("climate", data=tmp_path)
