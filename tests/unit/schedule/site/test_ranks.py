"""The parts of priorities that a centre's files decide, each worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exatwin.schedule.multifactor import PriorityRule
from exatwin.schedule.priority import Weights
from exatwin.schedule.ranks import Ranks, plain_ranks
from exatwin.schedule.site.accounts import Accounts
from exatwin.schedule.site.conf import SlurmConf, read_conf
from exatwin.schedule.site.limits import site_limits
from exatwin.schedule.site.preemption import site_preemption
from exatwin.schedule.site.ranks import Site, site_ranks
from exatwin.schedule.site.read import read_accounts
from exatwin.schedule.site.rule import conf_rule
from exatwin.schedule.site.tree import Labels
from exatwin.workload.job import Jobs

CONF = """
PriorityType=priority/multifactor
PriorityWeightTRES=gres/gpu=800,CPU=100
PreemptType=preempt/qos
PreemptMode=REQUEUE
PreemptExemptTime=10
AccountingStorageEnforce=limits
NodeName=c[1-6] CPUs=10 RealMemory=100
NodeName=g[1-2] CPUs=20 RealMemory=300 Gres=gpu:4
PartitionName=cpu Nodes=c[1-6] Default=YES PriorityJobFactor=25 OverSubscribe=EXCLUSIVE
PartitionName=gpu Nodes=g[1-2] PriorityJobFactor=100 QOS=fence \\
 TRESBillingWeights=CPU=1.0,GRES/gpu=10,Mem=0.1
"""
SCRIPT = """
modify qos set normal priority=50
add qos urgent Priority=200 UsageFactor=2 Preempt=normal MaxJobsPerUser=1 MaxWall=1:00:00
add qos free UsageFactor=0
add qos fence MaxTRESPerUser=node=1 GrpJobs=5
add account lab Fairshare=10 GrpTRES=cpu=20 Priority=4
add account sub parent=lab Fairshare=parent
add account other Fairshare=30
add user ada Account=lab Priority=8 MaxJobs=2 DefaultQOS=urgent
add user bob Account=sub,other
add user cyd Account=sub Fairshare=parent
"""
LABELS = Labels(
    ("cpu", "gpu"), ("lab", "sub", "other"), ("ada", "bob", "cyd", "zoe"), ("normal", "urgent", "free")
)


@pytest.fixture
def conf(tmp_path: Path) -> SlurmConf:
    (tmp_path / "slurm.conf").write_text(CONF)
    return read_conf(tmp_path / "slurm.conf")


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    (tmp_path / "script.txt").write_text(SCRIPT)
    return read_accounts([tmp_path / "script.txt"])


# by row: ada in lab; bob in sub; bob in other, on a GPU node; cyd; nobody knows zoe; ada without a QOS
JOBS = Jobs(
    job_id=[1, 2, 3, 4, 5, 6],
    submit_s=[0, 10, 20, 30, 40, 50],
    nodes=[3, 1, 2, 1, 1, 6],
    limit_s=[3600, 7200, 600, 600, 600, 7200],
    runtime_s=[60] * 6,
    partition=[0, 0, 1, 0, 0, 0],
    account=[0, 1, 2, 1, 2, 0],
    user=[0, 1, 1, 2, 3, 0],
    qos=[1, 0, 2, 0, 0, -1],
    nice=[0, 7, 0, 0, 0, -3],
    eligible_s=[-1, -1, 25, -1, -1, -1],
    processors=[3, 10, -1, 1, 1, 6],
    gpus=[-1, -1, 4, -1, -1, -1],
)
WEIGHTS = Weights(
    assoc=80, job_size=1000, partition=40, qos=400, fair_share=100, tres={"gres/gpu": 800, "cpu": 100}
)


def ranked(conf: SlurmConf | None, accounts: Accounts | None, **rule: object) -> tuple[Ranks, list[str]]:
    site = Site(conf, accounts, LABELS, None, 8)
    return site_ranks(JOBS, site, PriorityRule(weights=WEIGHTS, **rule))  # type: ignore[arg-type]


def test_each_job_counts_for_its_association(conf: SlurmConf, accounts: Accounts) -> None:
    found, told = ranked(conf, accounts)
    # the account sub has the shares of its parent: its users stand beside those of lab
    assert found.tree.parent.tolist() == [-1, 0, 0, 0, 1, 1, 2, 1]
    assert found.tree.user.tolist() == [False, False, False, True, True, True, True, True]
    assert found.tree.borrowing.tolist() == [False] * 7 + [True]
    assert found.row.tolist() == [4, 5, 6, 7, 0, 4]
    assert told == [f"1 of 6 jobs are of no association in {accounts.path} and count for its root"]


def test_points_of_partition_qos_and_association(conf: SlurmConf, accounts: Accounts) -> None:
    found, _ = ranked(conf, accounts)
    # factors 25 and 100 of at most 100; QOS 50 and 200 of at most 200; associations 8 of at most 8
    assert found.parts["partition"].tolist() == [10, 10, 40, 10, 10, 10]
    assert found.parts["qos"].tolist() == [400, 100, 0, 100, 100, 400]
    assert found.parts["assoc"].tolist() == [80, 0, 0, 0, 0, 80]
    assert found.parts["nice"].tolist() == [0, 7, 0, 0, 0, -3]


def test_raw_factors_are_not_divided(conf: SlurmConf, accounts: Accounts) -> None:
    found, _ = ranked(conf, accounts, raw=frozenset({"partition", "qos", "assoc", "tres"}))
    assert found.parts["partition"].tolist() == [1000, 1000, 4000, 1000, 1000, 1000]
    assert found.parts["qos"].tolist() == [80000, 20000, 0, 20000, 20000, 80000]
    assert found.parts["assoc"][0] == 640
    assert found.parts["tres"].tolist() == [300, 1000, 4 * 800 + 40 * 100, 100, 100, 600]


def test_size_is_the_mean_of_nodes_and_processors(conf: SlurmConf, accounts: Accounts) -> None:
    # 8 nodes, 100 processors; the GPU job does not say how many: 2 × 20
    want = [(3 / 8 + 3 / 100) / 2, (1 / 8 + 10 / 100) / 2, (2 / 8 + 40 / 100) / 2]
    assert ranked(conf, accounts)[0].parts["job_size"][:3] == pytest.approx(1000 * np.array(want))
    small = Weights(job_size=1000, favor_small=True)
    site = Site(conf, accounts, LABELS, None, 8)
    found = site_ranks(JOBS, site, PriorityRule(weights=small))[0].parts["job_size"]
    assert found[:3] == pytest.approx(1000 * (1 - np.array(want)))


def test_size_relative_to_time(conf: SlurmConf, accounts: Accounts) -> None:
    # processors, at least the average of the nodes (12.5 each), over minutes and over all processors
    found, _ = ranked(conf, accounts, relative_to_time=True)
    assert found.parts["job_size"][:2] == pytest.approx([1000 * 37.5 / 60 / 100, 1000 * 12.5 / 120 / 100])


def test_points_of_resources(conf: SlurmConf, accounts: Accounts) -> None:
    found, _ = ranked(conf, accounts)
    # 3 of the 60 processors of cpu; 4 of the 8 GPUs and 40 of the 40 processors of gpu
    assert found.parts["tres"][[0, 2]] == pytest.approx([100 * 3 / 60, 800 / 2 + 100])


def test_usage_is_billed_and_multiplied_by_the_qos(conf: SlurmConf, accounts: Accounts) -> None:
    found, _ = ranked(conf, accounts)
    # whole nodes of 10 processors, twice for urgent; free costs nothing
    assert found.charge.tolist() == [60, 10, 0, 10, 10, 120]
    billed = site_ranks(JOBS.replace(qos=[0] * 6), Site(conf, accounts, LABELS, None, 8), PriorityRule())[0]
    assert billed.charge[2] == pytest.approx(40 * 1.0 + 4 * 10 + 600 * 0.1)
    rule = PriorityRule(greatest_resource=True)
    most = site_ranks(JOBS.replace(qos=[0] * 6), Site(conf, accounts, LABELS, None, 8), rule)[0]
    assert most.charge[2] == 60


def test_age_counts_since_a_job_could_start(conf: SlurmConf, accounts: Accounts) -> None:
    assert ranked(conf, accounts)[0].eligible_s.tolist() == [0, 10, 25, 30, 40, 50]
    assert ranked(conf, accounts, from_submission=True)[0].eligible_s[2] == 20


def test_points_are_added_and_nice_is_taken_off(conf: SlurmConf, accounts: Accounts) -> None:
    found, _ = ranked(conf, accounts)
    total = sum(found.parts[name] for name in ("assoc", "job_size", "partition", "qos", "tres"))
    assert found.points == pytest.approx(total - found.parts["nice"])


def test_a_higher_tier_is_before_all_points(tmp_path: Path, conf: SlurmConf, accounts: Accounts) -> None:
    assert ranked(conf, accounts)[0].tier is None
    path = tmp_path / "tiers.conf"
    path.write_text(CONF.replace("PriorityJobFactor=100", "PriorityJobFactor=100 PriorityTier=3"))
    found, _ = ranked(read_conf(path), accounts)
    assert found.tier is not None
    assert found.tier.tolist() == [0, 0, 2, 0, 0, 0]
    assert np.argmax(found.score) == 2
    assert found.score - found.points == pytest.approx(2.0**33 * found.tier)


def test_without_files_shares_are_equal_and_nodes_whole() -> None:
    plain = plain_ranks(JOBS, PriorityRule(weights=WEIGHTS), 8)
    assert plain.charge.tolist() == JOBS.nodes.tolist()
    assert plain.parts["job_size"] == pytest.approx(1000 * JOBS.nodes / 8)
    same, _ = ranked(None, None)
    assert same.charge.tolist() == plain.charge.tolist()
    assert same.parts["job_size"] == pytest.approx(plain.parts["job_size"])
    assert same.tree.parent.tolist() == plain.tree.parent.tolist()


def test_flags_of_the_conf(tmp_path: Path) -> None:
    path = tmp_path / "slurm.conf"
    path.write_text(
        "PriorityFlags=NO_NORMAL_ALL,ACCRUE_ALWAYS,MAX_TRES,INCR_ONLY,DEPTH_OBLIVIOUS\n"
        "PriorityUsageResetPeriod=WEEKLY\nPriorityWeightTRES=CPU=5,GRES/gpu=7\n"
    )
    rule = conf_rule(read_conf(path), PriorityRule())
    assert rule.raw == {"assoc", "partition", "qos", "tres"}
    assert (rule.from_submission, rule.greatest_resource, rule.only_up, rule.reset) == (
        True,
        True,
        True,
        "weekly",
    )
    assert rule.weights.tres == {"cpu": 5, "gres/gpu": 7}


def test_limits_become_groups(conf: SlurmConf, accounts: Accounts) -> None:
    limits, never, told = site_limits(JOBS, Site(conf, accounts, LABELS, None, 8))
    assert limits is not None
    of = [set(limits.group[limits.first[j] : limits.first[j + 1]].tolist()) for j in range(6)]
    members = [[j for j in range(6) if g in of[j]] for g in range(len(limits.names))]
    found = {name: (rows, int(limits.most_jobs[g]), int(limits.most_nodes[g]))
             for g, (name, rows) in enumerate(zip(limits.names, members, strict=True))}  # fmt: skip
    no = int(limits.most_jobs.max())
    assert found == {
        "partition cpu": ([0, 1, 3, 4, 5], no, 6),
        "partition gpu": ([2], no, 2),
        "partition gpu, QOS fence": ([2], 5, no),
        "partition gpu, QOS fence, user 1": ([2], no, 1),
        # 20 processors of whole nodes of 10; sub is below lab
        "account lab": ([0, 1, 3, 5], no, 2),
        "QOS urgent, user 0": ([0, 5], 1, no),
    }
    # the last job asks for two hours in a QOS of one
    assert never is not None
    assert never.tolist() == [False] * 5 + [True]
    assert told == [
        "PENDING for ever, for more than a group of theirs (GrpTRES, MaxTRESPerUser …) may hold: 3 jobs",
        "PENDING for ever, for more than their QOS or association grants a job: 1 jobs (1 beyond MaxWall)",
    ]


def test_limits_that_are_not_enforced_are_told(tmp_path: Path, accounts: Accounts) -> None:
    path = tmp_path / "other.conf"
    path.write_text(CONF.replace("AccountingStorageEnforce=limits", "AccountingStorageEnforce=associations"))
    limits, never, told = site_limits(JOBS, Site(read_conf(path), accounts, LABELS, None, 8))
    assert limits is not None
    assert never is None
    assert limits.names == ("partition cpu", "partition gpu")
    assert "not held" in told[0]


def test_a_qos_pushes_another_aside(conf: SlurmConf, accounts: Accounts) -> None:
    found, told = site_preemption(JOBS, Site(conf, accounts, LABELS, None, 8))
    assert told == []
    assert found is not None
    assert (found.mode, found.exempt_s) == ("requeue", 600)
    pushes = found.pushes[found.klass[:, None], found.klass[None, :]]
    assert pushes[0].tolist() == [False, True, False, True, True, False]
    assert not pushes[1:5].any()
    assert site_preemption(JOBS, Site(conf, None, LABELS, None, 8)) == (None, [])


@pytest.mark.parametrize(
    ("conf_lines", "qos_lines", "mode", "exempt", "said"),
    [
        ("PreemptMode=CANCEL", "", "cancel", 0, ""),
        ("PreemptMode=REQUEUE", "modify qos normal set PreemptMode=cancel", "cancel", 0, ""),
        ("PreemptMode=SUSPEND,GANG", "", "requeue", 0, "SUSPEND is not simulated"),
        ("PreemptMode=OFF", "", None, 0, "PreemptMode is OFF"),
        ("", "", None, 0, "PreemptMode is OFF"),
        ("PreemptMode=REQUEUE", "modify qos normal set PreemptExemptTime=00:05:00", "requeue", 300, ""),
        ("PreemptMode=REQUEUE\nPreemptExemptTime=60", "", "requeue", 3600, ""),
    ],
)
def test_modes_of_pushing_aside(
    tmp_path: Path, conf_lines: str, qos_lines: str, mode: str | None, exempt: int, said: str
) -> None:
    kept = "\n".join(line for line in CONF.splitlines() if not line.startswith(("PreemptMode", "PreemptEx")))
    (tmp_path / "slurm.conf").write_text(kept + "\n" + conf_lines + "\n")
    (tmp_path / "script.txt").write_text(SCRIPT + qos_lines + "\n")
    site = Site(read_conf(tmp_path / "slurm.conf"), read_accounts([tmp_path / "script.txt"]), LABELS, None, 8)
    found, told = site_preemption(JOBS, site)
    assert (None if found is None else found.mode) == mode
    assert found is None or found.exempt_s == exempt
    assert said in " ".join(told)
    assert bool(told) == bool(said)


def test_other_kinds_of_preemption_are_told(tmp_path: Path, accounts: Accounts) -> None:
    (tmp_path / "p.conf").write_text(CONF.replace("preempt/qos", "preempt/partition_prio"))
    found, told = site_preemption(JOBS, Site(read_conf(tmp_path / "p.conf"), accounts, LABELS, None, 8))
    assert found is None
    assert told == ["PreemptType=partition_prio is not simulated: nobody is pushed"]


@pytest.mark.data
def test_priorities_of_a_real_centre(shared_data: Path) -> None:
    folder = shared_data / "traces" / "slurm_ub"
    conf = read_conf(folder / "medium_slurm.conf.gz")
    accounts = read_accounts([folder / "medium_sacctmgr.script.gz"])
    labels = Labels(
        ("general-compute", "debug"), ("account004", "account003"), ("user004", "user003"), ("supporters",)
    )
    jobs = Jobs(
        job_id=[1, 2],
        submit_s=[0, 0],
        nodes=[1, 2],
        limit_s=[60, 60],
        runtime_s=[1, 1],
        partition=[0, 1],
        account=[0, 1],
        user=[0, 1],
        qos=[0, -1],
        processors=[25, 4],
        gpus=[0, 4],
        memory_mib=[550000.0, 1000.0],
    )
    rule = conf_rule(conf, PriorityRule(weights=Weights(job_size=200000, partition=1000000, qos=50000)))
    found, told = site_ranks(jobs, Site(conf, accounts, labels, None, 217), rule)
    assert told == []
    cpus = 89 * 32 + 128 * 40
    assert found.parts["job_size"] == pytest.approx([1e5 * (1 / 217 + 25 / cpus), 1e5 * (2 / 217 + 4 / cpus)])
    assert found.parts["partition"] == pytest.approx([1e6 * 100 / 700, 1e6])
    assert found.parts["qos"].tolist() == [25000, 0]
    # not divided by what the partition has (NO_NORMAL_TRES): 0.03 for each MiB, 30,000 for each GPU
    assert found.parts["tres"] == pytest.approx([16500, 30 + 120000])
    # both users borrow the shares of their account
    assert found.tree.borrowing[found.row].all()
