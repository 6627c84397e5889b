"""``slurm.conf``, also those of real centres."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.site.conf import SlurmConf, read_conf
from exatwin.schedule.site.rule import conf_policy, conf_settings

CONF = r"""
# a centre
clustername=mini
SchedulerType=sched/backfill   # both
SchedulerParameters=bf_interval=60,bf_window=2880,\
default_queue_depth=200,bf_continue,bf_intervall=3
PRIORITYTYPE=priority/multifactor
PriorityDecayHalfLife=14-0
PriorityCalcPeriod=10
PriorityMaxAge=1-12
PriorityWeightAge=1000
PriorityWeightFairShare=10000
PriorityFlags=SMALL_RELATIVE_TO_TIME,NO_FAIR_TREE,SILLY
PriorityFavorSmall=YES
FairShareDampeningFactor=5
SlurmctldDebug=info
Colour=blue
Include nodes.conf
Include absent.conf
PartitionName=DEFAULT MaxTime=1-0 State=UP OverSubscribe=EXCLUSIVE
PartitionName=all Nodes=ALL Default=YES PriorityJobFactor=10 PriorityTier=2 \
TRESBillingWeights="CPU=1.0,Mem=0.25G"
PartitionName=debug Nodes=n[01-02] MaxTime=30 Priority=7 QOS=Quick State=DOWN
"""
NODES = """
NodeName=DEFAULT Sockets=2 CoresPerSocket=16 ThreadsPerCore=2 RealMemory=1000
NodeName=n[01-04] Gres=gpu:h100:4,gpu:a100:2(S:0-1)
NodeName=big CPUs=10 RealMemory=9000
"""


@pytest.fixture
def conf(tmp_path: Path) -> SlurmConf:
    (tmp_path / "nodes.conf").write_text(NODES)
    (tmp_path / "slurm.conf").write_text(CONF)
    return read_conf(tmp_path / "slurm.conf")


def test_keys_have_no_case_and_lines_go_on(conf: SlurmConf) -> None:
    assert conf.get("ClusterName") == "mini"
    assert conf.get("PriorityType") == "priority/multifactor"
    assert conf.parameters == {
        "bf_interval": "60",
        "bf_window": "2880",
        "default_queue_depth": "200",
        "bf_continue": "",
        "bf_intervall": "3",
    }


def test_nodes_are_read_with_what_is_included(conf: SlurmConf) -> None:
    four, one = conf.nodes
    assert four.names == ("n01", "n02", "n03", "n04")
    assert (four.processors, one.processors) == (64, 10)
    assert four.gres == {"gres/gpu": 6, "gres/gpu:h100": 4, "gres/gpu:a100": 2}
    assert (conf.node_count, conf.processors) == (5, 266)
    assert [remark.partition(": ")[2] for remark in conf.remarks] == [
        "included file absent.conf is not here: not read"
    ]


def test_partitions_have_defaults(conf: SlurmConf) -> None:
    everything, debug = conf.partitions
    assert everything.nodes == ("n01", "n02", "n03", "n04", "big")
    assert (everything.job_factor, everything.tier, everything.default, everything.exclusive) == (
        10,
        2,
        True,
        True,
    )
    assert everything.billing == {"cpu": 1.0, "mem": 0.25 / 1024}
    assert everything.max_time_s == 86400
    assert (debug.job_factor, debug.tier, debug.max_time_s, debug.qos, debug.up) == (
        7,
        7,
        1800,
        "quick",
        False,
    )


def test_what_is_not_understood_is_told_and_kills_nothing(conf: SlurmConf) -> None:
    assert conf.ignored == ("slurmctlddebug",)
    assert [name.rpartition(": ")[2] for name in conf.unknown] == [
        "colour",
        "SchedulerParameters=bf_intervall",
        "PriorityFlags=SILLY",
    ]
    told = "\n".join(conf.lines())
    assert "5 nodes, 2 partitions" in told
    assert "3 unknown names ignored" in told


def test_settings_of_a_scenario(conf: SlurmConf) -> None:
    found = conf_settings(conf)
    assert found["bf_interval_s"] == 60
    assert found["bf_window_s"] == 2880 * 60
    assert found["priority_decay_half_life_s"] == 14 * 86400
    assert found["priority_calc_period_s"] == 600
    assert found["priority_max_age_s"] == 1.5 * 86400
    assert found["priority_weight_fairshare"] == 10000
    assert found["priority_weight_qos"] == 0  # not named: 0, as in Slurm
    assert (found["fair_share"], found["fair_share_dampening"]) == ("classic", 5)
    assert found["priority_favor_small"] is True
    assert conf_policy(conf) == ("multifactor", "slurm")


def test_a_gzip_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "slurm.conf.gz"
    path.write_bytes(gzip.compress(b"PriorityType=priority/basic\nSchedulerType=sched/builtin\n"))
    assert conf_policy(read_conf(path)) == ("fcfs", "none")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PriorityWeightAge=-5", ":1: priorityweightage: -5 is not in 0 to 4294967295"),
        ("PriorityMaxAge=soon", "prioritymaxage: 'soon' is no time"),
        ("PriorityWeightTRES=CPU=-1", "negative weight"),
        ("NodeName=n[1-", "brackets that don't match"),
        ("PartitionName=a Nodes=b PriorityJobFactor=-3", "PriorityJobFactor=-3 is negative"),
        ("SchedulerParameters=bf_window=-2", "bf_window: -2 is negative"),
        ("nothing here", "holds no setting"),
        (" ", "is empty"),
    ],
)
def test_bad_values_are_told_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "slurm.conf"
    path.write_text(text)
    with pytest.raises(SpecError, match=words) as error:
        read_conf(path)
    assert "slurm.conf" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(SpecError, match=r"absent: there is no such file, expected a slurm\.conf"):
        read_conf(Path("absent"))


@pytest.mark.data
def test_a_real_centre(shared_data: Path) -> None:
    conf = read_conf(shared_data / "traces" / "slurm_ub" / "medium_slurm.conf.gz")
    assert (conf.node_count, conf.processors) == (217, 89 * 32 + 128 * 40)
    assert conf.unknown == conf.remarks == ()
    general, debug = conf.partitions
    assert (general.name, len(general.nodes), general.job_factor, general.qos) == (
        "general-compute",
        215,
        100,
        "general-compute",
    )
    assert (debug.job_factor, debug.max_time_s, len(debug.nodes)) == (700, 3600, 2)
    found = conf_settings(conf)
    assert found["priority_weight_fairshare"] == 120000
    assert found["priority_decay_half_life_s"] == 30 * 86400
    assert (found["bf_window_s"], found["bf_max_job_test"]) == (4320 * 60, 2500)
    assert conf.flags == {"NO_NORMAL_TRES"}


@pytest.mark.data
def test_the_small_one_and_that_of_the_real_run(shared_data: Path) -> None:
    conf = read_conf(shared_data / "traces" / "slurm_ub" / "micro_slurm.conf")
    assert (conf.node_count, conf.processors, conf.unknown) == (10, 120, ())
    assert conf_settings(conf)["priority_max_age_s"] == 5 * 3600
    assert conf.partitions[0].max_time_s == math.inf
    run = read_conf(shared_data / "traces" / "slurm_real_fifo" / "slurm_excerpt.conf")
    assert (run.node_count, run.processors, run.partitions[0].exclusive) == (64, 64 * 288, True)
    assert conf_policy(run) == ("fcfs", "slurm")
