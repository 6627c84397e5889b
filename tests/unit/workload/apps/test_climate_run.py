"""A run on some nodes: measured points are met, limits are told, intervals widen beyond what was measured."""

from __future__ import annotations

import pytest

from exatwin.catalogue.climate_calibration import climate_calibration, climate_terms
from exatwin.catalogue.climate_model import load_climate_model
from exatwin.catalogue.generic import of_kind
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.workload.apps.climate_device import joined, rates_of
from exatwin.workload.apps.climate_run import ClimateRun, Setting, climate_run


def run(model: str, where: str, nodes: int | None = None, **asked: object) -> ClimateRun:
    return climate_run(load_climate_model(model), machine(where), nodes, Setting(**asked))  # type: ignore[arg-type]


def width(found: ClimateRun) -> float:
    return found.interval[1] / found.interval[0]


@pytest.mark.parametrize(
    ("model", "where", "nodes", "asked", "sdpd"),
    [
        ("icon", "jupiter", 5120, {"grid": "R2B11"}, 145.7),
        ("icon", "alps", 2000, {"grid": "R2B11"}, 82.5),
        ("icon", "juwels-booster", 128, {"grid": "5km", "levels": 191, "components": ["atmosphere"]}, 133.0),
        ("scream", "frontier", 8192, {}, 460.2),
        ("scream", "frontier", 512, {}, 58.7),
    ],
)
def test_the_measured_points_of_machines_are_met(
    model: str, where: str, nodes: int, asked: dict[str, object], sdpd: float
) -> None:
    found = run(model, where, nodes, **asked)
    assert found.sdpd == pytest.approx(sdpd, rel=2e-3)
    assert found.interval[0] < found.sdpd < found.interval[1]


def test_more_nodes_are_faster_less_efficient_and_have_fewer_columns_each() -> None:
    few, many = run("icon", "jupiter", 1000), run("icon", "jupiter", 4000)
    assert few.sdpd < many.sdpd < 4.0 * few.sdpd
    assert few.efficiency_frac > many.efficiency_frac
    assert few.work.columns / few.work.units == pytest.approx(4.0 * many.work.columns / many.work.units)


def test_more_levels_and_a_shorter_step_take_longer() -> None:
    base = run("icon", "jupiter", 2048)
    assert run("icon", "jupiter", 2048, levels=180).sdpd < base.sdpd
    assert run("icon", "jupiter", 2048, step_s=4.0).sdpd == pytest.approx(base.sdpd / 2.0)


def test_intervals_widen_with_every_doubling_beyond_what_was_measured() -> None:
    kind, scream = of_kind("ex235a-mi250x", 32768), load_climate_model("scream")
    most, twice, four = (climate_run(scream, kind, nodes, Setting()) for nodes in (8192, 16384, 32768))
    assert width(most) < width(twice) < width(four)
    assert any("extrapolated" in text for text in twice.assumptions)
    assert not any("extrapolated" in text for text in most.assumptions)


def test_a_finer_grid_needs_a_word_and_gets_a_wider_interval() -> None:
    with pytest.raises(InfeasibleError, match=r"finer than any grid .*R2B11, 1.25 km.*--beyond"):
        run("icon", "jupiter", 5884, grid="600m")
    found = run("icon", "jupiter", 5884, grid="600m", beyond=True)
    assert width(found) > width(run("icon", "jupiter", 5120)) ** 1.5
    assert any("finer than the finest measured grid" in text for text in found.assumptions)


def test_a_grid_that_the_model_was_measured_on_elsewhere_is_not_finer() -> None:
    assert run("icon", "leonardo", 2048, grid="1.25km").sdpd > 0.0


def test_another_chip_is_told_by_bandwidth_within_the_band_of_chips() -> None:
    scream = load_climate_model("scream")
    own, other = rates_of(scream, machine("lumi-g")), rates_of(scream, machine("jupiter"))
    assert own.wider == ()
    band = climate_calibration().bands["device"]
    assert other.wider == ((band.low, band.high),)
    ratio = own.constants["cell"] / other.constants["cell"]
    assert ratio == pytest.approx(4e12 / 1.64e12, rel=0.01)
    assert other.constants["collective"] == own.constants["collective"]


def test_a_family_is_nearer_than_another_chip_and_processors_are_farthest() -> None:
    icon, scream = load_climate_model("icon"), load_climate_model("scream")
    kin = rates_of(icon, machine("leonardo")).wider[0][1]
    assert 1.0 < kin < climate_calibration().bands["device"].high
    far = rates_of(scream, machine("lumi-c")).wider[0]
    assert far == (1.0 / climate_terms().other_kind, climate_terms().other_kind)


def test_a_model_of_processors_runs_on_the_hosts() -> None:
    found = run("nemo", "jupiter", 1)
    assert any("on the processors of the nodes" in text for text in found.assumptions)
    assert found.work.units == 4 * 72


def test_components_move_the_time_by_the_coupling() -> None:
    whole = run("icon", "jupiter", 2048)
    alone = run("icon", "jupiter", 2048, components=["atmosphere"])
    assert alone.sdpd == pytest.approx(whole.sdpd * (1.0 + climate_terms().coupling.middle))
    assert width(alone) > width(whole)
    added = run("icon", "juwels-booster", 128, grid="5km", components=["atmosphere", "ocean"])
    dry = run("icon", "juwels-booster", 128, grid="5km", components=["atmosphere"])
    assert added.sdpd < dry.sdpd


def test_coupled_runs_of_cesm_bear_the_coupling_out() -> None:
    # CESM 2.2 on the new Sunway: 340 (atmosphere), 265 (ocean), 222 (coupled) simulated days a day
    coupling = climate_terms().coupling
    slower = 1.0 / min(340.0, 265.0)
    assert 1.0 / (slower * (1.0 + coupling.high)) == pytest.approx(222.0, rel=0.05)


@pytest.mark.parametrize(
    ("model", "where", "nodes", "asked", "error", "words"),
    [
        ("cosmo", "alps", 100, {}, InfeasibleError, "never measured: give two points"),
        ("icon", "jupiter", 100, {}, InfeasibleError, "402 nodes hold it, 100 were asked"),
        ("icon", "jupiter", 9999, {}, InfeasibleError, "the machine has 5,884"),
        ("icon", "jupiter", 2048, {"components": ["ocen"]}, SpecError, "did you mean 'ocean'"),
        ("icon", "jupiter", 2048, {"components": ["ocean"]}, SpecError, "can't be left out"),
        ("speedyweather", "jupiter", 2, {}, InfeasibleError, "runs on one device"),
        ("speedyweather", "jupiter", 1, {"grid": "T2000", "beyond": True}, InfeasibleError, "coarser grid"),
        ("icon", "jupiter", 1, {"columns": 1}, SpecError, "--columns 1: expected 10 to"),
    ],
)
def test_what_can_not_be_is_one_line(
    model: str, where: str, nodes: int, asked: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(model, where, nodes, **asked)


def test_the_fewest_nodes_that_are_told_do_hold_it() -> None:
    assert run("icon", "jupiter", 402).memory_b < 86.4e9


def test_without_nodes_half_of_a_step_is_shared_work() -> None:
    found = run("icon", "jupiter")
    assert found.efficiency_frac >= 0.5
    assert found.nodes <= 5120


def test_a_region_has_the_columns_that_are_given() -> None:
    small = run("icon", "jupiter", 64, grid="1.25km", columns=1_000_000)
    assert small.work.columns == 1_000_000
    assert small.work.step_s == 8.0


def test_independent_causes_add_up_as_squares() -> None:
    low, high = joined([(0.5, 2.0), (0.5, 2.0)])
    assert low == pytest.approx(1.0 / high)
    assert high == pytest.approx(2.0**2**0.5)
