"""Tables and figures of the models on the validation page, from the run that ``exatwin validate`` makes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from generate import makes, table

from exatwin.foundation import units
from exatwin.report.validation_svg import drawing
from exatwin.report.validation_text import figures, pair, reasons, verdict
from exatwin.study.validate import validate
from exatwin.study.validation.scores import Validation

WORST = 6


@cache
def found() -> tuple[Validation, ...]:
    """Return all models beside the measurements that ship."""
    return tuple(validate())


@makes("models")
def models() -> str:
    """One line for each model, and one for each part that is told apart."""
    head = ("model", "measurements", "rows", "in sample", "left out", "goal", "")
    return table(head, (line for each in found() for line in _lines(each)))


def _lines(each: Validation) -> Iterator[tuple[str, ...]]:
    yield (
        f"[`{each.model}`](#{each.model})", each.title, str(len(each.rows)), figures(each.in_sample),
        figures(each.left_out), pair(each.goal), verdict(each),
    )  # fmt: skip
    if each.model == "hpl-power":
        for name, (score, out) in each.groups.items():
            yield "", name, str(score.rows), figures(score), figures(out), "", ""


@makes("models-each")
def models_each() -> str:
    """Each model: its figure, what is scored apart, the worst rows, what is not scored."""
    return "\n".join(part for each in found() for part in _section(each))


def _section(each: Validation) -> Iterator[str]:
    yield f"### {each.model}\n"
    told = [f"{each.title[0].upper()}{each.title[1:]}."]
    if each.left_out is not None:
        told.append(f"Left out: {each.left_out_words}.")
    if each.regression is not None:
        told.append(f"A plain regression on family, N and size, left out: {pair(each.regression)}.")
    told += [f"{remark[0].upper()}{remark[1:].rstrip('.')}." for remark in each.remarks]
    yield " ".join(told) + "\n"
    if each.rows:
        yield f"<div>{drawing(each)}</div>\n"
    if each.groups:
        head = ("scored apart", "", "rows", "in sample", "left out")
        yield table(
            head,
            (
                (name, each.sources.get(name, ""), str(score.rows), figures(score), figures(out))
                for name, (score, out) in each.groups.items()
            ),
        )
    yield from _rows(each)


def _rows(each: Validation) -> Iterator[str]:
    """Yield the table of the worst rows, and the reasons of those that are not scored."""
    if worst := each.worst(WORST):
        head = ("worst rows" if each.scored else "rows", *each.metric.columns)
        yield table(
            head,
            (
                (
                    row.name, units.show(row.measured, each.unit), units.show(row.predicted, each.unit),
                    _off(each, row.error),
                )
                for row in worst
            ),
        )  # fmt: skip
    if each.skipped:
        head = (f"not scored: {len(each.skipped)}", "why")
        yield table(head, ((", ".join(names), reason) for reason, names in reasons(each).items()))


def _off(each: Validation, error: float) -> str:
    if each.metric.name == "accuracy":
        return "said to fit" if error < 0 else "said not to fit"
    return f"{100 * error:+.1f} %"
