"""From rows of words to jobs as they stand: what every form of ``squeue`` has in common."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from exatwin.foundation.hosts import hosts
from exatwin.workload.job import State
from exatwin.workload.snapshot.follows import followed
from exatwin.workload.snapshot.reasons import WORDS, held_by
from exatwin.workload.snapshot.standing import HeldNodes, Snapshot, Standing
from exatwin.workload.traces.names import state_of

UNLIMITED_S = -2
_SPAN = re.compile(r"^(?:(\d+)-)?(?:(\d+):)?(\d+)(?::(\d+))?(?:\.\d+)?$")
_TASKS = re.compile(r"^(\d+)_\[([^\]%]*)(?:%\d+)?\]?")


@dataclass(frozen=True)
class Row:
    """One job in words and numbers; None where the row does not say."""

    number: str
    state: str
    nodes: float | None = None
    limit_s: float | None = None
    """Time limit [s]; UNLIMITED_S for none."""
    elapsed_s: float | None = None
    submit: float | None = None
    """Instant of submission, after 1970 [s]."""
    start: float | None = None
    """Instant of the start, or the expected or wanted one, after 1970 [s]."""
    partition: str = ""
    user: str = ""
    priority: float | None = None
    reason: str = ""
    nodelist: str = ""
    account: str = ""
    qos: str = ""
    dependency: str = ""


def seconds(text: str) -> float | None:
    """Return a span as Slurm writes it [s]; UNLIMITED_S for no limit, None where it says nothing.

    Examples
    --------
    >>> seconds("1-02:03:04"), seconds("12:00:00"), seconds("5:30"), seconds("90"), seconds("UNLIMITED")
    (93784.0, 43200.0, 330.0, 5400.0, -2)
    """
    word = text.strip()
    if word.upper() in ("UNLIMITED", "INFINITE"):
        return UNLIMITED_S
    found = _SPAN.match(word)
    if found is None:
        return None
    days, first, second, third = (int(part) if part else None for part in found.groups())
    if days is not None:  # d-h, d-h:m or d-h:m:s
        parts = [part for part in (first, second, third) if part is not None]
        parts += [0] * (3 - len(parts))
        return float(days * 86400 + parts[0] * 3600 + parts[1] * 60 + parts[2])
    if first is None:
        return float((second or 0) * 60)
    if third is None:
        return float(first * 60 + (second or 0))
    return float(first * 3600 + (second or 0) * 60 + third)


def instant(text: str) -> float | None:
    """Return an instant after 1970 [s] from epoch seconds or ISO 8601 (without a zone UTC); None for none.

    Examples
    --------
    >>> instant("1780000000"), instant("1970-01-02T00:00:00"), instant("N/A")
    (1780000000.0, 86400.0, None)
    """
    word = text.strip()
    if word.isdecimal():
        return float(word) if int(word) > 0 else None
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def whole(text: str) -> float | None:
    """Return a count, with ``K`` or as a range its first number; None where it says nothing.

    Examples
    --------
    >>> whole("64"), whole("1.5K"), whole("8-16"), whole("")
    (64.0, 1500.0, 8.0, None)
    """
    found = re.match(r"^(\d+(?:\.\d+)?)([KkMm]?)", text.strip())
    if found is None:
        return None
    return float(found[1]) * {"": 1.0, "k": 1e3, "m": 1e6}[found[2].lower()]


def tasks(number: str) -> int:
    """Return how many jobs a row stands for: the tasks of an array that is not written out.

    Examples
    --------
    >>> tasks("123"), tasks("123_7"), tasks("123_[0-9,20%4]"), tasks("123_[0-8:2]")
    (1, 1, 11, 5)
    """
    found = _TASKS.match(number)
    if found is None:
        return 1
    count = 0
    for part in found[2].split(","):
        span = re.match(r"^(\d+)(?:-(\d+))?(?::(\d+))?$", part.strip())
        if span:
            low, high, step = int(span[1]), int(span[2] or span[1]), int(span[3] or 1)
            count += max(high - low, 0) // max(step, 1) + 1
    return min(max(count, 1), 100_000)


def assemble(rows: Iterable[Row], at_s: float | None, notes: Iterable[str] = ()) -> Snapshot:
    """Return the snapshot that `rows` make up, with a line for each kind of repair.

    Parameters
    ----------
    at_s
        The instant, after 1970 [s]; by default it is told from what runs.
    """
    told: Counter[str] = Counter()
    used = [row for row in rows if _usable(row, told)]
    at = at_s if at_s is not None else _instant(used)
    partitions = {name: k for k, name in enumerate(dict.fromkeys(row.partition for row in used))}
    users, accounts, qos = (
        {name: k for k, name in enumerate(dict.fromkeys(name for name in names if name))}
        for names in ([row.user for row in used], [row.account for row in used], [row.qos for row in used])
    )
    columns: dict[str, list[float]] = {name: [] for name in Standing.columns()}
    numbers: list[str] = []
    waits: list[str] = []
    for row in used:
        _add(columns, row, at, (partitions, users, accounts, qos), told)
        more = len(columns["nodes"]) - len(numbers)
        numbers += [row.number] * more
        waits += ["" if _runs(row) else row.dependency] * more
    jobs = Standing(**{name: np.array(values) for name, values in columns.items()})
    held = _held_nodes(used, told)
    lines = [f"{count:,} {what}" for what, count in told.items() if count]
    return Snapshot(
        jobs,
        None if at is None else datetime.fromtimestamp(at, UTC),
        tuple(partitions),
        tuple(users),
        (*notes, *lines),
        held,
        tuple(accounts),
        tuple(qos),
        followed(numbers, waits),
    )


def _runs(row: Row) -> bool:
    return state_of(row.state) == State.RUNNING or row.state.upper().startswith(
        ("COMPLETING", "CG", "CONFIG")
    )


def _usable(row: Row, told: Counter[str]) -> bool:
    state = state_of(row.state)
    if not _runs(row) and state != State.PENDING:
        known = state in set(State)
        told["rows neither run nor wait: left out" if known else "rows of no known state: left out"] += 1
        return False
    if row.nodes is None or not 0 < row.nodes < 2**31:
        told["rows without a number of nodes: left out"] += 1
        return False
    return True


def _instant(rows: list[Row]) -> float | None:
    """Return when the snapshot was taken, by those that run: their start and how long they have run."""
    sums = [
        row.start + row.elapsed_s
        for row in rows
        if _runs(row) and row.start is not None and row.elapsed_s is not None
    ]
    return float(np.median(sums)) if sums else None


def _add(
    columns: dict[str, list[float]], row: Row, at: float | None, names: tuple[dict[str, int], ...],
    told: Counter[str],
) -> None:  # fmt: skip
    partitions, users, accounts, qos = names
    runs = _runs(row)
    elapsed = row.elapsed_s
    if runs and elapsed is None:
        elapsed = max(at - row.start, 0.0) if at is not None and row.start is not None else 0.0
        told["running jobs do not say since when: taken as just begun"] += int(
            row.start is None or at is None
        )
    limit = row.limit_s
    if limit is None or limit == UNLIMITED_S or limit <= 0:
        told["jobs without a time limit: taken to have the longest of their partition"] += 1
        limit = -1.0
    held, begin = 0 if runs else held_by(row.reason), 0.0
    if held and "begintime" in row.reason.lower() and row.start is not None and at is not None:
        held, begin = 0, max(row.start - at, 0.0)
    count = 1 if runs else tasks(row.number)
    if held:
        told[WORDS[held]] += count
    if count > 1:
        told["tasks of arrays in one row: counted one by one"] += count
    number = re.match(r"\d+", row.number)
    value = {
        "job_id": int(number[0]) if number else -1, "nodes": int(np.ceil(row.nodes or 1)),
        "limit_s": int(limit),
        "elapsed_s": int(elapsed or 0) if runs else -1,
        "waited_s": int(max(at - row.submit, 0)) if at is not None and row.submit is not None else -1,
        "begin_s": int(begin), "partition": partitions[row.partition], "user": users.get(row.user, -1),
        "priority": row.priority if row.priority is not None else np.nan, "held": held,
        "account": accounts.get(row.account, -1), "qos": qos.get(row.qos, -1),
    }  # fmt: skip
    for name, each in value.items():
        columns[name] += [each] * count


def nodes_of(nodelist: str) -> list[str]:
    """Return the names in a list of nodes as Slurm folds it.

    Raises
    ------
    ValueError
        A bracket is not closed, or a range runs backwards.

    Examples
    --------
    >>> nodes_of("jpbo-001-[01-03,07],login1"), nodes_of("(null)")
    (['jpbo-001-01', 'jpbo-001-02', 'jpbo-001-03', 'jpbo-001-07', 'login1'], [])
    """
    if not nodelist or nodelist.startswith("(") or nodelist.lower() in ("n/a", "none", "none assigned"):
        return []
    return hosts(nodelist)


def _held_nodes(rows: Iterable[Row], told: Counter[str]) -> tuple[HeldNodes, ...]:
    """Return the nodes that each running job names."""
    found = []
    for row in rows:
        try:
            names = tuple(nodes_of(row.nodelist)) if _runs(row) else ()
        except ValueError:
            told["lists of nodes that can't be read: their jobs hold as many nodes as they say"] += 1
            continue
        if names:
            found.append(HeldNodes(row.number, names))
    return tuple(found)


__all__ = ["UNLIMITED_S", "Row", "assemble", "instant", "nodes_of", "seconds", "tasks", "whole"]
