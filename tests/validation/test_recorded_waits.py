"""The waits that ship are those of the simulation that is said to have made them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from exatwin.catalogue.waits import made, shapes

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def recorder() -> ModuleType:
    """The script that writes them."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        return __import__("record_waits")
    finally:
        sys.path.remove(str(SCRIPTS))


@pytest.mark.parametrize("name", ["jedi", "vega-gpu"])
def test_a_machine_simulated_again_waits_as_recorded(recorder: ModuleType, name: str) -> None:
    again = list(recorder.waits(name, made()))
    kept = [
        (name, row.nodes, int(row.limit_s), row.jobs, int(row.low_s), int(row.middle_s), int(row.high_s))
        for row in shapes()[name]
    ]
    assert sorted(tuple(row.values()) for row in again) == sorted(kept)


def test_limits_of_the_site_hold_in_the_simulated_queue(recorder: ModuleType) -> None:
    from exatwin.catalogue.load import machine

    limited = recorder.with_limits(machine("lumi-g")).partitions[0]
    assert (limited.name, limited.max_nodes, limited.max_time_s) == ("standard-g", 1024, 172_800.0)
    own = machine("jupiter")
    assert recorder.with_limits(own) is own
