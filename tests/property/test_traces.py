"""Whatever a file holds, reading it ends in jobs that add up or in one clear line."""

from __future__ import annotations

import gzip
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exatwin.foundation.errors import SpecError, TraceError
from exatwin.workload.job import Jobs, State
from exatwin.workload.traces import Trace, read_trace, write_sacct, write_swf
from exatwin.workload.traces.names import KNOWN

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = [name for known in KNOWN for name in known.names.split()]
ESSENTIAL = ["JobIDRaw", "Submit", "Start", "ElapsedRaw", "NNodes"]
NASTY = st.sampled_from(
    [
        *("", "-1", "0", "1", "2147483648", "1e300", "-1e300", "nan", "inf", "Unknown", "None", "UNLIMITED"),
        *(
            "\x00",
            "\r",
            "12",
            "12.batch",
            "9_3",
            "9_[1-4]",
            "7+1",
            "9_[1-4%2]",
            "sbatch -d afterok:12:9 --array=1-3%2 a",
            "afterany:9_3,after:12+1e9,singleton",
            "singleton",
            "2026-03-29T02:30:00",
            "1-00:00:00",
            "00:10:00",
        ),
        *(
            "99999999999999999999",
            "1767225600",
            "1767229200",
            "node=4,cpu=2",
            "4K",
            "COMPLETED",
            "CANCELLED by 1",
        ),
        *("PENDING", '"', '"a,b"', "a\nb"),
    ]
)
CELL = st.one_of(NASTY, st.integers(-(10**6), 10**10).map(str), st.text(max_size=6))
SWF = "; Version: 2.2\n; UnixStartTime: 843480031\n; MaxProcs: 100\n" + "".join(
    f"{k} {k * 10} 5 {60 + k} 4 -1 -1 4 3600 -1 1 {k % 5} {k % 3} -1 1 1 -1 -1\n" for k in range(1, 30)
)
SACCT = "JobIDRaw|JobName|User|Submit|Start|End|ElapsedRaw|TimelimitRaw|NNodes|State\n" + "".join(
    f"{k}|n{k}|u{k % 4}|{1767225600 + k}|{1767225660 + k}|{1767225720 + k}|60|10|{k % 9 + 1}|COMPLETED\n"
    for k in range(1, 30)
)


def read(data: bytes, **options: object) -> Trace | None:
    """Read `data` as a log; check that the result adds up, or that it is refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(data)
        try:
            trace = read_trace(path, **options)  # type: ignore[arg-type]
        except (TraceError, SpecError) as error:
            refused = str(error)
            trace = None
    if trace is None:
        assert refused
        assert "\n" not in refused
        return None
    adds_up(trace)
    return trace


def adds_up(trace: Trace) -> None:
    jobs, report = trace.jobs, trace.report
    assert report.rows_read == report.rows_used + report.rows_skipped
    assert report.rows_used == len(jobs) == len(trace.raw) > 0
    assert report.rows_repaired <= report.rows_used
    assert sum(report.skipped.values()) == report.rows_skipped
    assert all(0 < count <= report.rows_used for count in report.repaired.values())
    assert len(np.unique(jobs.job_id)) == len(jobs)
    assert jobs.job_id.min() >= 0
    assert np.all(np.diff(jobs.submit_s) >= 0)
    assert jobs.nodes.min() >= 1
    assert jobs.limit_s.min() >= 1
    assert jobs.runtime_s.min() >= 0
    assert np.all((jobs.recorded_start_s >= jobs.submit_s) | (jobs.recorded_start_s == -1))
    assert np.all(np.isnan(jobs.node_w) | (jobs.node_w > 0))
    assert 0 <= jobs.partition.min() <= jobs.partition.max() < len(trace.partitions)
    assert -1 <= jobs.account.min() <= jobs.account.max() < max(len(trace.accounts), 1)
    assert -1 <= jobs.user.min() <= jobs.user.max() < max(len(trace.users), 1)
    waits = trace.follows
    assert np.all((waits.on >= 0) & (waits.on < waits.job) & (waits.job < len(jobs)))
    assert np.all(waits.delay_s >= 0)
    assert all(array >= 0 and most > 0 for array, most in trace.throttles.items())
    assert all(jobs.shown())
    assert "\n" not in "".join(report.lines())


@QUICK
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"PAR1", b";", SWF[:90].encode(), SACCT[:90].encode()]),
)
def test_arbitrary_bytes(data: bytes, prefix: bytes) -> None:
    read(prefix + data)
    read(gzip.compress(prefix + data)[: len(data) + 20])


@QUICK
@given(
    st.lists(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), max_size=10),
    st.lists(st.lists(CELL, max_size=20), max_size=12),
    st.sampled_from(["|", ",", "\t", ";"]),
    st.booleans(),
)
@example(
    names=[],
    rows=[["1", "1767225600", "", "5", "1"], ["1", "1767225600", "", "5", "1", "", ""]],
    mark="|",
    pseudonymise=True,
)
def test_arbitrary_tables(names: list[str], rows: list[list[str]], mark: str, pseudonymise: bool) -> None:
    lines = [mark.join([*ESSENTIAL, *names]), *(mark.join(cells) for cells in rows)]
    read("\n".join(lines).encode("utf-8", "replace"), pseudonymise=pseudonymise, timezone="Europe/Berlin")


@QUICK
@given(st.lists(st.lists(CELL, min_size=8, max_size=22), max_size=12), st.integers(0, 3))
def test_arbitrary_lines_of_numbers(rows: list[list[str]], comments: int) -> None:
    text = "; UnixStartTime: 1e300\n" * comments + "\n".join(" ".join(cells) for cells in rows)
    read(text.encode("utf-8", "replace"))
    read(text.encode("utf-8", "replace"), format="swf", processors_per_node=7)


@st.composite
def mutated(draw: st.DrawFn, text: str, mark: str) -> str:
    """Return `text` with cells deleted, doubled, replaced or inserted, lines cut, its end perhaps lost."""
    lines = [line.split(mark) for line in text.split("\n")]
    for _ in range(draw(st.integers(1, 8))):
        row = lines[draw(st.integers(0, len(lines) - 1))]
        cell = draw(st.integers(0, max(len(row) - 1, 0)))
        match draw(st.integers(0, 4)):
            case 0:
                del row[cell : cell + 1]
            case 1:
                row[cell:cell] = row[cell : cell + 1]
            case 2:
                row[cell : cell + 1] = [draw(CELL)]
            case 3:
                row.insert(cell, draw(CELL))
            case 4:
                del row[cell:]
    out = "\n".join(mark.join(row) for row in lines)
    return out[: draw(st.integers(0, len(out)))] if draw(st.booleans()) else out


@QUICK
@given(mutated(SWF, " "))
def test_mutated_swf(text: str) -> None:
    read(text.encode("utf-8", "replace"))


@QUICK
@given(mutated(SACCT, "|"))
def test_mutated_sacct(text: str) -> None:
    read(text.encode("utf-8", "replace"))


@QUICK
@given(mutated(SACCT, "|"))
def test_a_mutation_costs_only_the_rows_it_touches(text: str) -> None:
    whole = SACCT + text.partition("\n")[2]
    trace = read(whole.encode("utf-8", "replace"))
    assert trace is not None
    assert len(trace.jobs) >= 29 - 1  # the last good row may be continued by what follows


@st.composite
def some_jobs(draw: st.DrawFn) -> Jobs:
    count = draw(st.integers(1, 20))
    numbers = st.lists(st.integers(0, 10**9), min_size=count, max_size=count)
    submit = np.sort(draw(numbers))
    wait = np.array(draw(st.lists(st.integers(-1, 10**6), min_size=count, max_size=count)))
    states = st.sampled_from([State.COMPLETED, State.FAILED])
    order = np.arange(count)
    return Jobs(
        job_id=draw(st.lists(st.integers(0, 10**15), min_size=count, max_size=count, unique=True)),
        submit_s=submit,
        nodes=1 + np.array(draw(numbers)) % 10_000,
        limit_s=60 * (1 + np.array(draw(numbers)) % 100_000),
        runtime_s=np.array(draw(numbers)) % 10**7,
        partition=np.minimum(order, draw(st.integers(0, 3))),
        account=np.minimum(order, draw(st.integers(0, 3))),
        user=np.minimum(order, draw(st.integers(0, 9))),
        outcome=draw(st.lists(states, min_size=count, max_size=count)),
        recorded_start_s=np.where(wait < 0, -1, submit + wait),
    )


@QUICK
@given(some_jobs())
def test_what_is_written_is_read_back(jobs: Jobs) -> None:
    origin = datetime(2026, 1, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("a.swf", write_swf), ("a.txt", write_sacct)):
            write(jobs, Path(folder) / name, origin=origin)  # type: ignore[operator]
            trace = read_trace(Path(folder) / name, origin=origin)
            assert trace.jobs.equals(jobs)
            assert trace.origin == origin
            assert trace.report.rows_repaired == trace.report.rows_skipped == 0
            adds_up(trace)
        trace.write(Path(folder) / "a.parquet")
        assert read_trace(Path(folder) / "a.parquet").jobs.equals(jobs)


@QUICK
@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 6))
def test_damaged_parquet(noise: bytes, at: int, cut: int) -> None:
    jobs = Jobs(job_id=[1, 2], submit_s=[0, 1], nodes=[1, 1], limit_s=[60, 60], runtime_s=[6, 6])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        jobs.write(path)
        data = path.read_bytes()
    read(data[:at] + noise + data[at + len(noise) : len(data) - cut])
