"""Into which jobs a run is cut."""

from __future__ import annotations

import json

import pytest
from tests.plans import HOUR, plan, plan_text

from exatwin.catalogue.batch import load_rules
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.report.batch_script import script
from exatwin.study.applying.job_plan import plan_jobs
from exatwin.study.applying.lint import lint
from exatwin.study.applying.work import work_of


def test_a_long_run_is_a_chain_under_the_longest_limit() -> None:
    found = plan_jobs(work_of(plan_text(), "p"), load_rules("jupiter"))
    assert found.limit_s == 12 * HOUR
    assert found.lead_s == 300
    useful = 12 * HOUR - 300
    assert found.jobs == -(-100 * HOUR // useful) == 9
    assert found.most_jobs == -(-120 * HOUR // useful) == 11
    assert (found.tasks, found.cpus, found.gpus) == (4, 72, 4)


def test_a_short_run_is_one_job_of_its_slow_end_rounded_up() -> None:
    short = plan_text(time_s=2 * HOUR, interval={"time_s": [1.5 * HOUR, 2.6 * HOUR]})
    found = plan_jobs(work_of(short, "p"), load_rules("jupiter"))
    assert not found.chained
    assert found.limit_s == 2 * HOUR + 40 * 60


def test_a_large_checkpoint_is_warned_of_earlier() -> None:
    found = plan_jobs(work_of(plan_text(checkpoint_write_s=600.0), "p"), load_rules("jupiter"))
    assert found.lead_s == 4 * 600 + 60


def test_more_nodes_go_to_the_partition_that_takes_them() -> None:
    work = work_of(plan_text(machine="leonardo", nodes=100), "p")
    assert plan_jobs(work, load_rules("leonardo")).queue.qos == "boost_qos_bprod"


def test_too_many_nodes_say_what_would_do() -> None:
    work = work_of(plan_text(machine="lumi-g", nodes=2000), "p")
    with pytest.raises(InfeasibleError, match="'standard-g' takes at most 1,024; plan for fewer"):
        plan_jobs(work, load_rules("lumi"))


def test_a_plan_for_another_machine_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="the plan is for 'jupiter': estimate it on one of them"):
        plan_jobs(work_of(plan_text(), "p"), load_rules("lumi"))


def test_an_unknown_partition_and_a_limit_beyond_it() -> None:
    work, rules = work_of(plan_text(), "p"), load_rules("jupiter")
    with pytest.raises(SpecError, match="no partition 'boster': did you mean 'booster'"):
        plan_jobs(work, rules, partition="boster")
    with pytest.raises(SpecError, match=r"a time limit of 1 d: partition 'booster' takes a minute to 12 h"):
        plan_jobs(work, rules, limit_s=24 * HOUR)
    assert plan_jobs(work, rules, limit_s=6 * HOUR).limit_s == 6 * HOUR


@pytest.mark.parametrize(
    ("site", "machine", "asked", "gpus", "working", "cpus"),
    [
        ("jupiter", "jupiter", 2, 4, 2, 144),
        ("karolina", "karolina", 2, 2, 2, 16),
        ("lumi", "lumi-g", 8, 8, 8, 7),
    ],
)
def test_a_part_of_a_node_is_had_where_nodes_are_shared(
    site: str, machine: str, asked: int, gpus: int, working: int, cpus: int
) -> None:
    document = plan(machine=machine, nodes=1) | {"asked": {"accelerators": asked}}
    found = plan_jobs(work_of(json.dumps(document), "p"), load_rules(site))
    assert (found.gpus, found.working, found.tasks, found.cpus) == (gpus, working, working, cpus)
    text = script(found, account="mine")
    assert lint(text).errors == 0
    assert ("of 4 GPUs of each work" in text) == (working < gpus)
    assert "--exclusive" not in text
