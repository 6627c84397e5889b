"""Slurm's schedulers beside a recorded run: one cycle from a state, and a run left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.schedule.floor import Floor
from exatwin.schedule.slurm import SlurmRule
from exatwin.schedule.under_way import Clock, cycle_from, easy_from, heads_from
from exatwin.study.validate import absent, models, validate
from exatwin.study.validation.slurm import agreement
from exatwin.study.validation.slurm_record import read_slurm_record
from exatwin.workload.job import Jobs


def jobs(*rows: tuple[int, int, int]) -> Jobs:
    submit, nodes, limit = np.array(rows).T
    return Jobs(job_id=np.arange(len(rows)), submit_s=submit, nodes=nodes, limit_s=limit, runtime_s=limit)


def test_a_cycle_starts_who_ends_before_the_head_finds_its_nodes() -> None:
    # Two jobs run on nodes 0-3 and 4-5 until 600 and 900. The head wants 8 nodes, at 900: nodes 6 and 7 are
    # for who ends by then.
    known = jobs((0, 4, 600), (0, 2, 900), (10, 8, 300), (20, 1, 1200), (30, 2, 600))
    rows, _, nodes = cycle_from(known, Floor.flat(8), SlurmRule(), [np.arange(4), np.array([4, 5])], 120)
    assert rows.tolist() == [4]
    assert nodes[0].tolist() == [6, 7]


def test_heads_start_on_what_running_jobs_leave() -> None:
    known = jobs((0, 2, 600), (10, 1, 60), (20, 3, 60), (30, 1, 60))
    rows, _, nodes = cycle_from(known, Floor.flat(4), SlurmRule(), [np.array([1, 2])], 40)
    assert rows.tolist() == [1, 3]
    assert sorted(nodes[0].tolist() + nodes[1].tolist()) == [0, 3]


def test_a_cycle_plans_with_nodes_whose_epilog_runs_and_starts_nothing_there() -> None:
    # Nodes 0-3 were a job's that is over, 4 and 5 a job's that runs until 900; 6 and 7 are free. The best fit
    # for 4 nodes is 0-3: that job waits for them, and the next takes what is left.
    known = jobs((0, 4, 600), (0, 2, 900), (10, 4, 300), (20, 2, 300))
    held = [np.arange(4), np.array([4, 5])]
    rows, _, nodes = cycle_from(known, Floor.flat(8), SlurmRule(), held, 120, over=1)
    assert rows.tolist() == [3]
    assert nodes[0].tolist() == [6, 7]
    free = known.take(np.array([1, 2, 3]))
    rows, _, nodes = cycle_from(free, Floor.flat(8), SlurmRule(), held[1:], 120)
    assert rows.tolist() == [1, 2]
    assert nodes[0].tolist() == [0, 1, 2, 3]


def test_time_goes_on_in_a_cycle() -> None:
    # The head is planned at 600; of two jobs of 570 s the first is tested at 27 s, the second 5 s later.
    known = jobs((0, 3, 600), (1, 4, 300), (2, 1, 570), (3, 1, 570))
    floor, held = Floor.flat(4), [np.arange(3)]
    early, _, _ = cycle_from(known, floor, SlurmRule(), held, 27)
    assert early.tolist() == [2]
    rows, start, _ = cycle_from(known, floor, SlurmRule(), held, 27, clock=Clock(0, 1, 5))
    assert rows.tolist() == []
    known = jobs((0, 3, 600), (1, 4, 300), (2, 1, 560), (3, 1, 570))
    rows, start, _ = cycle_from(known, floor, SlurmRule(), held, 27, clock=Clock(0, 1, 5))
    assert (rows.tolist(), start.tolist()) == ([2], [32])


def test_a_pass_of_the_main_scheduler_lets_nobody_by() -> None:
    known = jobs((0, 2, 600), (10, 1, 60), (20, 3, 60), (30, 1, 60))
    rows, _, _ = heads_from(known, Floor.flat(4), SlurmRule(), [np.array([1, 2])], 40)
    assert rows.tolist() == [1]
    rows, _, _ = easy_from(known, Floor.flat(4), SlurmRule(), [np.array([1, 2])], 40)
    assert rows.tolist() == [1, 3]


def test_agreement_counts_pairs_and_seconds() -> None:
    theirs = np.array([0, 10, 20, 20])
    assert agreement(theirs, theirs) == (1.0, 0.0)
    order, late = agreement(np.array([10, 0, 20, 50]), theirs)
    assert order == pytest.approx(4 / 5)
    assert late == 10.0


def test_without_the_record_there_is_a_line() -> None:
    assert "slurm" in models()
    assert "slurm" in absent(None)["traces/slurm_real_fifo"]
    with pytest.raises(SpecError, match="'slurm' needs recorded runs that do not ship"):
        validate("slurm")


def test_a_folder_without_such_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no record of a run of Slurm"):
        read_slurm_record(tmp_path)


@pytest.mark.data
def test_agreement_with_the_recorded_run(shared_data: Path) -> None:
    (found,) = validate("slurm", data=shared_data)
    assert found.in_sample is not None
    figures = found.in_sample.values
    assert len(found.rows) == 200
    assert figures["cycles"] <= 0.004
    assert figures["misordered"] <= 0.02
    assert figures["late"] <= 1.0
    assert figures["wait"] <= 0.05
    assert found.verdict == "met"
    (alone,) = validate("slurm-alone", data=shared_data)
    assert alone.in_sample is not None
    assert alone.verdict == "not met"
    assert alone.in_sample.values["wait"] <= 0.05
    assert alone.in_sample.values["misordered"] <= 0.05
