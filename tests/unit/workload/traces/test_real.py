"""Real logs: what they hold is known, and nothing of it may be lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exatwin.workload.traces import Trace, read_trace, strong_filter

pytestmark = pytest.mark.data


def trace_of(shared_data: Path, name: str) -> Trace:
    trace = read_trace(shared_data / "traces" / name)
    report = trace.report
    assert report.rows_read == report.rows_used + report.rows_skipped == len(trace.jobs) + report.rows_skipped
    assert len(np.unique(trace.jobs.job_id)) == len(trace.jobs)
    return trace


@pytest.mark.parametrize(
    ("log", "processors", "reference", "count"),
    [
        ("pwa/KTH-SP2-1996-2.1.swf.gz", 100, "kth_P100", 28_481),
        ("pwa/UniLu-Gaia-2014-1.swf.gz", 2004, "gaia_P2004", 51_859),
        ("pwa/LLNL-Atlas-2006-2.1-cln.swf.gz", 9216, "atlas_P9216", 31_248),
        ("alea/HPC2N-2002-excerpt3170.swf.gz", 240, "hpc2n3k_P240", 3_145),
    ],
)
@pytest.mark.parametrize("mode", ["event", "batch"])
def test_the_strong_filter_keeps_the_jobs_of_the_reference(
    shared_data: Path, log: str, processors: int, reference: str, count: int, mode: str
) -> None:
    jobs = strong_filter(trace_of(shared_data, log), processors)
    expected = np.loadtxt(
        shared_data / "traces/reference" / f"{reference}_easy_{mode}.starts.gz", dtype=np.int64
    )
    assert len(jobs) == count
    assert np.array_equal(jobs.job_id, expected[:, 0])
    assert np.all(expected[:, 1] >= jobs.submit_s)
    assert np.all(jobs.runtime_s <= jobs.limit_s)
    assert jobs.nodes.max() <= processors


@pytest.mark.parametrize(
    ("log", "read", "used"),
    [
        ("pwa/KTH-SP2-1996-2.1.swf.gz", 28_489, 28_489),
        ("pwa/UniLu-Gaia-2014-1.swf.gz", 51_987, 51_860),
        ("pwa/NASA-iPSC-1993-3.1-cln.swf.gz", 18_239, 18_239),
        ("pwa/lublin_256.swf.gz", 10_000, 10_000),
        ("alea/wagap-2013.swf.gz", 17_900, 17_898),
        ("nrel/eagle_sample_1000.csv.gz", 1_000, 1_000),
        ("slurm_real_fifo/sacct_fifo.txt", 200, 200),
        ("slurm_ub/sacct_dump2101.log.gz", 16, 6),
        ("slurm_ub/sacct_dump2110.log.gz", 7, 1),
        ("slurm_ub/sacct_simple.log.gz", 4, 4),
        ("slurm_ub/sacct_submitline_multiline.log.gz", 13, 2),
    ],
)
def test_rows_of_real_logs(shared_data: Path, log: str, read: int, used: int) -> None:
    report = trace_of(shared_data, log).report
    assert (report.rows_read, report.rows_used) == (read, used)


def test_a_real_run_of_slurm_keeps_what_was_submitted(shared_data: Path) -> None:
    jobs = trace_of(shared_data, "slurm_real_fifo/sacct_fifo.txt").jobs
    wait = jobs.recorded_start_s - jobs.submit_s
    assert wait.mean() == pytest.approx(2725.7, abs=2.0)  # the mean wait that the run itself reports
    assert jobs.nodes.max() <= 64


def test_a_dump_with_pipes_and_line_breaks_in_free_text(shared_data: Path) -> None:
    trace = trace_of(shared_data, "slurm_ub/sacct_submitline_multiline.log.gz")
    assert trace.jobs.job_id.tolist() == [7957382, 9067954]
    assert trace.jobs.nodes.tolist() == [1, 16]
    assert trace.partitions == ("partition001", "general-compute")
