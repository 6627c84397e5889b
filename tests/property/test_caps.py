"""Caps on power in the centre's engine: against a plain program, and laws that hold whatever the jobs do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.load import machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.signal import Signal
from exatwin.power.it import it_power
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.floor import Floor
from exatwin.schedule.power_rule import MODES, Cap, PowerRule, clock_steps, power_rule
from exatwin.schedule.result import check
from exatwin.schedule.simulate import simulate
from exatwin.study.centre.power import over_cap
from exatwin.workload.draw import Draw, draw_at
from exatwin.workload.job import Jobs, Phases, Profiles, State
from reference.capped import Kind, capped
from reference.loop import Job
from strategies import job_logs, to_jobs

KINDS = (Kind((8.0, 4.0, 2.0), (1.0, 1.5, 2.25)), Kind((4.0, 3.0, 1.0), (1.0, 1.0, 1.25)))
JEDI = machine("jedi")


def cap_of(steps: list[tuple[int, float]]) -> Cap:
    """Return a cap from when each piece begins and its watts."""
    edges = [min(time for time, _ in steps) - 1, *(time for time, _ in steps[1:]), steps[-1][0] + 10**9]
    return Cap(Signal(edges, [watts for _, watts in steps], "W"))


def rule(kind: list[int], caps: list[tuple[int, float]], mode: str, **more: Any) -> PowerRule:
    """Return a rule whose watts count above idle nodes that draw nothing."""
    return PowerRule(
        caps=(cap_of(caps),),
        base_w=np.zeros(1),
        klass=np.array(kind, np.int64),
        above_w=np.array([each.watts for each in KINDS]),
        stretch=np.array([each.stretch for each in KINDS]),
        nodes=np.ones(len(kind), np.int64),
        frequency_frac=np.array([1.0, 0.6, 0.3]),
        mode=mode,
        **more,
    )


@st.composite
def capped_logs(draw: st.DrawFn) -> tuple[list[Job], int, list[int], list[tuple[int, float]]]:
    """Return jobs, the size of the machine, the kind of each job and caps that rise and fall."""
    jobs, processors = draw(job_logs(longest_s=draw(st.sampled_from([6, 40]))))
    kind = [draw(st.integers(0, 1)) for _ in jobs]
    first = jobs[0].submit
    times = sorted(draw(st.lists(st.integers(first + 1, first + 80), max_size=3, unique=True)))
    watts = st.floats(1.0, 8.0 * processors).map(lambda value: round(value * 4) / 4)
    return jobs, processors, kind, [(t, draw(watts)) for t in [first, *times]]


@given(log=capped_logs(), clocks=st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_engine_equals_the_plain_program(log: Any, clocks: bool) -> None:
    jobs, processors, kind, caps = log
    wanted = capped(jobs, [KINDS[k] for k in kind], processors, caps, clocks=clocks)
    held = rule(kind, caps, "uniform" if clocks else "admission")
    found = simulate(to_jobs(jobs), processors, conditions=Conditions(power=held))
    check(found)
    begun = found.started
    rows = zip(found.jobs.job_id[begun], found.start_s[begun], found.end_s[begun], strict=True)
    assert wanted == {int(job): (int(start), int(end)) for job, start, end in rows}


@pytest.mark.parametrize("backfill", ["none", "easy", "easy-sjbf", "slurm"])
@pytest.mark.parametrize("policy", ["fcfs", "multifactor", "wfp3"])
def test_a_cap_that_lifts_wakes_the_queue_at_that_second(backfill: str, policy: str) -> None:
    # 4 nodes of 8 W: the cap of 16 W lets two run; at 50 s it lifts, and both others start as nothing ends
    jobs = to_jobs([(n, 0, 1, 100, 100) for n in (1, 2, 3, 4)])
    held = rule([0] * 4, [(0, 16.0), (50, 32.0)], "admission")
    if (backfill, policy) == ("slurm", "wfp3"):
        policy = "sjf"
    found = simulate(jobs, 4, policy=policy, backfill=backfill, conditions=Conditions(power=held))
    assert found.start_s.tolist() == [0, 0, 50, 50]


def test_a_job_that_no_cap_of_now_bears_is_passed_over_until_one_does() -> None:
    jobs = to_jobs([(1, 0, 4, 10, 10), (2, 0, 1, 30, 30), (3, 1, 1, 5, 5)])
    held = rule([0, 0, 0], [(0, 16.0), (40, 32.0)], "admission")
    found = simulate(jobs, 4, conditions=Conditions(power=held))
    assert found.start_s.tolist() == [40, 0, 1]


def test_the_head_holds_its_watts() -> None:
    # 24 W. Job 1 takes 16 W until 10; job 2 needs 16 W at 10; job 3 (8 W, 30 s) would outlast that, but
    # 24 - 16 = 8 W are left over for it; jobs 4 and 5 find all 24 W in use until job 2 ends
    rows = [(1, 0, 2, 10, 10), (2, 1, 2, 10, 10), (3, 2, 1, 30, 30), (4, 3, 1, 30, 30), (5, 4, 1, 4, 4)]
    found = simulate(to_jobs(rows), 9, conditions=Conditions(power=rule([0] * 5, [(0, 24.0)], "admission")))
    assert found.start_s.tolist() == [0, 10, 2, 20, 20]


def test_uniform_clocks_stretch_work_and_limits_by_hand() -> None:
    # two jobs of one node of 8 W under 16 W; at 10 s the cap falls to 8 W: step 1 (4 W, 1.5 times as long).
    # Of 40 s 30 are left, 45 at that clock, so that they end at 55; of the limit of 60 s 50 are left: 75
    jobs = to_jobs([(1, 0, 1, 60, 40), (2, 0, 1, 60, 90)])
    held = rule([0, 0], [(0, 16.0), (10, 8.0)], "uniform")
    found = simulate(jobs, 2, conditions=Conditions(power=held))
    # as job 1 ends at 55, the other is back at full clock: 45 / 1.5 = 30 s of its limit are used, 20 are left
    assert found.end_s.tolist() == [55, 75]
    assert found.state.tolist() == [int(State.COMPLETED), int(State.TIMEOUT)]
    assert found.clocks is not None
    clock = found.clocks.of(1, 0.0, 75.0)
    assert clock.edges_s.tolist() == [0.0, 10.0, 55.0, 75.0]
    assert clock.values.tolist() == [1.0, 0.6, 1.0]


def test_kept_limits_cut_what_a_slow_clock_delays() -> None:
    jobs = to_jobs([(1, 0, 1, 45, 40), (2, 0, 1, 60, 40)])
    held = rule([0, 0], [(0, 16.0), (10, 8.0)], "uniform", limits="kept")
    found = simulate(jobs, 2, conditions=Conditions(power=held))
    assert found.end_s[0] == 45
    assert found.state.tolist() == [int(State.TIMEOUT), int(State.COMPLETED)]


def test_selective_slows_those_first_that_lose_least() -> None:
    jobs = to_jobs([(1, 0, 1, 100, 40), (2, 0, 1, 100, 40)])
    held = rule([0, 1], [(0, 12.0), (10, 10.0)], "selective")
    found = simulate(jobs, 2, conditions=Conditions(power=held))
    # kind 1 loses nothing at its first step (4 W to 3 W); its next would cost 0.2 for 2 W, the first of kind
    # 0 a third for 4 W, which is less. So both are a step down from 10 s on: job 2 ends at 40 s, and of the
    # 30 s left of job 1 20 are done by then; alone under 10 W the last 10 run at full clock again
    assert found.end_s.tolist() == [50, 40]
    assert found.clocks is not None
    assert found.clocks.of(0, 0.0, 50.0).values.tolist() == [1.0, 0.6, 1.0]


def _profiles(levels: list[tuple[float, float, float]]) -> Profiles:
    many = len(levels)
    accelerator, memory, bound = (np.array(each) for each in zip(*levels, strict=True))
    full, none = np.repeat(accelerator, 2), np.zeros(2 * many)
    full[1::2] *= 0.5
    phases = Phases(np.full(2 * many, 0.5), full, full, np.repeat(memory, 2), none, none)
    return Profiles(tuple(f"p{k}" for k in range(many)), np.arange(0, 2 * many + 1, 2), phases, bound)


PROFILES = _profiles([(1.0, 0.2, 0.9), (0.6, 1.0, 0.2), (0.1, 0.1, 0.5)])
DRAWS: list[Draw] = [draw_at(PROFILES, JEDI, clock_frac=frac) for frac in clock_steps(0.2)]
IDLE_W = JEDI.nodes * DRAWS[0].idle_w + DRAWS[0].fixed_w


@st.composite
def real_logs(draw: st.DrawFn) -> Jobs:
    """Return jobs on the nodes of JEDI."""
    rows, now = [], 0
    for number in range(1, draw(st.integers(1, 25)) + 1):
        now += draw(st.integers(0, 900))
        limit = draw(st.integers(60, 7200))
        rows.append((number, now, draw(st.integers(1, JEDI.nodes)), limit, draw(st.integers(1, limit + 60))))
    jobs = to_jobs(rows)
    return jobs.replace(profile=np.array([draw(st.integers(0, 2)) for _ in rows], np.int32))


@given(
    jobs=real_logs(),
    above=st.lists(st.floats(0.1, 0.9), min_size=1, max_size=3),
    mode=st.sampled_from(MODES),
    backfill=st.sampled_from(["none", "easy", "easy-sjbf", "slurm"]),
    policy=st.sampled_from(["fcfs", "multifactor"]),
    limits=st.sampled_from(["stretched", "kept"]),
)
@settings(max_examples=120, deadline=None)
def test_it_power_never_exceeds_the_cap(
    jobs: Jobs, above: list[float], mode: str, backfill: str, policy: str, limits: str
) -> None:
    full_w = JEDI.nodes * float(DRAWS[0].nominal_w.max()) + DRAWS[0].fixed_w
    rising = sorted(above)  # a cap that falls may find more running than it bears
    caps = [(7000 * k, IDLE_W + each * (full_w - IDLE_W)) for k, each in enumerate(rising)]
    held = power_rule(jobs, PROFILES, DRAWS, JEDI, [cap_of(caps)], mode=mode, limits=limits)
    found = simulate(
        jobs, Floor.of(JEDI), policy=policy, backfill=backfill, placement="groups",
        conditions=Conditions(power=held),
    )  # fmt: skip
    check(found)
    end_s = float(found.end_s[found.started].max(initial=1)) + 1.0
    power = it_power(found, PROFILES, DRAWS[0], JEDI, 0.0, end_s, slowed=DRAWS)
    assert over_cap(power.total_w, held.caps[0].most_w) == (0.0, 0.0)
    assert power.job_j.sum() + power.idle_j == pytest.approx(power.total_w.integral(), rel=1e-12)
    assert sum(power.by_part_j.values()) == pytest.approx(power.total_w.integral(), rel=1e-9)
    alone = jobs.nodes * held.node_w + IDLE_W
    assert found.row is not None
    bearable = np.flatnonzero(alone <= caps[-1][1] - 1.0)
    assert np.isin(bearable, found.row[found.started]).all()  # nobody is left waiting for ever


@given(jobs=real_logs(), share=st.floats(0.2, 0.9), mode=st.sampled_from(MODES))
@settings(max_examples=60, deadline=None)
def test_caps_of_groups_are_kept(jobs: Jobs, share: float, mode: str) -> None:
    nodes = np.arange(5, 17)
    full_w, idle_w = float(DRAWS[0].nominal_w.max()), DRAWS[0].idle_w
    most = Signal.constant(12 * (idle_w + share * (full_w - idle_w)), 0.0, 1.0, "W")
    held = power_rule(jobs, PROFILES, DRAWS, JEDI, [Cap(most, nodes, "a group")], mode=mode)
    found = simulate(jobs, Floor.of(JEDI), placement="contiguous", conditions=Conditions(power=held))
    check(found)
    end_s = float(found.end_s[found.started].max(initial=1)) + 1.0
    power = it_power(found, PROFILES, DRAWS[0], JEDI, 0.0, end_s, slowed=DRAWS)
    group = np.zeros(JEDI.nodes, np.int32)
    group[nodes] = 1
    assert over_cap(power.by_bin(group)[1], most)[0] == 0.0


def test_a_cap_below_idle_power_is_refused_with_that_power() -> None:
    jobs = to_jobs([(1, 0, 1, 60, 60)])
    with pytest.raises(InfeasibleError, match="idle power"):
        power_rule(jobs, PROFILES, DRAWS, JEDI, [Cap(Signal.constant(IDLE_W - 1.0, 0, 1, "W"))])


def test_groups_must_not_share_nodes() -> None:
    jobs, most = to_jobs([(1, 0, 1, 60, 60)]), Signal.constant(1e6, 0, 1, "W")
    caps = [Cap(most, np.arange(3), "a"), Cap(most, np.arange(2, 5), "b")]
    with pytest.raises(SpecError, match="two groups"):
        power_rule(jobs, PROFILES, DRAWS, JEDI, caps)
