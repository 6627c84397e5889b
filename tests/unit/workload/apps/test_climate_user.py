"""A calibration of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from exatwin.catalogue.climate_model import load_climate_model
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import SpecError
from exatwin.workload.apps.climate_device import Measured
from exatwin.workload.apps.climate_run import Setting, climate_run
from exatwin.workload.apps.climate_user import measured_by_user, read_pairs, read_table


def own(model: str, where: str, *points: str) -> Measured:
    return measured_by_user(load_climate_model(model), machine(where), [read_pairs(each) for each in points])


TWO = ("nodes=128,sypd=0.02,grid=1.1km", "nodes=256,sypd=0.035,grid=1.1km")


def test_two_points_are_met_and_others_follow_within_a_band() -> None:
    cosmo, alps = load_climate_model("cosmo"), machine("alps")
    found = own("cosmo", "alps", *TWO)
    for nodes, sypd in ((128, 0.02), (256, 0.035)):
        run = climate_run(cosmo, alps, nodes, Setting(grid="1.1km"), found)
        assert run.sdpd / 365.25 == pytest.approx(sypd)
    far = climate_run(cosmo, alps, 1024, Setting(grid="1.1km"), found)
    near = climate_run(cosmo, alps, 256, Setting(grid="1.1km"), found)
    assert far.interval[1] / far.interval[0] > near.interval[1] / near.interval[0]


def test_points_on_cores_count_cores() -> None:
    found = own("ifs", "lumi-c", "cores=160,sypd=10,grid=TL255", "cores=640,sypd=20,grid=TL255")
    assert found.unit == "core"
    assert found.most_units == 640


def test_nodes_count_before_what_else_a_point_tells() -> None:
    points = ("nodes=5,accelerators=160 cores,sypd=10,grid=TL255", "nodes=20,sypd=20,grid=TL255")
    found = own("ifs", "lumi-c", *points)
    assert (found.unit, found.most_units) == ("node", 20)


def test_packages_of_several_devices_are_counted_as_elsewhere() -> None:
    by_nodes = own("scream", "lumi-g", "nodes=64,sypd=0.02,grid=ne1024", "nodes=512,sypd=0.16,grid=ne1024")
    by_chips = own(
        "scream",
        "lumi-g",
        "accelerators=256,sypd=0.02,grid=ne1024",
        "accelerators=2048,sypd=0.16,grid=ne1024",
    )
    assert by_nodes.constants == by_chips.constants
    assert by_nodes.most_units == 4096


def test_spectral_models_on_one_device_get_their_own_parts() -> None:
    points = [
        f"nodes=1,sypd={sypd},grid=T{wave}"
        for wave, sypd in ((32, 5621), (43, 3888), (64, 1181), (86, 653), (128, 261))
    ]
    assert set(own("speedyweather", "jupiter", *points).constants) == {"ring", "column", "cell"}


def test_a_table_of_measurements_gives_the_rows_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(
        "model,grid_km,nodes,throughput_SDPD,SYPD,timestep_s\n"
        "IFS T255,80,5,3060,8.4,2700\nIFS T255,80,20,6300,17.3,2700\nNEMO,100,2,1,1,1\n",
        "utf-8",
    )
    found = read_table(path, load_climate_model("ifs"))
    assert [point["sdpd"] for point in found] == ["3060", "6300"]
    assert found[0] == {"grid": "80", "nodes": "5", "sdpd": "3060", "sypd": "8.4", "step": "2700"}


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (TWO[:1], "two sizes are needed"),
        ((TWO[0], TWO[0]), "two sizes are needed"),
        (("nodes=1,grid=1.1km", TWO[0]), "'sypd' or 'sdpd' is missing"),
        (("sypd=1,grid=1.1km", TWO[0]), "'nodes' is missing"),
        (("nodes=1,sypd=1", TWO[0]), "'grid' is missing"),
        (("nodes=1,sypd=0,grid=1.1km", TWO[0]), "'sypd' is 0"),
        (("nodes=1,sypd=x,grid=1.1km", TWO[0]), "'sypd' is x"),
    ],
)
def test_points_that_tell_nothing_are_refused(points: tuple[str, ...], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        own("cosmo", "alps", *points)


@pytest.mark.parametrize("text", ["nodes", "nodes=", "nods=1", ""])
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="--measured"):
        read_pairs(text)


def test_files_without_points_are_refused(tmp_path: Path) -> None:
    cosmo = load_climate_model("cosmo")
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(SpecError, match="holds no points"):
        read_table(empty, cosmo)
    with pytest.raises(SpecError, match="can't be read"):
        read_table(tmp_path / "nowhere.csv", cosmo)
