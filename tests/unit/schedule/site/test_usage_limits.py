"""Limits of usage and of submissions, of QOS and associations: each read by its names and worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.limits import NO_LIMIT, Limits
from exatwin.schedule.site.accounts import Accounts
from exatwin.schedule.site.conf import SlurmConf, read_conf
from exatwin.schedule.site.limits import site_limits
from exatwin.schedule.site.ranks import Site
from exatwin.schedule.site.read import read_accounts
from exatwin.schedule.site.tree import Labels
from exatwin.workload.job import Jobs

Held = Callable[..., tuple[Limits | None, list[bool] | None, list[str]]]
LABELS = Labels(("cpu",), ("lab",), ("ada", "bob"), ("normal", "urgent"))
JOBS = Jobs(
    job_id=[1, 2, 3], submit_s=[0, 1, 2], nodes=[1, 2, 4], limit_s=[3600, 7200, 60], runtime_s=[9] * 3,
    account=[0] * 3, user=[0, 1, 0], qos=[0, 0, 1],
)  # fmt: skip


@pytest.fixture
def held(tmp_path: Path) -> Held:
    """Return a function from lines of sacctmgr to limits, jobs that never start, and what is told."""

    def ask(
        *lines: str, enforce: str = "limits", half_life_s: float | None = 3600.0
    ) -> tuple[Limits | None, list[bool] | None, list[str]]:
        accounts, conf = files(tmp_path, lines, enforce)
        limits, never, told = site_limits(JOBS, Site(conf, accounts, LABELS, None, 8), half_life_s)
        return limits, None if never is None else never.tolist(), told

    return ask


def files(folder: Path, lines: tuple[str, ...], enforce: str) -> tuple[Accounts, SlurmConf]:
    people = ("add account lab", "add user ada Account=lab", "add user bob Account=lab", "add qos urgent")
    (folder / "accounts.txt").write_text("\n".join([*people, *lines]) + "\n")
    text = f"AccountingStorageEnforce={enforce}\nNodeName=c[1-8] CPUs=10\nPartitionName=cpu Nodes=c[1-8]\n"
    (folder / "slurm.conf").write_text(text.replace("Nodes=c[1-8]", "Nodes=c[1-8] OverSubscribe=EXCLUSIVE"))
    return read_accounts([folder / "accounts.txt"]), read_conf(folder / "slurm.conf")


def row(limits: Limits | None, name: str) -> dict[str, int]:
    """Return the limits of a group that are set."""
    assert limits is not None
    at = limits.names.index(name)
    kinds = ("most_jobs", "most_nodes", "most_node_s", "most_used_node_s", "most_used_s", "most_sent")
    return {kind: int(getattr(limits, kind)[at]) for kind in kinds if getattr(limits, kind)[at] < NO_LIMIT}


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("modify account lab set GrpTRESMins=node=100", "account lab", {"most_used_node_s": 6000}),
        ("modify account lab set GrpCPUMins=1000", "account lab", {"most_used_node_s": 6000}),  # 10 a node
        ("modify account lab set GrpWall=2:00:00", "account lab", {"most_used_s": 7200}),
        ("modify account lab set GrpSubmitJobs=7", "account lab", {"most_sent": 7}),
        ("modify user ada set MaxSubmitJobs=3", "user ada in lab, MaxSubmitJobs", {"most_sent": 3}),
        ("modify account lab set MaxSubmit=3", "user bob in lab, MaxSubmitJobs", {"most_sent": 3}),
        ("modify qos normal set MaxSubmitJobsPerUser=5", "QOS normal, user 1", {"most_sent": 5}),
        ("modify qos normal set MaxSubmitPA=6", "QOS normal, account 0", {"most_sent": 6}),
        ("modify qos normal set GrpTRESMins=cpu=600", "QOS normal", {"most_used_node_s": 3600}),
    ],
)
def test_limits_by_their_names(
    held: Held,
    line: str,
    name: str,
    expected: dict[str, int],
) -> None:
    limits, never, _ = held(line)
    assert row(limits, name) == expected
    assert never is None


def test_a_qos_has_the_word_before_an_association(
    held: Held,
) -> None:
    limits, _, told = held(
        "modify user ada set MaxSubmitJobs=3", "modify qos urgent set MaxSubmitJobsPerUser=9"
    )
    assert limits is not None
    rows = np.repeat(np.arange(3), np.diff(limits.first))
    members = {n: rows[limits.group == g].tolist() for g, n in enumerate(limits.names)}
    assert members == {"user ada in lab, MaxSubmitJobs": [0], "QOS urgent, user 0": [2]}
    assert any("are refused" in line for line in told)


def test_usage_decays_unless_a_qos_says_that_it_does_not(
    held: Held,
) -> None:
    limits, _, told = held(
        "modify qos urgent set GrpTRESMins=node=5 Flags=NoDecay", "modify qos normal set GrpTRESMins=node=5"
    )
    assert limits is not None
    halves = dict(zip(limits.names, limits.half_life_s.tolist(), strict=True))
    assert halves == {"QOS normal": 3600, "QOS urgent": NO_LIMIT}
    assert any("count from nothing" in line for line in told)


def test_usage_is_only_held_with_multifactor(
    held: Held,
) -> None:
    limits, _, told = held("modify qos normal set GrpTRESMins=node=5", half_life_s=None)
    assert limits is None
    assert told == ["GrpTRESMins and GrpWall are not held, as priorities are not multifactor: QOS normal"]


@pytest.mark.parametrize(
    ("enforce", "safe"), [("limits", False), ("limits,safe", True), ("safe", True), ("all", True)]
)
def test_safe(held: Held, enforce: str, safe: bool) -> None:
    limits, _, _ = held("modify qos normal set GrpTRESMins=node=5", enforce=enforce)
    assert limits is not None
    assert limits.safe is safe


@pytest.mark.parametrize("enforce", ["associations", "qos", "nosteps", "nolimits", ""])
def test_what_is_not_enforced_is_not_held(held: Held, enforce: str) -> None:
    limits, never, told = held("modify qos normal set GrpTRESMins=node=5 MaxWall=1", enforce=enforce)
    assert (limits, never) == (None, None)
    assert "not held" in told[0]


@pytest.mark.parametrize(
    ("line", "never", "why"),
    [
        ("modify qos normal set MaxTRESMins=node=200", [False, True, False], "1 beyond MaxTRESMins"),
        ("modify qos normal set MaxTRESMinsPerJob=cpu=600", [False, True, False], "1 beyond MaxTRESMins"),
        ("modify account lab set MaxCPUMins=599", [True, True, False], "2 beyond MaxTRESMins"),
        ("modify account lab set MaxWallDurationPerJob=60", [False, True, False], "1 beyond MaxWall"),
        ("modify qos normal set MinTRESPerJob=node=2", [True, False, False], "1 below MinTRES"),
        ("modify account lab set MaxTRESPerJob=node=3", [False, False, True], "1 beyond MaxTRES"),
    ],
)
def test_jobs_that_no_limit_lets_start(
    held: Held,
    line: str,
    never: list[bool],
    why: str,
) -> None:
    _, found, told = held(line)
    assert found == never
    assert why in told[-1]


@pytest.mark.parametrize(
    "line",
    [
        "modify qos normal set GrpTRESMins=node=-5",
        "modify account lab set MaxJobs=-3",
        "modify qos normal set GrpWall=soon",
    ],
)
def test_a_limit_that_makes_no_sense_is_told_in_one_line(held: Held, line: str) -> None:
    with pytest.raises(SpecError) as error:
        held(line)
    assert "\n" not in str(error.value)
    assert "accounts.txt:5" in str(error.value)


def test_a_qos_that_an_association_may_not_use_is_told(
    held: Held,
) -> None:
    _, _, told = held("modify user ada set QOS=normal", enforce="limits,qos")
    assert told == ["1 jobs have a QOS that their association may not use now: taken all the same"]
