"""Accounts, users and QOS in the three forms of ``sacctmgr``, also those of real centres."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.site.accounts import Accounts, inherited
from exatwin.schedule.site.read import read_accounts

DUMP = """
# To edit this file start with a cluster line for the new cluster
Cluster - 'mini':Fairshare=1:QOS='normal'
Parent - 'root'
User - 'root':DefaultAccount='root':AdminLevel='Administrator':Fairshare=1
Account - 'physics':Description='all of it: yes':Organization='lab':Fairshare=30:GrpTRES=node=40
Account - 'climate':Fairshare=70:MaxJobs=3:QOS='normal,urgent'
Parent - 'physics'
Account - 'qcd':Fairshare=parent
User - 'ada':DefaultAccount='physics':Fairshare=1:MaxJobs=8:MaxWallDuration=2-0:Colour=blue
Parent - 'qcd'
User - 'Bob':Fairshare=parent
Parent - 'climate'
User - 'dee':Fairshare=3:GrpSubmitJobs=9
User - 'ada':Fairshare=1:Partition='debug'
"""
SCRIPT = """
# QOS first
sacctmgr -i add qos urgent Priority=100 UsageFactor=2 MaxJobsPerUser=4 MaxTRESPerUser=node=16
modify QOS set normal Priority=10 MaxWall=1-00:00:00 Preempt=
modify qos where name=urgent set Preempt=normal
add cluster Name=mini Fairshare=1 QOS=normal,urgent
sacctmgr -i add account physics,climate Fairshare=30 Description="all of it"
add account name=qcd parent=physics Fairshare=parent
modify account name=climate set fairshare=70 qos+=urgent MaxJobs=3
add user name=ada,bob Account=physics,qcd DefaultAccount=physics
modify user where name=bob account=qcd set fairshare=parent
list associations
"""
TABLE = """
Account|User|Partition|Share|Priority|GrpJobs|GrpTRES|MaxJobs|MaxTRES|MaxWall|QOS|Def QOS|ParentName
root||||||||||normal||
root|root||1|||||||normal||
physics|||30|||node=40||||normal||root
qcd|||parent|5||||||normal||physics
qcd|bob||parent||||8||2-00:00:00|normal,urgent|normal|
"""
TREE = """
Account|User|Share
root||1
 root|root|1
 physics||30
  qcd||2
   qcd|bob|1
 climate||70
"""
QOS = """
Name|Priority|GraceTime|Preempt|PreemptExemptTime|PreemptMode|Flags|UsageFactor|GrpTRES|GrpJobs|MaxTRES|MaxWall|MaxTRESPU|MaxJobsPU
normal|0|00:00:00|||cluster||1.000000||||||
urgent|100|00:00:00|normal|00:10:00|cluster|DenyOnLimit|2.000000|node=30|9|node=16|06:00:00|node=8|4
"""


def read(tmp_path: Path, *texts: str) -> Accounts:
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"file{number}.txt")
        paths[-1].write_text(text)
    return read_accounts(paths)


def names(accounts: Accounts) -> list[str]:
    return [f"{one.account}/{one.user}" if one.user else one.account for one in accounts.associations]


def test_a_dump(tmp_path: Path) -> None:
    found = read(tmp_path, DUMP)
    accounts = ["root", "physics", "climate", "qcd"]
    assert names(found) == [*accounts, "root/root", "physics/ada", "qcd/Bob", "climate/dee", "climate/ada"]
    by = dict(zip(names(found), found.associations, strict=True))
    assert [by[name].shares for name in ("physics", "climate", "qcd", "qcd/Bob")] == [30, 70, None, None]
    assert by["qcd"].parent == "physics"
    assert by["physics"].group.tres == {"node": 40}
    assert (by["physics/ada"].each.jobs, by["physics/ada"].each.wall_s) == (8, 2 * 86400)
    assert by["climate/ada"].key == ("climate", "ada", "debug")
    assert found.default_account["ada"] == "physics"
    assert [remark.rpartition(": ")[2] for remark in found.remarks] == ["colour is unknown"]


def test_limits_of_each_job_and_qos_come_down_from_accounts(tmp_path: Path) -> None:
    found = {(one.account, one.user): one for one in inherited(read(tmp_path, DUMP))}
    assert found["climate", "dee"].each.jobs == 3
    assert found["climate", "dee"].qos == ("normal", "urgent")
    assert found["physics", "ada"].qos == ("normal",)
    assert found["qcd", "Bob"].group.tres == {}  # limits of a group stay with the group


def test_a_script(tmp_path: Path) -> None:
    found = read(tmp_path, SCRIPT)
    users = ["physics/ada", "qcd/ada", "physics/bob", "qcd/bob"]
    assert names(found) == ["root", "physics", "climate", "qcd", "root/root", *users]
    by = dict(zip(names(found), found.associations, strict=True))
    assert (by["climate"].shares, by["climate"].qos, by["climate"].each.jobs) == (70, ("urgent",), 3)
    assert (by["qcd/bob"].shares, by["physics/bob"].shares, by["qcd"].shares) == (None, 1, None)
    urgent, normal = found.qos["urgent"], found.qos["normal"]
    assert (urgent.priority, urgent.usage_factor, urgent.user.jobs, urgent.user.tres) == (
        100,
        2,
        4,
        {"node": 16},
    )
    assert (urgent.preempt, normal.priority, normal.job.wall_s) == (("normal",), 10, 86400)


def test_tables_together(tmp_path: Path) -> None:
    found = read(tmp_path, TABLE, QOS)
    assert names(found) == ["root", "physics", "qcd", "root/root", "qcd/bob"]
    bob, qcd = found.associations[-1], found.associations[2]
    assert (bob.shares, bob.each.jobs, bob.each.wall_s, bob.default_qos) == (None, 8, 2 * 86400, "normal")
    assert (qcd.priority, qcd.shares, found.associations[1].group.tres) == (5, None, {"node": 40})
    urgent = found.qos["urgent"]
    assert (urgent.group.jobs, urgent.group.tres, urgent.job.tres) == (9, {"node": 30}, {"node": 16})
    assert (urgent.job.wall_s, urgent.user.jobs, urgent.exempt_s) == (6 * 3600, 4, 600)
    assert found.qos["normal"].user.jobs == math.inf


def test_a_table_of_fixed_widths(tmp_path: Path) -> None:
    shown = """
      Name   Priority    MaxWall UsageFactor
---------- ---------- ---------- -----------
    normal          0               1.000000
    urgent        100   06:00:00    2.000000
"""
    found = read(tmp_path, DUMP, shown).qos
    assert {name: (one.priority, one.job.wall_s, one.usage_factor) for name, one in found.items()} == {
        "normal": (0, math.inf, 1.0),
        "urgent": (100, 6 * 3600, 2.0),
    }


def test_a_tree_tells_parents_by_blanks(tmp_path: Path) -> None:
    found = {one.account: one.parent for one in read(tmp_path, TREE).associations if not one.user}
    assert found == {"root": "", "physics": "root", "qcd": "physics", "climate": "root"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Parent - 'root'\nParent - 'nope'\n", ":2: parent 'nope': is an unknown parent"),
        ("Parent - 'root'\nAccount - 'a':Fairshare=-3\n", ":2: share -3 of a is negative"),
        (
            "Parent - 'root'\nUser - 'u'\nUser - 'U'\n",
            ":3: user 'U' of account 'root' comes twice, first at .*:2",
        ),
        ("Parent - 'root'\nAccount - 'a':Fairshare=lots\n", ":2: account 'a': 'lots' is no number"),
        ("Parent - 'root'\nwhat is this\n", ":2: 'what is this' is no line of a dump"),
        (
            "add account a\nadd account b parent=c\n",
            ":2: account 'b' has the unknown parent 'c': did you mean|:2",
        ),
        ("add account a fairshare=-1\n", ":1: share -1 of a is negative"),
        (
            "add account a\nadd user u account=a\nadd user u account=a\n",
            ":3: user 'u' comes twice in account 'a'",
        ),
        ("add account a\nadd user u account=b\n", ":2: user 'u' is in the unknown account 'b'"),
        ("add account a parent=b\nadd account b parent=a\n", "account 'a' is above itself"),
        ("modify qos nope set priority=1\n", ":1: QOS 'nope' does not exist"),
        ("add qos x Priority=-2\n", ":1: priority -2 is negative"),
        ("Account|User|Share\na||1\nb|u|1\n", ":3: user 'u' is in the unknown account 'b'"),
        ("hello\n", "no known form"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as error:
        read(tmp_path, text)
    assert "\n" not in str(error.value)


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r":2: share -1 .*:3: share -2 .*"):
        read(tmp_path, "Parent - 'root'\nAccount - 'a':Fairshare=-1\nAccount - 'b':Fairshare=-2\n")


@pytest.mark.data
def test_a_real_centre(shared_data: Path) -> None:
    found = read_accounts([shared_data / "traces" / "slurm_ub" / "medium_sacctmgr.script.gz"])
    accounts = [one for one in found.associations if not one.user]
    users = [one for one in found.associations if one.user]
    assert (len(accounts), len(users)) == (1 + 62, 1 + 1 + 95)  # root, account0 …; root, admin, user001 …
    assert sum(one.shares is None for one in users) == 94  # all but root, admin and user060
    assert {one.shares for one in accounts[1:]} == {100}
    assert {name: one.priority for name, one in found.qos.items()} == {
        "general-compute": 0,
        "supporters": 200,
        "priority": 200,
        "priority-supporters": 400,
        "debug": 0,
    }
    by = {one.user: one for one in users}
    assert by["user007"].qos == ("priority-supporters", "debug", "general-compute")
    assert (by["user036"].account, found.default_account["user036"]) == ("account059", "account031")


@pytest.mark.data
def test_the_small_one(shared_data: Path) -> None:
    found = read_accounts([shared_data / "traces" / "slurm_ub" / "micro_sacctmgr.script"])
    assert names(found)[:4] == ["root", "account0", "account1", "account2"]
    assert found.users == 7
    assert {one.qos for one in inherited(found)} == {("normal", "supporters")}
