"""``squeue`` as text: columns apart by ``|``, by commas, or by blanks as its default prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from exatwin.foundation.errors import TraceError
from exatwin.workload.snapshot.rows import Row, assemble, instant, seconds, whole
from exatwin.workload.snapshot.standing import Snapshot

_NAMES = {
    "number": "jobid jobidraw id job jobarrayid arrayjobid",
    "state": "state st statecompact jobstate",
    "nodes": "nodes nnodes numnodes nodecount reqnodes",
    "limit_s": "timelimit timelimi limit walltime timelimitraw",
    "elapsed_s": "time timeused elapsed runtime",
    "left_s": "timeleft",
    "submit": "submittime submit",
    "start": "starttime start",
    "partition": "partition queue",
    "user": "user username",
    "account": "account acct",
    "qos": "qos",
    "dependency": "dependency depend dependencies",
    "priority": "prioritylong priority prio",
    "reason": "reason reasonlist",
    "nodelist": "nodelist nodelistreason",
}
_KEY = {name: key for key, names in _NAMES.items() for name in names.split()}
_NEEDED = ("number", "state", "nodes")
_EXPECTED = (
    "expected squeue with a header line that names JOBID, STATE and NODES "
    "(see 'exatwin import squeue --print-command')"
)
Span = tuple[int, int]


def from_text(text: str, path: Path) -> Snapshot:
    """Return the snapshot in the text that ``squeue`` printed.

    Raises
    ------
    TraceError
        No line names the columns, or none names the nodes.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    at = next((k for k, line in enumerate(lines[:50]) if {"number", "state"} <= set(_keys(line)[1])), -1)
    if at < 0:
        raise TraceError(f"{path}: has no header line, {_EXPECTED}")
    delimiter, keys = _keys(lines[at])
    missing = [key for key in _NEEDED if key not in keys]
    if missing:
        raise TraceError(f"{path}: line {at + 1} names no column of {missing[0]}, {_EXPECTED}")
    body = [line for line in lines[at + 1 :] if line.strip()]
    rows, broken = [], 0
    for cells in _split(body, lines[at], len(keys), delimiter):
        if len(cells) < len(keys):
            broken += 1
        elif _key(cells[keys.index("number")]) != "number":
            rows.append(_row(dict(zip(keys, cells, strict=False))))
    notes = [f"{broken:,} rows with too few columns: left out"] if broken else []
    if "limit_s" not in keys and "left_s" not in keys:
        notes.append("no column of time limits")
    return assemble(rows, None, notes)


def _keys(header: str) -> tuple[str, list[str]]:
    """Return the delimiter of a line, and what each of its words names; empty for what is not known."""
    delimiter = next((mark for mark in ("|", ",", "\t", ";") if header.count(mark) >= 3), "")
    words = header.split(delimiter) if delimiter else header.split()
    return delimiter, [_key(word) for word in words]


def _key(word: str) -> str:
    return _KEY.get(re.sub(r"[^a-z]", "", word.lower()), "")


def _split(body: Sequence[str], header: str, width: int, delimiter: str) -> Iterator[list[str]]:
    if delimiter:
        for line in body:
            cells = [cell.strip() for cell in line.split(delimiter)]
            yield [*cells[: width - 1], delimiter.join(cells[width - 1 :])] if len(cells) > width else cells
        return
    cuts: list[Span] | None = None
    for line in body:
        cells = line.split()
        if len(cells) == width:
            yield cells
            continue
        cuts = cuts if cuts is not None else _cuts(body, header)
        yield [line[low:high].strip() for low, high in cuts] if len(line) > cuts[-1][0] else cells


def _cuts(body: Sequence[str], header: str) -> list[Span]:
    """Return where the columns stand: right-aligned as squeue's default, or left-aligned as its --Format.

    Whichever cuts through fewer words is the one.
    """
    spans = [found.span() for found in re.finditer(r"\S+", header)]
    right = [0, *(end for _, end in spans[:-1])]
    left = [start for start, _ in spans]
    wrong = {
        name: sum(
            len(line) > cut and cut > 0 and line[cut - 1] != " " and line[cut] != " "
            for line in body
            if len(line.split()) != len(spans)
            for cut in cuts
        )
        for name, cuts in (("right", right), ("left", left))
    }
    cuts = left if wrong["left"] < wrong["right"] else right
    return list(zip(cuts, [*cuts[1:], 10**9], strict=True))


def _row(cells: dict[str, str]) -> Row:
    limit, elapsed = seconds(cells.get("limit_s", "")), seconds(cells.get("elapsed_s", ""))
    left = seconds(cells.get("left_s", ""))
    if limit is None and left is not None and left >= 0:
        limit = left + (elapsed or 0.0)
    nodelist = cells.get("nodelist", "")
    return Row(
        number=cells["number"],
        state=cells["state"],
        nodes=whole(cells["nodes"]),
        limit_s=limit,
        elapsed_s=elapsed,
        submit=instant(cells.get("submit", "")),
        start=instant(cells.get("start", "")),
        partition=cells.get("partition", "").split(",")[0],
        user=cells.get("user", ""),
        account=cells.get("account", ""),
        qos=cells.get("qos", ""),
        dependency=cells.get("dependency", ""),
        priority=_number(cells.get("priority", "")),
        reason=cells.get("reason", "") or (nodelist if nodelist.startswith("(") else ""),
        nodelist=nodelist,
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


__all__ = ["from_text"]
