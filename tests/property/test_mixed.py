"""Laws of a centre with everything at once: two pools, caps, distance, windows, limits, preemption."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import mixed
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Weights
from exatwin.schedule.result import Schedule, check
from exatwin.schedule.simulate import simulate
from exatwin.schedule.windows import Kind

RULES = st.tuples(
    st.sampled_from(["none", "easy", "easy-sjbf", "slurm"]),
    st.sampled_from(["fcfs", "sjf", "multifactor", "classic", "wfp3", "unicef"]),
    st.sampled_from(["contiguous", "groups", "spread", "random"]),
).filter(lambda rule: rule[0] != "slurm" or rule[1] not in ("wfp3", "unicef"))
PARTS = st.sets(st.sampled_from(mixed.WITH)).map(lambda found: tuple(sorted(found)))


@given(seed=st.integers(0, 10**6), many=st.integers(1, 60), rule=RULES, parts=PARTS)
@settings(max_examples=200, deadline=None)
def test_nobody_gets_more_than_there_is(
    seed: int, many: int, rule: tuple[str, str, str], parts: tuple[str, ...]
) -> None:
    found = mixed.run(seed, many, rule, parts)
    check(found)
    asked = mixed.conditions(seed, mixed.table(seed, many), parts)
    held = _nodes(found)
    for row, nodes in held.items():
        assert set(mixed.FLOOR.pool_of_node[nodes]) == {found.jobs.partition[row]}
    _windows_hold(found, held, asked)
    _limits_hold(found, asked)
    _caps_hold(found, held, asked)


def _nodes(found: Schedule) -> dict[int, np.ndarray]:
    assert found.placement is not None
    return {int(row): found.placement.nodes_of(int(row)) for row in np.flatnonzero(found.started)}


def _windows_hold(found: Schedule, held: dict[int, np.ndarray], asked: Conditions) -> None:
    assert found.row is not None
    for number, window in enumerate(asked.windows):
        for row, nodes in held.items():
            job = found.row[row]
            inside = asked.reserved is not None and asked.reserved[job] == number
            mine = inside or int(found.jobs.user[row]) in window.users
            if inside:
                assert window.start_s <= found.start_s[row] <= found.end_s[row] <= window.end_s
                assert np.isin(nodes, window.nodes).all()
            if mine or not np.isin(nodes, window.nodes).any():
                continue
            start, end = found.start_s[row], found.end_s[row]
            assert not window.start_s <= start < window.end_s
            if window.kind == Kind.DOWN:
                assert end <= window.start_s or start >= window.end_s
            elif window.kind != Kind.DRAIN:
                assert start + found.jobs.limit_s[row] <= window.start_s or start >= window.end_s


def _limits_hold(found: Schedule, asked: Conditions) -> None:
    limits = asked.limits
    if limits is None:
        return
    assert found.row is not None
    for group in range(len(limits.most_jobs)):
        member = np.array([group in limits.group[limits.first[j] : limits.first[j + 1]] for j in found.row])
        for now in found.start_s[member & found.started]:
            there = member & found.started & (found.start_s <= now) & (now < found.end_s)
            left = found.jobs.nodes * (found.start_s + found.jobs.limit_s - now)
            assert there.sum() <= limits.most_jobs[group]
            assert found.jobs.nodes[there].sum() <= limits.most_nodes[group]
            assert left[there].sum() <= limits.most_node_s[group]


def _caps_hold(found: Schedule, held: dict[int, np.ndarray], asked: Conditions) -> None:
    """Whoever starts finds its watts; what already runs as a cap falls goes on."""
    if asked.power is None:
        return
    assert found.row is not None
    for cap in asked.power.caps:
        inside = np.arange(82) if cap.nodes is None else cap.nodes
        drawn = np.zeros(len(found))
        for row, nodes in held.items():
            drawn[row] = (
                np.isin(nodes, inside).sum() * asked.power.above_w[asked.power.klass[found.row[row]], 0]
            )
        for now in set(found.start_s[drawn > 0].tolist()):
            there = (drawn > 0) & (found.start_s <= now) & (now < found.end_s)
            if np.any(there & (found.start_s == now)):
                assert drawn[there].sum() <= cap.most_w.at(np.array([float(now)]))[0]


@given(
    seed=st.integers(0, 10**6),
    many=st.integers(2, 60),
    policy=st.sampled_from(["fcfs", "sjf", "multifactor"]),
)
@settings(max_examples=100, deadline=None)
def test_without_backfill_nobody_passes_who_stands_before_in_the_same_pool(
    seed: int, many: int, policy: str
) -> None:
    """By submission, by limit, or by a priority of size alone; some are held back until later."""
    jobs = mixed.table(seed, many)
    begin = mixed.conditions(seed, jobs, ()).begin_s
    size = PriorityRule(Weights(job_size=1e6, age=0.0, fair_share=0.0), calc_period_s=20)
    found = simulate(
        jobs, mixed.FLOOR, policy=policy, backfill="none", priority=size, conditions=Conditions(begin_s=begin)
    )
    check(found)
    assert begin is not None
    assert found.started.all()
    key = {"fcfs": jobs.submit_s, "sjf": jobs.limit_s, "multifactor": -jobs.nodes.astype(np.int64)}[policy]
    start = found.start_s[np.argsort(found.row)]  # type: ignore[arg-type]
    for row in range(many):
        waits = (begin <= start[row]) & (start > start[row]) & (jobs.partition == jobs.partition[row])
        before = (key < key[row]) | ((key == key[row]) & (np.arange(many) < row))
        assert not np.any(waits & before)
