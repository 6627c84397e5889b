"""Failures by chance, repairs, and spare nodes."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.foundation.errors import SpecError
from exatwin.schedule.floor import Floor
from exatwin.study.centre.downtime import Down
from exatwin.study.centre.reliability import Failing, Repairs, apart, drawn, failing, held_back, repairs
from exatwin.study.centre.reliable import Reliability

DAY = 86400
WEEK = 7 * DAY


def jupiter(**keys: object):
    there = machine("jupiter")
    settings = Reliability.parse(keys, "here")
    return drawn(failing(settings, there, Floor.of(there), 5), repairs(settings), 0, 4 * WEEK, 3)


def test_as_many_fail_as_the_rate_says():
    there = Floor.of(machine("jupiter")).capacity
    found = jupiter(node_mtbf="200 d", repair="6 h")
    expected = there * 28 / 200
    assert abs(len(found) - expected) < 4 * np.sqrt(expected)
    assert all(len(one.nodes) == 1 for one in found)
    away = np.array([one.end_s - one.start_s for one in found])
    assert np.mean(away) == pytest.approx(6 * 3600, rel=4 / np.sqrt(len(found)))
    assert [one.start_s for one in found] == sorted(one.start_s for one in found)


def test_rates_of_the_catalogue_are_of_accelerators():
    found = jupiter(rates="nodes")
    expected = Floor.of(machine("jupiter")).capacity * 28 * 4 * 6.0745e-4
    assert abs(len(found) - expected) < 4 * np.sqrt(expected)


def test_a_rack_fails_with_all_its_nodes():
    there = machine("jupiter")
    found = jupiter(rack_mtbf="100 d", repair="6 h", repair_spread=0.0)
    assert found
    for one in found:
        rack = np.unique(there.rack_of_node[one.nodes])
        assert len(rack) == 1
        assert one.end_s - one.start_s == 6 * 3600


def test_a_longer_run_only_adds_failures():
    there = machine("jupiter")
    settings = Reliability.parse({"node_mtbf": "200 d", "repair": "6 h"}, "here")
    kinds = failing(settings, there, Floor.of(there), None)
    short = drawn(kinds, repairs(settings), -WEEK, 2 * WEEK, 0)
    long = drawn(kinds, repairs(settings), -WEEK, 5 * WEEK, 0)
    early = [one for one in long if one.start_s < 2 * WEEK]
    assert [(a.start_s, a.end_s, a.nodes.tolist()) for a in short] == [
        (b.start_s, b.end_s, b.nodes.tolist()) for b in early
    ]


def test_lognormal_repairs_have_the_mean_that_is_asked_for():
    away = Repairs(1000.0, 0.8).draw(np.random.default_rng(1), 200_000)
    assert away.mean() == pytest.approx(1000.0, rel=0.01)
    assert np.log(away).std() == pytest.approx(0.8, rel=0.01)


def test_no_node_is_away_twice_at_once():
    downs = [Down(0, 10, np.array([1, 2])), Down(5, 20, np.array([2, 3])), Down(6, 8, np.array([1]))]
    found = [(one.start_s, one.end_s, one.nodes.tolist()) for one in apart(downs, 5)]
    assert found == [(0, 10, [1, 2]), (5, 20, [3]), (10, 20, [2])]


def test_a_spare_steps_in_and_the_repaired_node_is_the_next():
    """Node 5 waits; 0 fails at 10 and 5 steps in; 0 is back at 20 and waits; 1 fails at 30: 0 steps in."""
    downs = [Down(10, 20, np.array([0])), Down(30, 60, np.array([1])), Down(40, 50, np.array([2]))]
    found = held_back(downs, Floor.flat(6), 1, 0, 100)
    spans = [(int(one.nodes[0]), one.start_s, one.end_s) for one in found]
    assert spans == [(5, 0, 10), (0, 20, 30), (1, 60, 100)]


def test_a_spare_that_fails_is_a_spare_again():
    found = held_back([Down(10, 20, np.array([5]))], Floor.flat(6), 1, 0, 100)
    assert [(int(one.nodes[0]), one.start_s, one.end_s) for one in found] == [(5, 0, 10), (5, 20, 100)]


def test_rates_and_times_below_nothing_are_refused():
    with pytest.raises(SpecError, match="each node fails every 0 s: expected more than 0 s"):
        drawn([Failing("node", [np.array([0])], 0.0)], Repairs(3.0, None), 0, 100, 1)
    with pytest.raises(SpecError, match="repairs take -3 s"):
        Repairs(-3.0, None)
    with pytest.raises(SpecError, match="spares is -1: expected 0 or more"):
        held_back([], Floor.flat(4), -1, 0, 10)


def test_what_nobody_says_is_refused():
    with pytest.raises(SpecError, match=r"reliability\.repair is missing"):
        repairs(Reliability.parse({"node_mtbf": "100 d"}, "here"))
    with pytest.raises(SpecError, match="expected fewer than the 6 nodes"):
        held_back([], Floor.flat(6), 6, 0, 10)
    there = machine("jupiter")
    with pytest.raises(SpecError, match="does not say how many racks"):
        failing(Reliability.parse({"cdu_mtbf": "100 d"}, "here"), there, Floor.of(there), None)
