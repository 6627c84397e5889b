"""What a centre's own rules make of a state: names of nodes, windows, priorities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.schedule.ahead import Rule, _before
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.site.conf import read_conf
from exatwin.schedule.windows import Kind, Window
from exatwin.study.scenario import Scenario
from exatwin.study.starts.ensemble import Queue, _points
from exatwin.study.starts.own_rules import in_pool, place_of_conf, windows_after
from exatwin.study.starts.standing_state import Place, _strange
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import HeldNodes, Standing
from exatwin.workload.upcoming import Upcoming
from exatwin.workload.usage import shipped_usage

CONF = """\
ClusterName=tiny
NodeName=a[1-4] CPUs=8
NodeName=b[1-2] CPUs=8
PartitionName=long Nodes=a[1-4] Default=YES MaxTime=2-0 MaxNodes=3
PartitionName=short Nodes=b[1-2] MaxTime=30
"""


def tiny(tmp_path: Path) -> Place:
    (tmp_path / "slurm.conf").write_text(CONF)
    found = place_of_conf(read_conf(tmp_path / "slurm.conf"))
    assert found is not None
    return found


def test_jupiter_knows_what_its_nodes_are_called() -> None:
    names = machine("jupiter").node_names
    assert (len(names), names[0], names[47], names[48], names[-1]) == (
        5884, "jpbo-001-01", "jpbo-001-48", "jpbo-002-01", "jpbo-123-28",
    )  # fmt: skip


def test_jobs_on_unknown_nodes_are_one_line() -> None:
    place = Place.of("jupiter")
    known = HeldNodes("1", ("jpbo-001-01", "jpbo-122-48"))
    assert _strange([known], place) == []
    assert _strange([known, HeldNodes("7_2", ("jpbo-123-28", "jpbo-123-29"))], place) == [
        "1 jobs (7_2) run on 1 nodes that JUPITER Booster lacks (jpbo-123-29): held as any of its nodes"
    ]
    (line,) = _strange([HeldNodes("7", ("n1", "n2"))], place)
    assert "expected names such as jpbo-001-01: is it the right --machine?" in line


def test_a_machine_without_names_is_judged_by_their_number() -> None:
    held = [HeldNodes("7", ("n1", "n2")), HeldNodes("8", ("n2", "n3"))]
    assert _strange(held, Place.of("3")) == []
    assert _strange(held, Place.of("2")) == ["jobs run on 3 different nodes, 2 nodes has 2"]


def test_a_slurm_conf_is_a_machine_with_names_and_limits(tmp_path: Path) -> None:
    place = tiny(tmp_path)
    assert (place.title, place.pool_nodes.tolist(), place.default) == ("tiny", [4, 2], 0)
    assert place.node_names == {"a1", "a2", "a3", "a4", "b1", "b2"}
    assert place.refuses(0, 4, 60) == "4 nodes: partition 'long' of tiny gives a job at most 3"
    assert place.refuses(1, 2, 3600) == "1 h: partition 'short' of tiny grants at most 0.5 h"


def test_windows_count_from_the_instant_and_by_the_nodes_of_a_pool(tmp_path: Path) -> None:
    place = tiny(tmp_path)
    wanted = ["maintenance:nodes 3-5@2h/1h", "down:nodes 0@1h/2h", "drain:nodes 1@4h/1h", "all@10min/10min"]
    scenario = Scenario().replace("reservations", wanted)
    found = windows_after(scenario, place, 0, 3600)
    assert [(one.start_s, one.end_s, one.kind, one.nodes.tolist()) for one in found] == [
        (3600, 7200, Kind.MAINTENANCE, [3, 4, 5]),
        (0, 7200, Kind.DRAIN, [0]),  # it has begun; the drain in three hours is not foreseen
    ]
    assert [one.nodes.tolist() for one in in_pool(found, place, 1)] == [[0, 1]]
    assert windows_after(None, place, 0, 0) == ()


def test_what_runs_leaves_a_window_in_time() -> None:
    """Of 4 nodes 2 are in maintenance from 50: the longest job stays outside, the next one ends by then."""
    window = Window(50, 90, np.array([2, 3]), Kind.MAINTENANCE)
    running = np.array([[80, 100, 30], [90, 200, 40], [1, 2, 1]])
    order, left = _before((window,), running, 4)
    assert left.tolist() == [[100, 50, 30], [200, 50, 40], [2, 1, 1]]
    assert order.tolist() == [1, 0, 2]
    drained = Window(0, 90, np.array([2, 3]), Kind.DRAIN)
    assert _before((drained,), running, 4)[1][1].tolist() == [200, 90, 40]


def test_points_are_priorities_without_age() -> None:
    """A day of seven is 1/7 of 700 points; who runs had aged until its start; size counts 10 a node of 10."""
    rule = PriorityRule()
    rule = PriorityRule(weights=type(rule.weights)(age=700.0, job_size=100.0))
    jobs = Standing(
        job_id=[1, 2, 3], nodes=[4, 2, 1], limit_s=[60] * 3, elapsed_s=[86400, -1, -1],
        waited_s=[2 * 86400, 86400, 5], priority=[600.0, 320.0, np.nan],
    )  # fmt: skip
    none = np.empty(0, np.int64)
    past = Jobs(job_id=none, submit_s=none, nodes=none, limit_s=none, runtime_s=none)
    queue = Queue(jobs, 10, shipped_usage(), Upcoming(past, 0), Rule("multifactor", "easy", priority=rule))
    points, usual, wanted = _points(queue, np.array([[5], [60]]))
    assert points is not None
    assert usual is not None
    assert wanted is not None
    assert wanted.tolist() == [50.0]
    assert usual.tolist() == pytest.approx([460.0, 200.0])
    assert points.tolist() == pytest.approx([500.0, 220.0, 340.0])
