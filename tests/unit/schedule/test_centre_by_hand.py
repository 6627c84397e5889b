"""Hand-worked cases of a centre: windows, dependencies, limits, preemption, reservations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.conditions import Conditions, Restart
from exatwin.schedule.dependencies import Dependencies, in_chains, singletons
from exatwin.schedule.limits import NO_LIMIT, Limits
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.preempt import Preemption
from exatwin.schedule.ranks import plain_ranks
from exatwin.schedule.result import Schedule
from exatwin.schedule.simulate import simulate
from exatwin.schedule.slurm import SlurmRule
from exatwin.schedule.windows import Kind, Window
from exatwin.workload.job import Jobs, State

EVERY = pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "slurm"])
QUICK = SlurmRule(bf_interval_s=1, bf_resolution_s=1)


def jobs(*rows: tuple[int, int, int, int], **more: list[int]) -> Jobs:
    """Return jobs of submission, nodes, limit and run time; their numbers count from 0."""
    submit, nodes, limit, run = np.array(rows).T
    return Jobs(
        job_id=np.arange(len(rows)), submit_s=submit, nodes=nodes, limit_s=limit, runtime_s=run,
        **{name: np.array(column) for name, column in more.items()},
    )  # fmt: skip


def go(table: Jobs, nodes: int, conditions: Conditions, backfill: str = "none") -> Schedule:
    return simulate(
        table, nodes, backfill=backfill, placement="contiguous", conditions=conditions, slurm=QUICK
    )


def window(start: int, end: int, nodes: int | list[int], kind: Kind, **who: tuple[int, ...]) -> Window:
    return Window(
        start, end, np.arange(nodes) if isinstance(nodes, int) else np.array(nodes), kind, "w", **who
    )


@EVERY
def test_short_jobs_run_before_the_maintenance_and_the_long_one_waits_for_its_end(backfill: str) -> None:
    table = jobs((0, 4, 100, 50), (0, 4, 40, 10), (1, 2, 30, 30))
    found = go(table, 4, Conditions(windows=[window(60, 80, 4, Kind.MAINTENANCE)]), backfill)
    assert found.start_s.tolist() == [80, 0, 10]


@EVERY
def test_a_job_that_ends_by_its_limit_as_the_maintenance_begins_may_run(backfill: str) -> None:
    held = Conditions(windows=[window(60, 80, 4, Kind.MAINTENANCE)])
    assert go(jobs((0, 4, 60, 5)), 4, held, backfill).start_s.tolist() == [0]
    assert go(jobs((0, 4, 61, 5)), 4, held, backfill).start_s.tolist() == [80]


@EVERY
def test_only_the_nodes_of_a_window_are_closed(backfill: str) -> None:
    found = go(
        jobs((0, 2, 100, 50)), 4, Conditions(windows=[window(60, 80, [0, 1], Kind.MAINTENANCE)]), backfill
    )
    assert found.start_s.tolist() == [0]
    assert found.placement is not None
    assert found.placement.nodes_of(0).tolist() == [2, 3]


@EVERY
def test_what_runs_on_drained_nodes_goes_on_and_nothing_starts_there(backfill: str) -> None:
    table = jobs((0, 4, 50, 50), (1, 2, 10, 10), (1, 4, 10, 10))
    found = go(table, 4, Conditions(windows=[window(20, 90, [0, 1], Kind.DRAIN)]), backfill)
    assert found.start_s.tolist() == [0, 50, 90]
    assert found.end_s.tolist() == [50, 60, 100]
    assert found.placement is not None
    assert found.placement.nodes_of(1).tolist() == [2, 3]


@EVERY
def test_a_failure_is_not_foreseen_and_the_job_runs_again(backfill: str) -> None:
    found = go(jobs((0, 2, 50, 50)), 4, Conditions(windows=[window(20, 90, [0], Kind.DOWN)]), backfill)
    assert found.start_s.tolist() == [0, 20]
    assert found.end_s.tolist() == [20, 70]
    assert found.state.tolist() == [State.NODE_FAIL, State.COMPLETED]
    assert found.lost_s is not None
    assert found.lost_s.tolist() == [20, 0]
    assert found.placement is not None
    assert found.placement.nodes_of(1).tolist() == [1, 2]


@EVERY
def test_jobs_of_a_reservation_run_inside_it_and_others_keep_out(backfill: str) -> None:
    table = jobs((0, 2, 10, 10), (0, 2, 30, 30), (0, 2, 25, 25))
    held = Conditions(windows=[window(20, 50, [0, 1], Kind.RESERVATION)], reserved=np.array([0, -1, 0]))
    found = go(table, 2, held, backfill)
    # the last would need until 55, and its reservation is over at 50: it never runs
    assert found.start_s.tolist()[:2] == [20, 50]
    assert found.state.tolist() == [State.COMPLETED, State.COMPLETED, State.PENDING]


@EVERY
def test_who_a_reservation_is_for_may_use_it_and_anything_else(backfill: str) -> None:
    table = jobs((0, 4, 30, 30), (1, 4, 30, 30), user=[7, 8])
    found = go(table, 4, Conditions(windows=[window(10, 100, 4, Kind.RESERVATION, users=(7,))]), backfill)
    assert found.start_s.tolist() == [0, 100]


@EVERY
def test_a_chain_runs_link_by_link_and_others_beside_it(backfill: str) -> None:
    table = jobs((0, 2, 10, 10), (0, 2, 10, 10), (0, 2, 10, 8), (1, 2, 10, 10))
    found = go(table, 4, Conditions(dependencies=in_chains(np.array([0, 0, 0, -1]))), backfill)
    assert found.start_s.tolist() == [0, 10, 20, 1]


@EVERY
def test_afterok_and_afternotok(backfill: str) -> None:
    table = jobs((0, 1, 10, 10), (0, 1, 10, 10), (0, 1, 10, 10), (0, 1, 9, 20), outcome=[3, 3, 3, 3])
    waits = Dependencies.of([(1, 0, "afterok"), (2, 3, "afternotok"), (3, 0, "after")])
    found = go(table, 4, Conditions(dependencies=waits), backfill)
    assert found.start_s.tolist() == [0, 10, 9, 0]  # the last times out at 9
    failed = go(table.replace(outcome=np.full(4, State.FAILED)), 4, Conditions(dependencies=waits), backfill)
    assert failed.state.tolist()[1] == State.PENDING


@EVERY
def test_singletons_of_one_user_and_name_follow_each_other(backfill: str) -> None:
    table = jobs((0, 1, 10, 10), (0, 1, 10, 10), (0, 1, 10, 10), (0, 1, 10, 10), user=[1, 1, 2, 1])
    found = go(table, 4, Conditions(dependencies=singletons(table, np.array([5, 5, 5, -1]))), backfill)
    assert found.start_s.tolist() == [0, 10, 0, 0]


@EVERY
def test_an_array_with_a_throttle_of_two(backfill: str) -> None:
    table = jobs(*[(0, 1, 10, 10)] * 5, (1, 4, 10, 10))
    group = Limits.of_pairs(6, np.arange(5), np.zeros(5, np.int64), most_jobs=np.array([2]))
    found = go(table, 6, Conditions(limits=group), backfill)
    assert found.start_s.tolist() == [0, 0, 10, 10, 20, 1]


@EVERY
def test_a_group_has_no_more_nodes_and_node_seconds_than_its_limit(backfill: str) -> None:
    table = jobs((0, 3, 10, 10), (0, 2, 10, 10), (0, 1, 10, 10))
    rows, group = np.arange(3), np.zeros(3, np.int64)
    nodes = Limits.of_pairs(3, rows, group, most_nodes=np.array([4]))
    assert go(table, 9, Conditions(limits=nodes), backfill).start_s.tolist() == [0, 10, 0]
    left = Limits.of_pairs(3, rows, group, most_node_s=np.array([45]))
    assert go(table, 9, Conditions(limits=left), backfill).start_s.tolist() == [0, 10, 0]


@EVERY
@pytest.mark.parametrize(
    ("mode", "ends", "states"),
    [
        ("requeue", [20, 60, 40], [State.PREEMPTED, State.COMPLETED, State.COMPLETED]),
        ("cancel", [20, 60], [State.PREEMPTED, State.COMPLETED]),
    ],
)
def test_the_youngest_of_the_lowest_goes(
    backfill: str, mode: str, ends: list[int], states: list[int]
) -> None:
    """Two of class 1 run; one of class 0 needs the nodes of one: the later one goes."""
    table = jobs((0, 2, 60, 60), (1, 2, 60, 20), (20, 2, 20, 20))
    pushes = np.array([[False, True], [False, False]])
    first = table.replace(runtime_s=np.array([60, 60, 20]))
    held = Conditions(preempt=Preemption(np.array([1, 1, 0]), pushes, mode), restart=Restart(checkpoint_s=10))
    found = go(first, 4, held, backfill)
    assert found.row is not None
    assert found.start_s[found.row == 2].tolist() == [20]
    gone = np.flatnonzero(found.state == State.PREEMPTED)
    assert found.row[gone].tolist() == [1]
    assert found.end_s[gone].tolist() == [20]
    again = np.flatnonzero((found.row == 1) & (found.state != State.PREEMPTED))
    if mode == "cancel":
        assert len(again) == 0
    else:  # 10 of its 19 s are in a checkpoint; it starts again as the other ends
        assert found.start_s[again].tolist() == [40]
        assert found.end_s[again].tolist() == [90]


@EVERY
def test_no_more_are_pushed_aside_than_needed(backfill: str) -> None:
    """Five of six nodes are wanted, the latest goes first: jobs 2, 1 and 0 free 1, 2 and 6. One of the first
    two can stay, not both: it is job 1."""
    table = jobs((0, 4, 90, 90), (1, 1, 90, 90), (2, 1, 90, 90), (10, 5, 20, 20))
    held = Conditions(preempt=Preemption(np.array([1, 1, 1, 0]), np.array([[False, True], [False, False]])))
    found = go(table, 6, held, backfill)
    assert found.row is not None
    assert found.start_s[found.row == 3].tolist() == [10]
    assert sorted(found.row[found.state == State.PREEMPTED].tolist()) == [0, 2]


@pytest.mark.parametrize(("limit", "starts"), [(60, [2, 62]), (200, [150, 100])])
def test_a_cycle_pushes_nobody_off_nodes_that_wait_for_someone_before(limit: int, starts: list[int]) -> None:
    """Job 1 is promised all nodes at 100, as the limit of job 0 is up; job 2 may push job 0 aside.

    It does so where it is over by then. Its 200 s would hold up job 1, which is before it in the queue.
    """
    table = jobs((0, 4, 100, 100), (1, 4, 50, 50), (2, 2, limit, limit))
    pushes = np.zeros((3, 3), np.bool_)
    pushes[0, 2] = True
    held = Conditions(preempt=Preemption(np.array([2, 1, 0]), pushes))
    found = go(table, 4, held, "slurm")
    assert found.row is not None
    first = {int(row): int(found.start_s[i]) for i, row in reversed(list(enumerate(found.row)))}
    assert [first[2], first[1]] == starts


@pytest.mark.parametrize("backfill", ["easy", "easy-sjbf"])
def test_a_head_is_promised_nodes_enough_and_not_these_or_those(backfill: str) -> None:
    """Node 7 is drained. At 10 job 1 has 7 nodes to choose its 5 of: 2 may be in use by what lasts longer."""
    table = jobs((0, 4, 10, 10), (1, 5, 30, 30), (2, 2, 90, 90), (3, 1, 90, 90), (4, 1, 6, 6))
    found = go(table, 8, Conditions(windows=[window(0, 200, [7], Kind.DRAIN)]), backfill)
    assert found.start_s.tolist() == [0, 10, 2, 40, 4]


def test_the_shortest_passes_first_beside_a_failure() -> None:
    """Node 5 is down. Two nodes are idle behind job 1; of the two that end in time the shorter goes first."""
    table = jobs((0, 3, 50, 50), (1, 5, 30, 30), (2, 2, 40, 40), (2, 2, 20, 20))
    down = Conditions(windows=[window(1, 300, [5], Kind.DOWN)])
    assert go(table, 6, down, "easy").start_s.tolist() == [0, 50, 2, 80]
    assert go(table, 6, down, "easy-sjbf").start_s.tolist() == [0, 50, 80, 2]


@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf"])
@pytest.mark.parametrize("policy", ["wfp3", "unicef"])
def test_a_job_that_failed_counts_its_wait_anew(backfill: str, policy: str) -> None:
    """Job 0 is ended at 20 by a failure, and waits since then; the others, as wide, since 1.

    At 60 job 1 is over. Job 0 has waited for 40 of its 50 s, job 2 for 59 of its 60 and goes first; since its
    submission job 0 would have waited for 60 of 50.
    """
    table = jobs((0, 4, 50, 50), (1, 4, 30, 30), (1, 4, 60, 30))
    down = Conditions(windows=[window(20, 30, 4, Kind.DOWN)])
    found = simulate(table, 4, policy=policy, backfill=backfill, placement="contiguous", conditions=down)
    assert found.row is not None
    assert found.start_s[(found.row == 0) & (found.attempt == 1)].tolist() == [90]


@EVERY
def test_begin_times(backfill: str) -> None:
    found = go(jobs((0, 4, 10, 10), (1, 4, 10, 10)), 4, Conditions(begin_s=np.array([30, 0])), backfill)
    assert found.start_s.tolist() == [30, 1]


def test_a_cycle_is_named() -> None:
    waits = Dependencies.of([(0, 2, "afterok"), (1, 0, "afterany"), (2, 1, "after"), (3, 0, "after")])
    with pytest.raises(SpecError, match=r"wait for each other: 0 after 2 after 1 after 0; expected no cycle"):
        go(jobs(*[(0, 1, 1, 1)] * 4), 4, Conditions(dependencies=waits))


def test_bad_conditions_are_refused() -> None:
    one = jobs((0, 1, 1, 1))
    with pytest.raises(SpecError, match="has the node 9: expected nodes from 0 to 3"):
        go(one, 4, Conditions(windows=[window(0, 5, [9], Kind.DRAIN)]))
    with pytest.raises(SpecError, match="ends at 5 s: expected a time after 5 s"):
        window(5, 5, 2, Kind.DRAIN)
    with pytest.raises(SpecError, match="each once, ascending"):
        window(0, 5, [2, 2], Kind.DRAIN)
    with pytest.raises(SpecError, match="names job 7: expected a job from 0 to 0"):
        go(one, 4, Conditions(dependencies=Dependencies.of([(0, 7, "after")])))
    with pytest.raises(SpecError, match="a limit is -1"):
        Limits.of_pairs(1, np.zeros(1, int), np.zeros(1, int), most_jobs=np.array([-1]))
    with pytest.raises(SpecError, match="names job -1: expected a job from 0 to 0"):
        go(one, 4, Conditions(dependencies=Dependencies.of([(0, -1, "after")])))
    with pytest.raises(SpecError, match="unknown kind of dependency 'afterburn': did you mean 'after'"):
        Dependencies.of([(0, 0, "afterburn")])
    with pytest.raises(SpecError, match="run in window 1: expected -1"):
        go(one, 4, Conditions(windows=[window(0, 5, 1, Kind.RESERVATION)], reserved=np.array([1])))
    with pytest.raises(SpecError, match=r"begin_s has the shape \(2,\): expected \(1,\)"):
        go(one, 4, Conditions(begin_s=np.zeros(2, int)))
    with pytest.raises(SpecError, match="length_s has -3 s for attempt 0 of job 0"):
        go(one, 4, Conditions(length_s={(0, 0): -3}))
    with pytest.raises(SpecError, match="a limit names job 3: expected a job from 0 to 0"):
        Limits.of_pairs(1, np.array([3]), np.zeros(1, int), most_jobs=np.array([1]))
    with pytest.raises(SpecError, match="exempt from preemption for -1 s"):
        Preemption(np.zeros(1, int), np.zeros((1, 1), bool), exempt_s=-1)
    with pytest.raises(SpecError, match="bf_interval_s is 0: expected 1 or more"):
        SlurmRule(bf_interval_s=0)
    with pytest.raises(SpecError, match="unknown way of preemption 'kill'"):
        Preemption(np.zeros(1, int), np.zeros((1, 1), bool), "kill")
    with pytest.raises(SpecError, match="push each other aside: 0, 1, 0"):
        Preemption(np.zeros(1, int), np.array([[False, True], [True, False]]))


def one_group(count: int, **most: int) -> Limits:
    safe = bool(most.pop("safe", 0))
    arrays = {name: np.array([value]) for name, value in most.items()}
    return Limits.of_pairs(count, np.arange(count), np.zeros(count, np.int64), safe=safe, **arrays)


@EVERY
def test_a_group_that_has_used_what_it_may_starts_no_more(backfill: str) -> None:
    table = jobs((0, 2, 100, 30), (0, 2, 100, 30), (1, 1, 100, 5))
    found = go(table, 2, Conditions(limits=one_group(3, most_used_node_s=100)), backfill)
    assert found.start_s[:2].tolist() == [
        0,
        30,
    ]  # 60 of 100 node seconds: the next may start, and ends at 120
    assert found.state[2] == State.PENDING


@EVERY
def test_where_limits_are_safe_nothing_starts_that_might_use_too_much(backfill: str) -> None:
    table = jobs((0, 2, 40, 30), (0, 2, 40, 30), (1, 1, 30, 5))
    found = go(table, 4, Conditions(limits=one_group(3, most_used_node_s=100, safe=1)), backfill)
    assert found.start_s.tolist()[0] == 0
    assert found.state[1] == State.PENDING  # 60 used, 80 asked for
    assert found.start_s[2] == 30  # 80 promised while the first ran, 60 used after


@EVERY
def test_usage_is_forgotten_by_its_half_life_and_a_waiting_job_is_woken(backfill: str) -> None:
    table = jobs((0, 1, 3000, 1000), (0, 1, 3000, 1000))
    asked = Conditions(limits=one_group(2, most_used_node_s=250, half_life_s=1000))
    found = go(table, 2, asked, backfill)
    left = 1 - 0.693 / 1000
    rate = -np.log(left)
    used = (1 - left**1000) / rate
    falls = 1000 + np.log(used / 250) / rate
    assert found.start_s[0] == 0
    second = go(jobs((0, 1, 3000, 1000), (1000, 1, 3000, 1000)), 2, asked, backfill)
    assert falls <= second.start_s[1] <= falls + 2
    assert found.start_s[1] == 0  # nothing was used when it came


@EVERY
@pytest.mark.parametrize(("half_life_s", "second_s"), [(0, 500), (NO_LIMIT, -1)])
def test_usage_that_is_kept_for_ever_outlasts_a_reset(backfill: str, half_life_s: int, second_s: int) -> None:
    table = jobs((0, 1, 200, 100), (150, 1, 200, 100))
    rule = PriorityRule()
    found = simulate(
        table, 2, policy="multifactor", backfill=backfill, placement="contiguous", slurm=QUICK,
        priority=rule, ranks=replace(plain_ranks(table, rule, 2), reset_s=np.array([500])),
        conditions=Conditions(limits=one_group(2, most_used_node_s=100, half_life_s=half_life_s)),
    )  # fmt: skip
    assert found.start_s[0] == 0
    if second_s < 0:
        assert found.state[1] == State.PENDING
    else:
        assert second_s <= found.start_s[1] <= second_s + 1


@EVERY
def test_wall_time_counts_jobs_whatever_their_nodes(backfill: str) -> None:
    table = jobs((0, 2, 100, 50), (50, 1, 100, 50), (100, 1, 100, 10))
    asked = Conditions(limits=one_group(3, most_used_s=100))
    found = go(table, 2, asked, backfill)
    assert found.start_s[:2].tolist() == [0, 50]
    assert found.state[2] == State.PENDING


@EVERY
def test_more_than_a_group_may_have_sent_is_refused(backfill: str) -> None:
    table = jobs((0, 1, 50, 50), (1, 1, 50, 50), (2, 1, 50, 50), (60, 1, 50, 50))
    found = go(table, 1, Conditions(limits=one_group(4, most_sent=2)), backfill)
    assert found.state[2] == State.PENDING
    assert found.start_s[[0, 1, 3]].tolist() == [0, 50, 100]


@EVERY
def test_delays_after_a_start_and_after_an_end(backfill: str) -> None:
    table = jobs((0, 1, 100, 50), (0, 1, 100, 10), (0, 1, 100, 10), (0, 1, 100, 10))
    pairs = Dependencies(
        np.array([1, 2, 3]), np.zeros(3, np.int64), np.array([0, 3, 3]), np.array([20, 25, 0])
    )
    assert go(table, 4, Conditions(dependencies=pairs), backfill).start_s.tolist() == [0, 20, 75, 50]
