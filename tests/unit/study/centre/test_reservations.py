"""Windows as people write them, and what is wrong with others."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.foundation.errors import SpecError
from exatwin.schedule.floor import Floor
from exatwin.schedule.windows import Kind
from exatwin.study.centre.reservations import reservation, windows
from exatwin.study.scenario import Scenario

DAY = 86400.0


def read(*texts: str):
    there = machine("jupiter")
    return windows(texts, there, Floor.of(there), 0.0, 7 * DAY)


def test_all_nodes_in_maintenance():
    (found,) = read("maintenance:all@2d/8h")
    assert (found.start_s, found.end_s, found.kind) == (172800, 201600, Kind.MAINTENANCE)
    assert len(found.nodes) == Floor.of(machine("jupiter")).capacity


def test_nodes_by_number_for_an_account_and_a_user():
    (found,) = read("nodes 0-3+70@1d/12h:account7+user12")
    assert found.nodes.tolist() == [0, 1, 2, 3, 70]
    assert found.kind == Kind.RESERVATION
    assert (found.accounts, found.users) == ((7,), (12,))


def test_racks_count_from_one_and_any_nodes_are_the_last():
    there = machine("jupiter")
    rack, some = read("drain:rack 2@6h/4h", "64 nodes@0s/1h")
    assert rack.kind == Kind.DRAIN
    assert np.all(there.rack_of_node[rack.nodes] == 1)
    assert len(rack.nodes) == int(np.sum(there.rack_of_node == 1))
    assert some.nodes[-1] == Floor.of(there).capacity - 1
    assert len(some.nodes) == 64


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nodes 0-99999@1d/1h", "has the nodes 0-99999: expected 0 to"),
        ("99999 nodes@1d/1h", "larger than the machine: expected 1 to"),
        ("rack 999@1d/1h", "has the racks 999: expected 1 to"),
        ("all@8d/1h", "starts after the window of 7 d"),
        ("all@1d/1h:bob", "is for 'bob': expected accounts and users"),
        ("cupboard 3@1d/1h", "is on 'cupboard 3': expected all"),
        ("nodes 9-3@1d/1h", "9-3 runs backwards: expected 3-9"),
        ("0 nodes@1d/1h", "is of no nodes: expected 1 to"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(text: str, words: str):
    with pytest.raises(SpecError, match=words) as caught:
        read(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["all", "all@1d", "holiday:all@1d/1h", "all@-1d/1h", "all@1d/0s", "all@noon/1h"]
)
def test_what_is_no_reservation(text: str):
    with pytest.raises(ValueError, match=r"reservation|unknown kind|window|lasts"):
        reservation(text)


def test_the_scenario_takes_one_text_or_several():
    one = Scenario().replace("reservations", "maintenance:all@2d/8h, rack 3@1d/2h")
    assert one.reservations == ("maintenance:all@2d/8h", "rack 3@1d/2h")
    assert Scenario.parse(one.document(), "here") == one
    with pytest.raises(SpecError, match="unknown kind 'holiday'"):
        Scenario().replace("reservations", "holiday:all@1d/1h")
