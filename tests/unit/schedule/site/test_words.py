"""Times, counts, resources and lists of hosts, as Slurm writes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.foundation.hosts import hosts
from exatwin.schedule.site.words import count, span_s, tres


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 300),
        ("0-4", 4 * 3600),
        ("0-5", 5 * 3600),
        ("7-0", 7 * 86400),
        ("30-0", 30 * 86400),
        ("1:30", 90),
        ("24:00:00", 86400),
        ("1-00:00:00", 86400),
        ("2-12:30:15", 2 * 86400 + 12 * 3600 + 30 * 60 + 15),
        ("UNLIMITED", math.inf),
        ("infinite", math.inf),
        ("NONE", 0),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert span_s(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1-", "1:2:3:4", "-5", "1.2.3"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        span_s(text)


def test_numbers_have_suffixes() -> None:
    found = [count(text) for text in ("7", "2K", "1.5G", "-1", ".03")]
    assert found == [7, 2048, 1.5 * 2**30, math.inf, 0.03]


def test_resources() -> None:
    assert tres("cpu=8,mem=4G,node=2,gres/gpu:h100=4") == {
        "cpu": 8,
        "mem": 4096,
        "node": 2,
        "gres/gpu:h100": 4,
    }
    # A weight of 0.25 for each GiB is 0.25 / 1024 for each MiB, in which memory is counted.
    assert tres("CPU=1.0,Mem=0.25G", weights=True) == {"cpu": 1.0, "mem": 0.25 / 1024}
    assert tres("CPU=0,Mem=.03,GRES/gpu=30000", weights=True) == {"cpu": 0, "mem": 0.03, "gres/gpu": 30000}
    with pytest.raises(ValueError, match="lacks a number"):
        tres("cpu")


def test_lists_of_hosts() -> None:
    assert hosts("n[001-003],g1") == ["n001", "n002", "n003", "g1"]
    assert hosts("r[1-2]n[08-10]") == ["r1n08", "r1n09", "r1n10", "r2n08", "r2n09", "r2n10"]
    assert hosts("") == []
    for text, words in (("n[1-", "don't match"), ("n[5-1]", "no range"), ("n[1-99999999]", "more than")):
        with pytest.raises(ValueError, match=words):
            hosts(text)


@given(st.integers(0, 10**5), st.integers(0, 200), st.integers(1, 6))
@settings(deadline=None)
def test_a_range_lists_each_of_its_hosts_once(first: int, more: int, width: int) -> None:
    low, high = str(first).zfill(width), str(first + more).zfill(width)
    found = hosts(f"n[{low}-{high}]")
    assert len(found) == len(set(found)) == more + 1
    assert [int(name[1:]) for name in found] == list(range(first, first + more + 1))
