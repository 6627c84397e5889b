"""Real logs: every start of every job against independent schedules, and the KTH table to each digit.

The recorded starts come from a program that shares nothing with this one; the figures of EASY and EASY-SJBF
in event mode are the published ones (predictsim, SC'15, https://doi.org/10.1145/2807591.2807646).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from exatwin.schedule.result import check
from exatwin.schedule.simulate import Simulation, simulate
from exatwin.workload.job import Jobs
from exatwin.workload.traces import read_trace
from exatwin.workload.traces import strong_filter as product_filter
from reference import BACKFILLS, MODES, ORDERS, Job, figures, read_starts, reference, strong_filter
from strategies import kernel, starts_of

pytestmark = pytest.mark.data


class Log(NamedTuple):
    """A log, its machine, and what its recorded schedules are called."""

    path: str
    processors: int
    recorded: str
    jobs: int


LOGS = {
    "KTH": Log("pwa/KTH-SP2-1996-2.1.swf.gz", 100, "kth_P100", 28481),
    "Gaia": Log("pwa/UniLu-Gaia-2014-1.swf.gz", 2004, "gaia_P2004", 51859),
    "Atlas": Log("pwa/LLNL-Atlas-2006-2.1-cln.swf.gz", 9216, "atlas_P9216", 31248),
    "HPC2N": Log("alea/HPC2N-2002-excerpt3170.swf.gz", 240, "hpc2n3k_P240", 3145),
}

# Mean wait s, mean flow s, mean, greatest and RMS bounded slowdown, utilisation, makespan s.
KTH = {
    ("none", "event"): "353776.4091 362636.335241 6814.973310176 93994.0000 16781.592702 0.685240 29379608",
    ("none", "batch"): "353776.4091 362636.335241 6814.973310176 93994.0000 16781.592702 0.685240 29379608",
    ("easy", "event"): "6836.8721 15696.798181 92.576539734 14805.2000 476.260315 0.685613 29363626",
    ("easy", "batch"): "6834.5873 15694.513360 92.687653743 14805.2000 476.408783 0.685613 29363626",
    ("easy-sjbf", "event"): "5904.0766 14764.002668 69.405400580 14805.2000 427.204831 0.685613 29363626",
    ("easy-sjbf", "batch"): "5903.6864 14763.612478 69.393636136 14805.2000 427.174143 0.685613 29363626",
}


@cache
def plain(data: Path, name: str) -> list[Job]:
    """Return the jobs of a log as the referee reads and filters them."""
    return strong_filter(data / "traces" / LOGS[name].path, LOGS[name].processors)


@cache
def product(data: Path, name: str) -> Jobs:
    """Return the jobs of a log as the product reads and filters them."""
    return product_filter(read_trace(data / "traces" / LOGS[name].path), LOGS[name].processors)


def recorded(data: Path, name: str, mode: str) -> dict[int, int]:
    return read_starts(data / "traces" / "reference" / f"{LOGS[name].recorded}_easy_{mode}.starts.gz")


@pytest.mark.parametrize("name", LOGS)
def test_the_product_reads_and_filters_as_the_referee(shared_data: Path, name: str) -> None:
    jobs = product(shared_data, name)
    columns = (jobs.job_id, jobs.submit_s, jobs.nodes, jobs.limit_s, jobs.runtime_s)
    found = [Job(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    assert len(found) == LOGS[name].jobs
    assert found == sorted(plain(shared_data, name), key=lambda job: job.submit)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LOGS)
def test_every_start_of_the_referee(shared_data: Path, name: str, mode: str) -> None:
    starts = reference(plain(shared_data, name), LOGS[name].processors, mode, "easy")
    assert starts == recorded(shared_data, name, mode)


@pytest.mark.parametrize("placement", ["none", "contiguous", "groups"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LOGS)
def test_every_start_of_the_kernel(shared_data: Path, name: str, mode: str, placement: str) -> None:
    schedule = simulate(
        product(shared_data, name), LOGS[name].processors, semantics=mode, placement=placement
    )
    assert starts_of(schedule) == recorded(shared_data, name, mode)
    if name != "Atlas":  # ten million nodes handed out: the check takes longer than the rest of this file
        check(schedule)


@pytest.mark.parametrize("mode", MODES)
def test_random_placement_moves_no_start(shared_data: Path, mode: str) -> None:
    schedule = simulate(product(shared_data, "KTH"), 100, semantics=mode, placement="random")
    assert starts_of(schedule) == recorded(shared_data, "KTH", mode)
    check(schedule)


@pytest.mark.parametrize(("backfill", "mode"), KTH)
def test_metrics_of_kth_to_every_digit(shared_data: Path, backfill: str, mode: str) -> None:
    log = plain(shared_data, "KTH")
    expected = tuple(KTH[backfill, mode].split())
    assert figures(log, kernel(log, 100, mode, backfill), 100) == expected
    assert figures(log, reference(log, 100, mode, backfill), 100) == expected


@pytest.mark.parametrize("order", sorted(ORDERS))
@pytest.mark.parametrize(("backfill", "mode"), [("easy", "batch"), ("easy-sjbf", "event"), ("none", "batch")])
def test_kernel_equals_the_referee_on_a_real_log(
    shared_data: Path, backfill: str, mode: str, order: str
) -> None:
    log = plain(shared_data, "HPC2N")
    assert kernel(log, 240, mode, backfill, order) == reference(log, 240, mode, backfill, order)


@pytest.mark.parametrize("mode", MODES)
def test_conservative_equals_the_referee_on_a_real_log(shared_data: Path, mode: str) -> None:
    log = plain(shared_data, "KTH")[:2500]
    assert kernel(log, 100, mode, "conservative") == reference(log, 100, mode, "conservative")


@pytest.mark.parametrize("backfill", BACKFILLS)
def test_a_reach_of_a_day_equals_one_reach_on_a_real_log(shared_data: Path, backfill: str) -> None:
    jobs = product(shared_data, "KTH").take(slice(0, 5000))
    simulation = Simulation.begin(jobs, 100, backfill=backfill)
    for until in range(0, int(jobs.submit_s[-1]) + 10 * 86400, 86400):
        simulation.advance(until)
    simulation.advance()
    assert starts_of(simulation.schedule()) == starts_of(simulate(jobs, 100, backfill=backfill))
