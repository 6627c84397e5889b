"""Reservations, failures by chance and chains that can not be: one line each, before anything is computed."""

from __future__ import annotations

import pytest

from console import refused

RUN = ("run", "--machine", "jedi", "--days", 0.2, "--set", "facility=false")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("reservations=9999 nodes@1h/2h", "is larger than the machine: expected 1 to 24 nodes"),
        ("reservations=nodes 0-24@1h/2h", "has the nodes 0-24: expected 0 to 23"),
        ("reservations=all@1h/-2h", "lasts -2 h: expected 1 s to 300 years"),
        ("reservations=all@1h/1e30h", "expected 1 s to 300 years"),
        ("reservations=holiday:all@1h/2h", "is of the unknown kind 'holiday': choose from: down, drain"),
        ("reservations=all@9d/2h", "starts after the window of 4.8 h: expected a start inside it"),
        ("reservations=5", "'5' is no reservation: expected [KIND:]NODES@START/DURATION[:WHO]"),
        ("reservations=all@1h/2h:user x", "is for the user 'x': expected user0 to user"),
        ("reservations=all@1h/2h:bob", "is for 'bob': expected accounts and users, such as account7+user12"),
        ("reservations=all@1h/2h:account9999", "is for the account '9999': expected account0 to account"),
        (
            "reservations=all@1h/2h:account1, nodes 3-5@2h/1h:account2",
            "share 3 nodes at the same time: expected other nodes or times",
        ),
        ("reliability.node_mtbf=-3h", "'-3h' is too small: expected at least 1 h"),
        ("reliability.node_mtbf=0 h", "is too small: expected at least 1 h"),
        ("reliability.rack_mtbf=nan", "'nan' is not a quantity"),
        ("reliability.repair=0 s", "is too small: expected at least 1 s"),
        ("reliability.rates=nobody", "unknown reliability 'nobody': choose from: llm-training, nodes"),
        ("reliability.node_mtbf=100h", "reliability.repair is missing: expected a time such as '12 h'"),
        ("reliability.spares=-1", "must be at least 0"),
        ("reliability.spares=24", "reliability.spares is 24: expected fewer than the 24 nodes of a pool"),
        ("reliability.checkpoint=-1h", "is too small: expected at least 0 s"),
        ("workload.chains.share=-0.1", "is too small: expected at least 0"),
        ("workload.chains.links=0", "must be at least 1"),
        ("workload.chains=3", "must be a table of keys: share, links"),
    ],
)
def test_one_line_says_what_is_wrong(key: str, message: str) -> None:
    assert message in refused(*RUN, "--set", key)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (("--backfill", "conservative"), "backfill 'conservative' does not go with windows, failures"),
        (("--backfill", "slurm", "--policy", "wfp3"), "policy 'wfp3' does not go with backfill 'slurm'"),
        (("--placement", "none"), "needs to know who holds which node"),
    ],
)
def test_what_does_not_go_with_failures(rule: tuple[str, ...], message: str) -> None:
    often = ("--set", "reliability.node_mtbf=100h", "--set", "reliability.repair=1h")
    assert message in refused(*RUN, *often, *rule)
