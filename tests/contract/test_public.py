"""What the package offers, what it costs to import, and that a second process compiles nothing."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import exatwin

PUBLIC = [
    "CatalogueError", "ConvergenceError", "Estimate", "ExatwinError", "Goal", "InfeasibleError", "Jobs",
    "Ledger", "Machine", "OutputError", "Profiles", "Result", "Scenario", "Schedule", "Signal",
    "SimulationError", "Site", "SpecError", "TraceError", "__version__", "check", "comply", "estimate",
    "forecast", "load", "machine", "machines", "plan_llm", "read_trace", "replay", "run", "shape", "simulate",
    "site",
    "sites", "whatif", "write_report",
]  # fmt: skip
HEAVY = ("numba", "numpy", "pandas", "pint", "duckdb", "pydantic", "plotly", "rich", "xarray", "llvmlite")


def python(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Return what a fresh interpreter says."""
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=True, env=os.environ | (env or {})
    )


def cpu_s(*words: str) -> float:
    """Return the CPU time of a fresh interpreter [s]: the least of three."""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        python(*words)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_the_public_names_are_exactly_these() -> None:
    assert sorted(exatwin.__all__) == PUBLIC
    assert len(PUBLIC) <= 40
    assert dir(exatwin) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(exatwin, name)
    assert name == "__version__" or found.__doc__


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'exatwin' has no attribute 'runn'"):
        exatwin.runn  # noqa: B018


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("replay", "--help"), ("--version",)])
def test_help_is_quick(words: tuple[str, ...]) -> None:
    assert cpu_s("-m", "exatwin", *words) < 0.3


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["replay", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = f"""
import sys, json
from exatwin.cli import main
sys.argv = ["exatwin", *{words!r}]
try:
    main()
except SystemExit:
    print("\\n" + json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    assert json.loads(python("-c", code).stdout.splitlines()[-1]) == []


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = f"import sys, json, exatwin; print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    assert json.loads(python("-c", code).stdout) == []


RUNS = """
import json, sys
from pathlib import Path
from numba.core import event
with event.install_recorder("numba:compile") as heard:
    import exatwin
    log = Path(sys.argv[1])
    for policy in ("fcfs", "wfp3"):
        exatwin.run("jedi", days=1, policy=policy)
    for placement in ("contiguous", "groups", "random"):
        exatwin.replay(log, machine="jedi", placement=placement, backfill="easy-sjbf")
    exatwin.replay(log, backfill="conservative")
print(json.dumps(len(heard.buffer)))
"""


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.swf"
    lines = (f"{i} {i} 0 50 {i} -1 -1 {i} 90 -1 1 1 1 -1 1 -1 -1 -1\n" for i in range(1, 20))
    log.write_text("; MaxProcs: 32\n" + "".join(lines), "utf-8")
    first, second = (json.loads(python("-c", RUNS, str(log)).stdout) for _ in range(2))
    assert second == 0, f"{second} compilations (the first process had {first})"
