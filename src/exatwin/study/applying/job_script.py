"""A batch script as Slurm reads it: its directives with their lines, and the commands below them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from math import inf

SHORT = {
    "A": "account", "a": "array", "b": "begin", "C": "constraint", "c": "cpus-per-task", "D": "chdir",
    "d": "dependency", "e": "error", "G": "gpus", "H": "hold", "i": "input", "J": "job-name", "k": "no-kill",
    "L": "licenses", "M": "clusters", "m": "distribution", "N": "nodes", "n": "ntasks", "O": "overcommit",
    "o": "output", "p": "partition", "Q": "quiet", "q": "qos", "S": "core-spec", "s": "oversubscribe",
    "t": "time", "v": "verbose", "W": "wait", "w": "nodelist", "x": "exclude",
}  # fmt: skip
"""Short flags of sbatch, and the long ones they stand for."""
BARE = {
    "contiguous", "exclusive", "get-user-env", "hold", "no-kill", "no-requeue", "overcommit", "oversubscribe",
    "parsable", "quiet", "requeue", "reboot", "spread-job", "test-only", "use-min-nodes", "verbose", "wait",
}  # fmt: skip
"""Flags that may stand without a value."""
LONG = {
    *SHORT.values(), *BARE, "acctg-freq", "batch", "bb", "bbf", "comment", "container", "container-id",
    "cores-per-socket", "cpu-freq", "cpus-per-gpu", "deadline", "delay-boot", "export", "export-file",
    "extra", "extra-node-info", "gid", "gpu-bind", "gpu-freq", "gpus-per-node", "gpus-per-socket",
    "gpus-per-task", "gres", "gres-flags", "hint", "ignore-pbs", "kill-on-invalid-dep", "mail-type",
    "mail-user", "mcs-label", "mem", "mem-bind", "mem-per-cpu", "mem-per-gpu", "mincpus", "network", "nice",
    "no-bell", "ntasks-per-core", "ntasks-per-gpu", "ntasks-per-node", "ntasks-per-socket", "open-mode",
    "power", "prefer", "priority", "profile", "propagate", "reservation", "resv-ports", "segment", "signal",
    "sockets-per-node", "switches", "thread-spec", "threads-per-core", "time-min", "tmp", "tres-bind",
    "tres-per-task", "uid", "wckey", "wrap", "constraint", "stepmgr",
}  # fmt: skip
"""Long flags of sbatch."""
_SIZE = re.compile(r"(\d+)([kKmM]?)")
_SCALE = {"": 1, "k": 1024, "m": 1024**2}


@dataclass(frozen=True)
class Directive:
    """One flag of one ``#SBATCH`` line."""

    line: int
    """Its line, from 1."""
    key: str
    """Its long name, ``nodes``."""
    value: str
    """What follows it; blank where nothing does."""
    late: bool = False
    """Whether a command stands before it, so that Slurm ignores it."""


@dataclass(frozen=True)
class JobScript:
    """A batch script."""

    first: str
    """Its first line."""
    directives: tuple[Directive, ...]
    """What Slurm is told, in order."""
    commands: tuple[tuple[int, str], ...]
    """Lines of the script that are no comments, with their numbers; continued lines are one."""
    spaced: tuple[int, ...]
    """Lines that look like directives and are comments."""
    broken: tuple[tuple[int, str], ...]
    """Directives that can't be read, and why."""
    crlf: bool
    """Whether its lines end as on Windows."""
    site: str = ""
    """The site that a comment ``# site: NAME`` names; blank where none does."""

    def last(self, key: str) -> Directive | None:
        """Return the directive that counts for `key`: the last one."""
        return next((one for one in reversed(self.directives) if one.key == key and not one.late), None)


def read_script(text: str) -> JobScript:
    r"""Return the batch script in `text`.

    Examples
    --------
    >>> found = read_script("#!/bin/bash\n#SBATCH -N 4 --time=1:00:00\nsrun ./a\n")
    >>> [(one.line, one.key, one.value) for one in found.directives]
    [(2, 'nodes', '4'), (2, 'time', '1:00:00')]
    """
    lines = text.splitlines()
    directives: list[Directive] = []
    broken: list[tuple[int, str]] = []
    spaced: list[int] = []
    commands = _commands(lines)
    began = min((number for number, _ in commands), default=len(lines) + 1)
    for number, line in enumerate(lines, start=1):
        if line.startswith("#SBATCH"):
            try:
                directives += _directives(line[len("#SBATCH") :], number, number > began)
            except ValueError as error:
                broken.append((number, str(error)))
        elif re.match(r"\s*#+\s*SBATCH\b", line, re.IGNORECASE):
            spaced.append(number)
    first = lines[0] if lines else ""
    named = re.search(r"^# site: (\S+)$", text, re.MULTILINE)
    return JobScript(
        first=first,
        directives=tuple(directives),
        commands=tuple(commands),
        spaced=tuple(spaced),
        broken=tuple(broken),
        crlf="\r\n" in text,
        site=named[1] if named else "",
    )


def _directives(text: str, line: int, late: bool) -> list[Directive]:
    """Return the flags of one line.

    Raises
    ------
    ValueError
        A word is no flag, or a quote is not closed.
    """
    words = shlex.split(text, comments=True)
    found: list[Directive] = []
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            key, equals, value = word[2:].partition("=")
            if not equals and key not in BARE and words and not words[0].startswith("-"):
                value = words.pop(0)
        elif word.startswith("-") and len(word) > 1:
            key, value = SHORT.get(word[1], word[1]), word[2:].removeprefix("=")
            if not value and key not in BARE and words and not words[0].startswith("-"):
                value = words.pop(0)
        else:
            raise ValueError(f"'{word}' is no flag")
        found.append(Directive(line, key, value, late))
    if not found:
        raise ValueError("holds no flag")
    return found


def _commands(lines: list[str]) -> list[tuple[int, str]]:
    """Return the commands, their comments left out, with the line on which each begins."""
    found: list[tuple[int, str]] = []
    held, start, ends = "", 0, ""
    for number, line in enumerate(lines, start=1):
        if ends:  # the text of a here-document is no command
            ends = "" if line.strip() == ends else ends
            continue
        bare = _uncommented(line).rstrip()
        if not bare.strip() and not held:
            continue
        start = start or number
        held += bare
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        found.append((start, held.strip()))
        opened = re.search(r"<<-?\s*['\"]?(\w+)['\"]?", held)
        ends = opened[1] if opened and "<<<" not in held else ""
        held, start = "", 0
    if held:
        found.append((start, held.strip()))
    return found


def _uncommented(line: str) -> str:
    """Return a line of shell without its comment."""
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1] in " \t;"):
            return line[:at]
    return line


def seconds(text: str) -> float | None:
    """Return a time as Slurm reads it [s]; None where it is none, infinity for UNLIMITED.

    Examples
    --------
    >>> seconds("90"), seconds("12:00:00"), seconds("2-12"), seconds("1-0:30"), seconds("1 day")
    (5400.0, 43200.0, 216000.0, 88200.0, None)
    """
    if text.upper() in ("UNLIMITED", "INFINITE", "-1"):
        return inf
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", text.strip())
    if not match:
        return None
    days, *parts = (None if part is None else int(part) for part in match.groups())
    one, two, three = parts
    if days is not None:
        return 86400.0 * days + 3600.0 * (one or 0) + 60.0 * (two or 0) + (three or 0)
    if two is None:
        return 60.0 * (one or 0)
    if three is None:
        return 60.0 * (one or 0) + two
    return 3600.0 * (one or 0) + 60.0 * two + three


def counts(text: str) -> tuple[int, int] | None:
    """Return the fewest and the most of a number of nodes as Slurm reads it; None where it is none.

    Examples
    --------
    >>> counts("64"), counts("2-8"), counts("1k"), counts("many")
    ((64, 64), (2, 8), (1024, 1024), None)
    """
    ends = [_SIZE.fullmatch(part) for part in text.strip().split("-", 1)]
    if any(end is None for end in ends):
        return None
    found = [int(end[1]) * _SCALE[end[2].lower()] for end in ends if end is not None]
    return found[0], found[-1]


def gpus_of(text: str) -> tuple[str, int] | None:
    """Return the kind and the number of accelerators in a ``--gres`` or ``--gpus`` value; None for none.

    Examples
    --------
    >>> gpus_of("gpu:4"), gpus_of("gpu:a100:2"), gpus_of("gpu"), gpus_of("nvme:1"), gpus_of("8")
    (('', 4), ('a100', 2), ('', 1), None, ('', 8))
    """
    for part in text.split(","):
        words = [word for word in part.strip().split(":") if word]
        if words and words[0] == "gres/gpu":
            words[0] = "gpu"
        if words and words[0] != "gpu" and len(words) <= 2 and words[-1].isdigit():
            if part.strip().startswith(("nvme", "license", "mps", "shard", "craynetwork", "tmpfs")):
                continue
            words = ["gpu", *words]
        if words and words[0] == "gpu":
            number = words[-1] if words[-1].isdigit() else "1"
            kind = words[1] if len(words) > 1 and not words[1].isdigit() else ""
            return kind, int(number)
    return None


__all__ = ["BARE", "LONG", "SHORT", "Directive", "JobScript", "counts", "gpus_of", "read_script", "seconds"]
