"""The command line itself: help, exit codes, interrupts, closed and full outputs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console import exatwin, refused
from exatwin.cli import _verbs
from exatwin.foundation.errors import InfeasibleError, SimulationError, SpecError, TraceError
from exatwin.study.store import load

SMALL = ("run", "--machine", "jedi", "--days", "0.25")
PROGRAM = (sys.executable, "-m", "exatwin")


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let any run end with `error`."""

    def broken(*args: object, **named: object) -> None:
        raise error

    monkeypatch.setattr("exatwin.study.sweep.run", broken)


def test_help_shows_every_verb_and_the_exit_codes() -> None:
    said = exatwin("--help")
    assert said.code == 0
    for verb in ("run", "replay", "machines", "sites", "report", "import"):
        assert f"\n  {verb} " in said.out
    for code in ("0 ok", "2 usage or bad input", "3 data unusable", "4 infeasible", "130 interrupted"):
        assert code in " ".join(said.out.split())


def test_a_verb_without_its_object_shows_its_help() -> None:
    assert exatwin().out == exatwin("--help").out
    said = exatwin("import")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: exatwin import")


def test_version_is_that_of_the_package() -> None:
    from exatwin import __version__

    assert exatwin("--version").out == f"exatwin, version {__version__}\n"


def test_a_misspelt_verb_or_flag_is_answered_with_the_nearest() -> None:
    assert refused("rnu") == "unknown verb 'rnu': did you mean 'run'?"
    assert "did you mean '--policy'" in refused("run", "--polcy", "sjf").lower()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SpecError("s"), 2),
        (TraceError("t"), 3),
        (InfeasibleError("i"), 4),
        (SimulationError("m"), 1),
        (MemoryError(), 1),
        (OSError(28, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGINT)
    fail_with(monkeypatch, error)
    try:
        refused(*SMALL, code=code)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_defect_is_one_line_that_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    fail_with(monkeypatch, AttributeError("no such thing"))
    said = exatwin(*SMALL)
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "a defect of exatwin, AttributeError: no such thing" in said.err
    monkeypatch.setenv("EXATWIN_TRACEBACK", "1")
    with pytest.raises(AttributeError):
        exatwin(*SMALL)


def test_an_interrupt_while_modules_are_imported_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(_verbs, "import_module", interrupted)
    try:
        assert refused("run", code=130) == "interrupted: nothing half-written is left"
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_a_library_turns_into_an_error_is_still_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def turned(*args: object, **named: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("exatwin.study.sweep.run", turned)
    before = signal.getsignal(signal.SIGINT)
    try:
        assert refused(*SMALL, code=130) == "interrupted: nothing half-written is left"
    finally:
        signal.signal(signal.SIGINT, before)


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Return the running command."""
    return subprocess.Popen(
        [*PROGRAM, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONWARNINGS": "default"},
    )


def children(process: int) -> list[int]:
    """Return the processes that `process` has started and that live."""
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in found]


def lives(process: int) -> bool:
    """Return whether `process` runs (a dead one that nobody has asked after does not)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("delay_s", [0.3, 1.0, 2.0])
def test_ctrl_c_is_one_line_and_leaves_nothing_half_written(delay_s: float, tmp_path: Path) -> None:
    running = start(tmp_path, "run", "--machine", "jedi", "--days", "4000", "-o", "r", "--schedule", "s.csv")
    time.sleep(delay_s)
    os.killpg(running.pid, signal.SIGINT)
    err = running.communicate(timeout=60)[1]
    assert (running.returncode, err) == (130, "exatwin: interrupted: nothing half-written is left\n")
    assert {path.name for path in tmp_path.iterdir()} <= {"r", "s.csv"}
    if (tmp_path / "r").exists():
        assert len(load(tmp_path / "r").jobs) > 0


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_sweep_that_is_ended_leaves_no_process(how: signal.Signals, tmp_path: Path) -> None:
    running = start(tmp_path, "run", "--machine", "jedi", "--days", "400", "--seeds", "9", "-o", "r")
    began = time.monotonic()
    while len(workers := children(running.pid)) < 2 and time.monotonic() - began < 60:
        time.sleep(0.05)
    time.sleep(0.3)
    if how is signal.SIGINT:
        os.killpg(running.pid, how)  # as a terminal does it: to all of them
    else:
        running.send_signal(how)
    err = running.communicate(timeout=60)[1]
    if how is not signal.SIGKILL:
        assert (running.returncode, err) == (130, "exatwin: interrupted: nothing half-written is left\n")
    ended = time.monotonic()
    while any(map(lives, workers)) and time.monotonic() - ended < 20:
        time.sleep(0.05)
    assert len(workers) >= 2
    assert not any(map(lives, workers))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full and a shell")
@pytest.mark.parametrize(
    ("words", "redirection", "code", "err"),
    [
        ("run --schema", "> /dev/full", 2, "exatwin: standard output: No space left on device\n"),
        ("run --schema", ">&-", 0, ""),
        ("run --schema", "| true", 0, ""),
        ("run --days 0", "2>&-", 2, ""),
        ("run --days 0", "2> /dev/full", 2, ""),
        ("run --days 0", "<&- >&- 2>&-", 2, ""),
    ],
)
def test_outputs_that_are_full_or_closed(words: str, redirection: str, code: int, err: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {' '.join(PROGRAM)} {words} {redirection}"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "default"},
    )
    assert (done.returncode, done.stderr) == (code, err)


def test_a_reader_that_has_seen_enough_does_not_keep_the_result_from_being_written(tmp_path: Path) -> None:
    line = f"{' '.join(PROGRAM)} {' '.join(SMALL)} -o r | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {"run.json", "report.html"} <= {path.name for path in (tmp_path / "r").iterdir()}
