"""The numbers that the mix takes from measured logs are those that the script computes from them."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from exatwin.workload.mix import load_mix

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "workload_statistics.py"


@pytest.mark.data
def test_rhythm_accuracy_failures_and_activity_are_those_of_the_logs(shared_data):
    script, mix = runpy.run_path(str(SCRIPT)), load_mix()
    traces = shared_data / "traces"
    logs = {name: script["of_log"](traces / path, zone) for name, (path, zone) in script["LOGS"].items()}

    def mean(key):
        return np.mean([log[key] for log in logs.values()], axis=0)

    assert mix.hours == pytest.approx(mean("hours"), abs=0.006)
    assert mix.weekdays == pytest.approx(mean("weekdays"), abs=0.006)
    busy = [logs[name]["user_zipf"] for name in ("KTH-SP2", "LLNL-Atlas")]
    assert mix.user_zipf == pytest.approx(np.mean(busy), abs=0.006)
    cfd = next(kind for kind in mix.classes if kind.name == "cfd")
    for ours, theirs in (("accuracy_alpha", "between_alpha"), ("accuracy_beta", "between_beta")):
        found = np.mean([log["accuracy"][theirs] for log in logs.values()])
        assert getattr(cfd, ours) == pytest.approx(found, abs=0.01), ours
    at_limit = np.mean([logs[name]["accuracy"]["at_limit"] for name in ("KTH-SP2", "LLNL-Atlas", "HPC2N")])
    assert cfd.to_limit_frac == pytest.approx(at_limit, abs=0.02)


@pytest.mark.data
def test_training_loads_accelerators_as_measured(shared_data):
    found = runpy.run_path(str(SCRIPT))["of_accelerators"](shared_data / "traces" / "acme_cdf")
    assert found["utilisation_of_dynamic_range"] == pytest.approx(0.97, abs=0.005)
    low, _, high = found["utilisation_quartiles"]
    assert (low, high) == pytest.approx((0.93, 1.02), abs=0.005)
