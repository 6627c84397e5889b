"""Single fields, as bytes, to numbers."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from exatwin.workload.traces._kernel import fields
from exatwin.workload.traces._kernel.kinds import (
    COUNT,
    ENERGY,
    EXIT,
    JOB,
    NO_JOB,
    NUMBER,
    PLAIN,
    SPAN,
    STEP,
    TIME,
    TRES,
)

NAN, INF, BAD = math.nan, math.inf, -math.inf


def parsed(text: str, kind: int, scale: float = 1.0) -> tuple[float, list[int]]:
    buf = np.frombuffer(b"|" + text.encode() + b"|", np.uint8)
    more = np.zeros(4, np.int64)
    return fields.value(buf, 1, len(buf) - 1, kind, scale, more), more.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0.0),
        (" 42 ", 42.0),
        ("-1", -1.0),
        ("+7", 7.0),
        ("552.21", 552.21),
        ("99825.0", 99825.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("1e300", 1e300),
        ("1e999", 1e300),
        ("-1e999", -1e300),
        ("1e-999", 0.0),
        ("18446744073709551614", 18446744073709551614.0),
        ("", NAN),
        ("Unknown", NAN),
        ("None assigned", NAN),
        ("nan", NAN),
        ("UNLIMITED", INF),
        ("inf", BAD),
        ("12x", BAD),
        ("1e", BAD),
        ("--1", BAD),
        ("1.2.3", BAD),
        (".", BAD),
        ("٣", BAD),
    ],
)
def test_number(text: str, expected: float) -> None:
    assert parsed(text, NUMBER)[0] == pytest.approx(expected, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00:02:54", 174.0),
        ("1-00:00:00", 86400.0),
        ("37-07:20:50", 37 * 86400 + 7 * 3600 + 20 * 60 + 50.0),
        ("12-04", 12 * 86400 + 4 * 3600.0),
        ("2-01:30", 2 * 86400 + 3600 + 1800.0),
        ("01:30", 90.0),
        ("00:03.559", 3.559),
        ("26:00:00", 93600.0),
        ("90", 90.0),
        ("Partition_Limit", NAN),
        ("UNLIMITED", INF),
        ("1:2:3:4", BAD),
        ("1-", BAD),
        ("a:b", BAD),
        ("1:", BAD),
    ],
)
def test_span(text: str, expected: float) -> None:
    assert parsed(text, SPAN)[0] == pytest.approx(expected, nan_ok=True)


def test_a_bare_span_is_scaled_and_a_written_one_is_not() -> None:
    assert parsed("2880", SPAN, 60.0)[0] == 172_800.0
    assert parsed("2-00:00:00", SPAN, 60.0)[0] == 172_800.0


@pytest.mark.parametrize(
    ("text", "expected", "naive"),
    [
        ("1767225600", 1_767_225_600.0, 0),
        ("2026-01-01T00:00:00", 1_767_225_600.0, 1),
        ("2026-01-01 00:00:00", 1_767_225_600.0, 1),
        ("2026-01-01T00:00", 1_767_225_600.0, 1),
        ("2026-01-01", 1_767_225_600.0, 1),
        ("2026-01-01T00:00:00Z", 1_767_225_600.0, 0),
        ("2026-01-01T01:00:00+01:00", 1_767_225_600.0, 0),
        ("2025-12-31T19:00:00-0500", 1_767_225_600.0, 0),
        ("2026-01-01T00:00:00.250", 1_767_225_600.25, 1),
        ("Unknown", NAN, 0),
        ("2026-13-01T00:00:00", BAD, 0),
        ("2026-01-01T25:00:00", BAD, 0),
        ("2026-01-01x", BAD, 0),
        ("2026-1-1", BAD, 0),
        ("yesterday", BAD, 0),
    ],
)
def test_time(text: str, expected: float, naive: int) -> None:
    found, more = parsed(text, TIME)
    assert found == pytest.approx(expected, nan_ok=True)
    assert more[fields.NAIVE] == naive


def test_every_day_of_four_centuries_agrees_with_the_calendar() -> None:
    for ordinal in range(datetime(1900, 1, 1).toordinal(), datetime(2300, 1, 1).toordinal(), 13):
        day = datetime.fromordinal(ordinal)
        assert parsed(day.strftime("%Y-%m-%d"), TIME)[0] == day.replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "number", "task", "kind"),
    [
        ("123", 123, -1, PLAIN),
        ("4744528_255", 4744528, 255, PLAIN),
        ("4744528_[1-9%2]", 4744528, -1, PLAIN),
        ("77+1", 77, -3, PLAIN),
        ("123.batch", 123, -1, STEP),
        ("123.0", 123, -1, STEP),
        ("12_3.extern", 12, 3, STEP),
        ("abc", -1, -1, NO_JOB),
        ("", -1, -1, NO_JOB),
        ("123x", 123, -1, NO_JOB),
        ("9" * 30, -1, -1, NO_JOB),
        ("-5", -1, -1, NO_JOB),
    ],
)
def test_job(text: str, number: int, task: int, kind: int) -> None:
    _, more = parsed(text, JOB)
    assert more[fields.JOB_KIND] == kind
    if kind != NO_JOB:
        assert (more[fields.NUMBER_OF], more[fields.TASK]) == (number, task)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("4K", COUNT, 4096.0),
        ("9.25K", COUNT, 9472.0),
        ("1.5M", ENERGY, 1.5e6),
        ("K", COUNT, BAD),
        ("billing=4,cpu=4,mem=8G,node=12", TRES, 12.0),
        ("node=3,cpu=2", TRES, 3.0),
        ("cpu=2,gres/node=4", TRES, NAN),
        ("", TRES, NAN),
        ("what", TRES, BAD),
        ("0:15", EXIT, 0.0),
        ("0", EXIT, BAD),
    ],
)
def test_counts_and_lists(text: str, kind: int, expected: float) -> None:
    assert parsed(text, kind)[0] == pytest.approx(expected, nan_ok=True)
