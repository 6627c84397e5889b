"""Small fixed questions whose answers must not change unnoticed: exact integers, and rounded joules.

Where an answer changes on purpose, ``python tests/golden/test_river.py`` prints the new one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
import tomli_w

from exatwin.catalogue.load import data_folder
from exatwin.foundation.spec import read_toml
from exatwin.study.api import replay, run
from exatwin.study.result import Result

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample_sacct.txt"


def named_phases() -> str:
    """Return the path of the default mix with the phases that it names only.

    Models of applications are fitted anew now and then, which must not change the answers kept here.
    """
    document = read_toml(data_folder() / "workloads" / "jupiter.toml")
    for kind in document["classes"]:
        for profile in kind["profiles"]:
            profile.pop("app", None)
            profile.pop("settings", None)
    path = Path(mkdtemp()) / "named.toml"
    path.write_text(tomli_w.dumps(document), encoding="utf-8")
    return str(path)


def day() -> Result:
    """Return a day of JEDI."""
    return run("jedi", days=1, seed=0, changes={"workload.mix": named_phases()})


def backfilled() -> Result:
    """Return the same jobs, the shortest first, with a reservation for each."""
    changes = {"workload.mix": named_phases()}
    return run("jedi", days=1, seed=0, policy="sjf", backfill="conservative", changes=changes)


def replayed() -> Result:
    """Return the sample log on JEDI, scheduled again."""
    return replay(SAMPLE, machine="jedi")


def recorded() -> Result:
    """Return the sample log on JEDI as it was."""
    return replay(SAMPLE, machine="jedi", as_recorded=True)


QUESTIONS = {question.__name__: question for question in (day, backfilled, replayed, recorded)}


def answer(result: Result) -> dict[str, Any]:
    """Return what is compared."""
    schedule = result.schedule
    begun = schedule.started
    told = result.summary()
    order = np.argsort(result.jobs.job_id)
    columns = (result.jobs.job_id, schedule.start_s, schedule.end_s, schedule.state)
    digest = hashlib.sha256(b"".join(column[order].astype("<i8").tobytes() for column in columns))
    return {
        "jobs": len(schedule),
        "started": int(begun.sum()),
        "starts_s": int(schedule.start_s[begun].sum()),
        "waits_s": int(schedule.wait_s[begun].sum()),
        "node_s": int((schedule.run_s * result.jobs.nodes).sum()),
        "schedule": digest.hexdigest()[:16],
        "energy_mj": round(told["energy_j"] / 1e6),
        "facility_mj": round(told["facility_energy_j"] / 1e6),
        "cost_eur": round(told["cost_eur"]),
        "carbon_kg": round(told["carbon_kgco2e"]),
    }


EXPECTED: dict[str, dict[str, Any]] = {
    "day": {
        "jobs": 26,
        "started": 18,
        "starts_s": 427044,
        "waits_s": 603148,
        "node_s": 3582884,
        "schedule": "9f5a38f370683402",
        "energy_mj": 4400,
        "facility_mj": 4542,
        "cost_eur": 192,
        "carbon_kg": 319,
    },
    "backfilled": {
        "jobs": 26,
        "started": 16,
        "starts_s": 171269,
        "waits_s": 525831,
        "node_s": 3189526,
        "schedule": "c107fcfe1b3a3b26",
        "energy_mj": 4913,
        "facility_mj": 5077,
        "cost_eur": 218,
        "carbon_kg": 358,
    },
    "replayed": {
        "jobs": 290,
        "started": 290,
        "starts_s": 179541874,
        "waits_s": 10526812,
        "node_s": 27695303,
        "schedule": "48c2310d7675f3d3",
        "energy_mj": 64368,
        "facility_mj": 66659,
        "cost_eur": 3157,
        "carbon_kg": 6356,
    },
    "recorded": {
        "jobs": 290,
        "started": 290,
        "starts_s": 182091396,
        "waits_s": 13076334,
        "node_s": 27695303,
        "schedule": "7bd5b2177c76650a",
        "energy_mj": 64368,
        "facility_mj": 66663,
        "cost_eur": 3157,
        "carbon_kg": 6358,
    },
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_answer_is_the_one_that_was_kept(name: str) -> None:
    assert answer(QUESTIONS[name]()) == EXPECTED[name]


if __name__ == "__main__":
    for name, question in QUESTIONS.items():
        print(f"    {name!r}: {answer(question())!r},")  # noqa: T201
