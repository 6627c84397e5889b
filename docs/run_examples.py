"""Run every example of the docs: the Python and the command lines of each page, in a folder of its own.

``python docs/run_examples.py [--write] [PAGE …]`` runs them and says what fails; ``--write`` puts what the
commands print today in the place of what the pages say they print.

On a page, in order:

- a block ``toml``, ``csv`` … or ``python`` with a ``:caption: NAME`` is written to the file ``NAME``;
- a block ``python`` is run (with ``>>>`` as a doctest) in one namespace for the whole page;
- in a block ``console``, lines that begin with ``$ exatwin`` are run, and the lines after must be what they
  print, numbers aside; a line of ``…`` stands for any lines, and ``> NAME`` at the end of a command keeps
  what it prints in a file.

The files of ``examples/`` are there under that name.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(
    r"^(?P<fence>`{3,})(?:\{code-block\} ?)?(?P<kind>[a-z]+)\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_CAPTION = re.compile(r"\A:caption: (\S+)\n\n?")
_ELLIPSIS = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: str
    body: str
    caption: str | None
    line: int
    """Line of its opening fence, from 1."""
    start: int
    """Where its body begins in the page [characters]."""


def pages() -> list[Path]:
    """Return the pages whose examples must run."""
    found = sorted((ROOT / "docs").rglob("*.md"))
    return [ROOT / "README.md", *(path for path in found if "_build" not in path.parts)]


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for match in _FENCE.finditer(text):
        body = match["body"]
        caption = _CAPTION.match(body)
        line = text.count("\n", 0, match.start()) + 1
        name = caption[1] if caption else None
        offset = caption.end() if caption else 0
        yield Block(match["kind"], body[offset:], name, line, match.start("body") + offset)


def run_page(path: Path, folder: Path) -> tuple[list[str], str]:
    """Run the examples of a page inside `folder`; return what failed, and the page as it should be."""
    text = path.read_text(encoding="utf-8")
    if not (folder / "examples").exists():
        shutil.copytree(ROOT / "examples", folder / "examples")
    problems: list[str] = []
    fresh, shift = text, 0
    space: dict[str, Any] = {"__name__": "__main__"}
    with _inside(folder):
        for block in blocks(text):
            where = f"{path.relative_to(ROOT)}:{block.line}"
            try:
                new = _run(block, space)
            except Exception as error:
                problems.append(f"{where}: {type(error).__name__}: {error}")
                continue
            if new is not None and not alike(block.body, new):
                problems.append(f"{where}: prints\n{new}instead of\n{block.body}")
            if new is not None and new != block.body:
                at = block.start + shift
                fresh = fresh[:at] + new + fresh[at + len(block.body) :]
                shift += len(new) - len(block.body)
    return problems, fresh


def _run(block: Block, space: dict[str, Any]) -> str | None:
    """Run one block; return what a console block should say."""
    if block.caption is not None:
        Path(block.caption).write_text(block.body, encoding="utf-8")
    elif block.kind == "python":
        _python(block.body, space)
    elif block.kind == "console":
        return _console(block.body)
    return None


def _python(code: str, space: dict[str, Any]) -> None:
    if ">>>" not in code:
        exec(compile(code, "<example>", "exec"), space)
        return
    test = doctest.DocTestParser().get_doctest(code, space, "example", None, 0)
    said = io.StringIO()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(optionflags=flags)
    if runner.run(test, out=said.write, clear_globs=False).failed:
        raise AssertionError(said.getvalue())
    space.update(test.globs)


def _console(body: str) -> str:
    """Return the block with what its exatwin commands print now; other commands are left as they are."""
    pieces: list[str] = []
    for command, said in _commands(body):
        if not command.startswith("$ exatwin"):
            pieces += [command, *said]
            continue
        now = run_command(command.removeprefix("$ "))
        pieces.append(command)
        if said:
            pieces += _shown(said, now)
    return "\n".join(pieces) + "\n"


def _commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a block (lines continued by a backslash joined) and what it is said to print."""
    lines, command = body.splitlines(), ""
    said: list[str] = []
    for line in lines:
        if line.startswith("$ ") or command.endswith("\\"):
            if command and not command.endswith("\\"):
                yield command, said
                command, said = "", []
            command = f"{command}\n{line}" if command else line
        else:
            said.append(line)
    yield command, said


def _shown(said: list[str], now: list[str]) -> list[str]:
    """Return the lines of `now`, but left out where `said` leaves lines out."""
    if _ELLIPSIS not in said:
        return now
    cut = said.index(_ELLIPSIS)
    rest = len(said) - cut - 1
    if len(now) < cut + rest:
        return now
    return [*now[:cut], _ELLIPSIS, *(now[-rest:] if rest else [])]


def run_command(command: str) -> list[str]:
    """Return the lines that a command line of exatwin prints, as a person sees them."""
    from exatwin.cli import main

    words = shlex.split(command.replace("\\\n", " "))
    target = words.pop() if len(words) > 2 and words[-2] == ">" else None
    words = words[:-1] if target is not None else words
    seen, kept = io.StringIO(), io.StringIO()
    try:
        out = seen if target is None else kept
        with _as_called(words), contextlib.redirect_stdout(out), contextlib.redirect_stderr(seen):
            main()
    except SystemExit as done:
        if done.code not in (0, None) and "exatwin: " not in seen.getvalue():
            raise AssertionError(f"{command} ended with {done.code}: {seen.getvalue()}") from None
    finally:
        if target is not None:
            Path(target).write_text(kept.getvalue(), encoding="utf-8")
    return [line.rstrip() for line in seen.getvalue().rstrip().splitlines()]


@contextlib.contextmanager
def _as_called(words: list[str]) -> Iterator[None]:
    """Let a command line think it has a process of its own; put back what it changes of this one."""
    before = sys.argv, sys.unraisablehook
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    sys.argv = words
    try:
        yield
    finally:
        sys.argv, sys.unraisablehook = before
        for number, handler in handlers.items():
            signal.signal(number, handler)


_NUMBER = re.compile(r"\b[0-9a-f]{12,}\b|\d[\d,]*(\.\d+)?(e[+-]?\d+)?")


def alike(told: str, found: str) -> bool:
    """Return whether two outputs are the same but for numbers, identities and spaces."""

    def plain(text: str) -> str:
        return " ".join(_NUMBER.sub("#", text).split())

    return plain(told) == plain(found)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in `folder`, whose modules can be imported."""
    before = Path.cwd()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        os.chdir(before)


def main() -> int:
    """Run the pages given, or all; say what fails."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("pages", nargs="*", type=Path, help="pages to run (all by default)")
    asked.add_argument("--write", action="store_true", help="write what commands print today into the pages")
    given = asked.parse_args()
    failed = 0
    for page in [path.resolve() for path in given.pages] or pages():
        with tempfile.TemporaryDirectory() as name:
            problems, fresh = run_page(page, Path(name))
        if given.write:
            page.write_text(fresh, encoding="utf-8")
        failed += len(problems)
        sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    return 1 if failed and not given.write else 0


if __name__ == "__main__":
    sys.exit(main())
