"""What command lines of ``sbatch``, ``srun`` and ``salloc`` say about waiting for other jobs and tasks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from exatwin.foundation.arrays import Int32, Int64

_COMMANDS = frozenset({"sbatch", "srun", "salloc"})
_NEEDED = re.compile(r"\s(?:-[a-zA-Z]*[da]|--d|--a)")
"""What a line must hold to say anything of dependencies or arrays."""
_ALONE = frozenset("hHIkKlEOQsuvVWXZ")
"""Short options without a value behind a blank."""
_ATTACHED = frozenset("IK")
"""Those of them whose value, if they have any, is joined to them."""
_LONG_ALONE_TEXT = """
bell contiguous debugger-test disable-status exact exclusive get-user-env help hold ignore-pbs immediate
interactive kill-on-bad-exit label multi-prog nice no-allocate no-bell no-kill no-requeue no-shell overcommit
overlap oversubscribe parsable preserve-env propagate pty quiet quit-on-interrupt reboot requeue resv-ports
share slurmd-debug spread-job stepmgr test-only unbuffered usage use-min-nodes verbose version wait x11
"""
_LONG_ALONE = frozenset(_LONG_ALONE_TEXT.split())
"""Long options whose value, if they have any, stands behind an equals sign."""
_STEP = frozenset({"W", "wait"})
"""Options that take a value in ``srun`` alone."""
_LONGEST = 65536
_QUOTED = re.compile(r"['\"\\]")


class Asked(NamedTuple):
    """What each row waits for; `code` is the number of its text, -1 for none."""

    code: Int32
    texts: tuple[str, ...]
    throttle: Int64
    """Most tasks of its array that may run at once, -1 unknown, shape (rows,)."""


def asked_in(
    command: tuple[Int32, tuple[str, ...]], column: tuple[Int32, tuple[str, ...]], throttle: Int64
) -> Asked:
    """Return what rows wait for, by their command lines and a column of dependencies, and bounds on tasks.

    Parameters
    ----------
    command, column
        Number of each row's text, -1 for none, shape (rows,), and the texts.
    throttle
        Bounds that are known already, -1 for none, shape (rows,).
    """
    said = [waiting(text) for text in command[1]]
    texts: dict[str, int] = {}
    of_line = np.array([*(texts.setdefault(one, len(texts)) if one else -1 for one, _ in said), -1], np.int32)
    most = np.array([*(bound for _, bound in said), -1], np.int64)
    written = [text.strip() for text in column[1]]
    of_cell = np.array([*(texts.setdefault(t, len(texts)) if t else -1 for t in written), -1], np.int32)
    code, here = of_line[command[0]], of_cell[column[0]]
    bound = most[command[0]]
    return Asked(np.where(code >= 0, code, here), tuple(texts), np.where(throttle > 0, throttle, bound))


def waiting(line: str) -> tuple[str, int]:
    """Return the dependency that a command line asks for ("" for none) and its bound on tasks (-1 for none).

    Only options of the command itself count: what stands behind the name of the script is the script's.

    Examples
    --------
    >>> waiting("sbatch -N2 -d afterok:7,singleton --array=0-99%4 job.sh --dependency=no")
    ('afterok:7,singleton', 4)
    >>> waiting("sbatch job.sh -d 5")
    ('', -1)
    """
    if _NEEDED.search(line[:_LONGEST]) is None:
        return "", -1
    dependency, most = "", -1
    for name, value in _options(*_words(line[:_LONGEST])):
        if name in ("d", "dependency"):
            dependency = value.strip()
        elif name in ("a", "array"):
            bound = value.partition("%")[2].strip()
            most = int(bound) if bound.isdecimal() and 0 < int(bound) < 2**31 else -1
    return dependency, most


def _words(line: str) -> tuple[list[str], str]:
    """Return the words behind the command, and that; in a line with quotes that never close as they stand."""
    words = line.split()
    if _QUOTED.search(line):
        with suppress(ValueError):
            words = shlex.split(line)
    at = next((k for k, word in enumerate(words) if word.rpartition("/")[2] in _COMMANDS), len(words))
    return words[at + 1 :], words[at].rpartition("/")[2] if at < len(words) else ""


def _options(words: list[str], command: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of the options of a command before the first word that is none."""
    at, valued = 0, _STEP if command == "srun" else frozenset()
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "--"):
        word, at = words[at], at + 1
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            name = _whole(name)
            if not equals and (name in valued or name not in _LONG_ALONE) and at < len(words):
                value, at = words[at], at + 1
            yield name, value
            continue
        letters = word[1:]
        while letters and letters[0] in _ALONE - valued:
            letters = "" if letters[0] in _ATTACHED and letters[1:].isdecimal() else letters[1:]
        if not letters:
            continue
        value = letters[1:].removeprefix("=")
        if not value and at < len(words):
            value, at = words[at], at + 1
        yield letters[0], value


def _whole(name: str) -> str:
    """Return the long option that `name` shortens, where it is one of those that count."""
    for full, least in (("dependency", 3), ("array", 2)):
        if len(name) >= least and full.startswith(name):
            return full
    return name


__all__ = ["Asked", "asked_in", "waiting"]
