"""Energy that a log records counts, unless no node could have drawn it."""

from __future__ import annotations

from pathlib import Path

import exatwin as xt

HEAD = "JobIDRaw|User|Submit|Start|End|ElapsedRaw|TimelimitRaw|State|NNodes|ConsumedEnergyRaw"


def replayed(tmp_path: Path, energy_j: float) -> xt.Result:
    log = tmp_path / "log.txt"
    log.write_text(f"{HEAD}\n1|ada|1000|1000|4600|3600|60|COMPLETED|2|{energy_j:.0f}\n")
    return xt.replay(log, machine="jedi")


def test_recorded_energy_is_what_the_job_takes(tmp_path: Path) -> None:
    result = replayed(tmp_path, 2 * 3600 * 1500.0)
    assert result.jobs.node_w.tolist() == [1500.0]
    assert result.power is not None
    assert abs(float(result.power.job_j[0]) - 2 * 3600 * 1500.0) < 2 * 3600 / 1024


def test_energy_beyond_any_node_is_rejected_and_counted(tmp_path: Path) -> None:
    result = replayed(tmp_path, 2 * 3600 * 90_000.0)
    assert result.jobs.node_w.tolist() != [90_000.0]
    reasons = result.provenance["rows_by_reason"]
    assert any("energy" in reason for reason in reasons), reasons
