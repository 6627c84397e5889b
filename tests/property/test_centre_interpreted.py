"""The engine of a centre, compiled and interpreted, with everything at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mixed
from exatwin.foundation.jit import INTERPRETED
from exatwin.schedule.power_rule import MODES

TESTS = Path(__file__).parents[1]
RULES = [
    ("none", "fcfs", "contiguous"), ("none", "multifactor", "groups"), ("none", "unicef", "random"),
    ("easy", "fcfs", "groups"), ("easy", "multifactor", "random"), ("easy", "wfp3", "contiguous"),
    ("easy-sjbf", "fcfs", "spread"), ("easy-sjbf", "classic", "contiguous"),
    ("easy-sjbf", "unicef", "groups"), ("slurm", "fcfs", "contiguous"),
    ("slurm", "multifactor", "groups"), ("slurm", "classic", "spread"),
]  # fmt: skip
CASES: list[tuple[Any, ...]] = [
    (100 * part + seed, 45, RULES[seed % len(RULES)], parts, MODES[seed % 3])
    for part, parts in enumerate([mixed.WITH, mixed.WITH[:4], mixed.WITH[:1], mixed.WITH[2:]])
    for seed in range(2 * len(RULES))
]
# what of the engine is left where nothing is asked for
CASES += [(500 + k, 90, rule, ("nothing",), "admission") for k, rule in enumerate(RULES)]
# queues so deep that most of them stands in no order
CASES += [(7 * k, 500, RULES[k], ("windows", "limits"), "admission") for k in (3, 4, 6, 7)]

CODE = """
import json, sys
sys.path[:0] = sys.argv[1:]
import numba
assert numba.config.DISABLE_JIT
import mixed, test_centre_interpreted as this
print(json.dumps([mixed.told(mixed.run(*case)) for case in this.CASES]))
"""


def test_interpreted_equals_compiled() -> None:
    assert not INTERPRETED, "this process must run what is compiled"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(TESTS), str(TESTS / "property")],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    compiled = [mixed.told(mixed.run(*case)) for case in CASES]
    for case, one, other in zip(CASES, json.loads(done.stdout), compiled, strict=True):
        assert one == other, case


def test_the_cases_have_some_of_everything() -> None:
    """What does not happen in any of them would be compared in vain."""
    states = {int(state) for case in CASES for state in mixed.run(*case).state}
    assert {0, 3, 5, 6, 7, 8} <= states
