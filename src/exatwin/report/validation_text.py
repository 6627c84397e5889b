"""Validations as text for a terminal: the table of models, worst rows, what is not scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from exatwin.foundation import units

if TYPE_CHECKING:
    from exatwin.study.validation.scores import Row, Score, Validation

NAME_CHARACTERS = 44


def pages(found: Sequence[Validation], *, full: bool = False) -> list[str]:
    """Return the table of `found`, then the worst rows of each; `full` shows more and every reason."""
    told = [*overview(found)]
    for each in found:
        told += ["", *_page(each, full)]
    if not full:
        told += ["", "in full, with papers, levels and reasons: exatwin validate --model NAME"]
    return told


def overview(found: Sequence[Validation]) -> Iterator[str]:
    """Yield one line for each model, and what the figures mean."""
    wide = max(31, *(len(each.title) + 2 for each in found))
    yield f"{'model':16s}{'measurements':{wide}s}{'rows':>5s}{'in sample':>17s}{'left out':>17s}{'goal':>15s}"
    for each in found:
        yield (
            f"{each.model:16s}{each.title:{wide}s}{len(each.rows):>5d}{' ' + figures(each.in_sample):>17s}"
            f"{' ' + figures(each.left_out):>17s}{' ' + pair(each.goal):>15s}  {verdict(each)}"
        ).rstrip()
        if each.unseen is not None:
            new = f"{'':16s}{'  rows that no fit has seen':{wide}s}{each.unseen.rows:>5d}"
            yield f"{new}{'':17s}{figures(each.unseen):>17s}"
        if each.model == "hpl-power":
            for name, (score, out) in each.groups.items():
                yield f"{'':16s}{'  ' + name:{wide}s}{score.rows:>5d}{figures(score):>17s}{figures(out):>17s}"
    for words in dict.fromkeys(each.metric.words for each in found):
        models = ", ".join(each.model for each in found if each.metric.words == words)
        yield from wrap(f"{words}: {models}", 150, subsequent_indent="  ", break_on_hyphens=False)


def figures(score: Score | None) -> str:
    """Return the figures of a score: ``5.5% (22.3%)``."""
    return "" if score is None else pair(score.values)


def pair(values: Mapping[str, float] | None) -> str:
    """Return figures as percentages, all but the first in brackets."""
    if values is None:
        return "none"
    first, *rest = (f"{100.0 * value:.1f}%" for value in values.values())
    return f"{first} ({', '.join(rest)})" if rest else first


def verdict(each: Validation) -> str:
    """Return whether the goal is met, in words."""
    first = next(iter(each.goal or {}), "median")
    return {"met": "goal met", "median met": f"{first} met", "not met": "goal not met", "shown": ""}[
        each.verdict
    ]


def reasons(each: Validation) -> dict[str, list[str]]:
    """Return the names of the rows that are not scored, by reason; the same name is given once."""
    found: dict[str, list[str]] = {}
    for row in each.skipped:
        found.setdefault(row.reason, []).append(row.name)
    return {
        why: [name if names.count(name) == 1 else f"{name} ({names.count(name)} rows)"
              for name in dict.fromkeys(names)]
        for why, names in found.items()
    }  # fmt: skip


def _page(each: Validation, full: bool) -> Iterator[str]:
    """Yield the worst rows of a model, its groups, and what is not scored."""
    rows = each.worst(12 if full else 4)
    head = f"{each.model}, {'worst rows' if each.scored else 'all rows'}"
    first, second, last = each.metric.columns
    columns = f"{first:>15s} {second:>15s} {last:>8s}"
    yield (
        f"{head:{NAME_CHARACTERS + 2}s}{columns}"
        if rows
        else f"{each.model}: {'no row is off' if each.rows else 'the table has no row for it'}"
    )
    for row in rows:
        yield _line(each, row)
        if full and row.detail:
            yield f"      {row.detail}"
    if full:
        yield from _groups(each)
        if each.left_out is not None:
            yield f"left out: {each.left_out_words}"
        if each.regression is not None:
            yield f"a plain regression on family, N and size, left out: {pair(each.regression)}"
    yield from (f"note: {remark}" for remark in each.remarks)
    if each.skipped:
        yield f"{each.model}, not scored: {len(each.skipped)}"
        if full:
            yield from (f"  {', '.join(names)}: {reason}" for reason, names in reasons(each).items())


def _line(each: Validation, row: Row) -> str:
    """Return one row: what it is, measured, predicted, errors."""
    name = row.name if len(row.name) <= NAME_CHARACTERS else f"{row.name[: NAME_CHARACTERS - 1]}…"
    values = f"{units.show(row.measured, each.unit):>15s} {units.show(row.predicted, each.unit):>15s}"
    if each.metric.name == "accuracy":
        return f"  {name:{NAME_CHARACTERS}s}{values}  {'fits' if row.error < 0 else 'does not fit'}"
    out = "" if row.left_out_error is None else f"   left out {row.left_out_error:+.1%}"
    return f"  {name:{NAME_CHARACTERS}s}{values} {row.error:+8.1%}{out}"


def _groups(each: Validation) -> Iterator[str]:
    """Yield the scores of each group."""
    if each.groups:
        yield f"{each.model + ', scored apart':22s}{'':10s}{'in sample':>17s}{'left out':>17s}"
    for name, (score, out) in each.groups.items():
        source = f"   {each.sources[name]}" if name in each.sources else ""
        yield f"  {name:20s}{score.rows:>5d} rows{figures(score):>17s}{figures(out):>17s}{source}"


__all__ = ["figures", "overview", "pages", "pair", "reasons", "verdict"]
