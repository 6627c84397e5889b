"""Pieces of the page as HTML text; everything that is shown is escaped here."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from exatwin.report import style
from exatwin.report.cards import Card, spark_points
from exatwin.report.keys import BASIS, Basis
from exatwin.report.tables import Cell, Link, Table

SPARK_W, SPARK_H = 160, 30


def plain_page(title: str, css: str, body: str) -> str:
    """Return a self-contained page without scripts, in the light theme, with a heading and its `body`."""
    styles = (
        style.css_variables() + (files("exatwin.report") / "assets" / "page.css").read_text("utf-8") + css
    )
    return (
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · exatwin</title><style>{styles}</style></head><body>{body}</body></html>\n"
    )


def badge(basis: Basis) -> str:
    """Return the mark that says how a number is known."""
    return f'<span class="badge {basis.kind}">{escape(basis.word)}</span>'


def card(shown: Card) -> str:
    """Return one card of the strip."""
    unit = f' <span class="unit">{escape(shown.unit)}</span>' if shown.unit else ""
    mark = "" if shown.basis == "modelled" else badge(BASIS[shown.basis])
    return (
        f'<li class="card"><h3>{escape(shown.title)}</h3>'
        f'<p class="value">{escape(shown.value)}{unit}</p>'
        f'<p class="more"><span>{escape(shown.more)}&nbsp;</span>{mark}</p>'
        f"{spark(shown)}</li>"
    )


def spark(shown: Card) -> str:
    """Return the course of a card as a small drawing without axes."""
    if shown.course is None:
        return ""
    room = SPARK_H - 4
    points = " ".join(
        f"{SPARK_W * x:.1f},{SPARK_H - 2 - room * y:.1f}" for x, y in spark_points(shown.course)
    )
    return (
        f'<svg class="spark {shown.basis}" viewBox="0 0 {SPARK_W} {SPARK_H}" preserveAspectRatio="none" '
        f'aria-hidden="true">'
        f'<polyline points="{points}" style="stroke:var(--{shown.colour})"/></svg>'
    )


def table(shown: Table, *, heading: bool = False) -> str:
    """Return a table; wide ones scroll inside their frame."""
    right = [title.endswith(">") for title in shown.columns]
    head = "".join(
        f'<th scope="col"{_class(number)}>{escape(title.rstrip(">"))}</th>'
        for title, number in zip(shown.columns, right, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{_class(n)}>{_cell(c)}</td>" for c, n in zip(row, right, strict=True)) + "</tr>"
        for row in shown.rows
    )
    head = f"<thead><tr>{head}</tr></thead>" if any(shown.columns) else ""
    note = f'<p class="note">{escape(shown.note)}</p>' if shown.note else ""
    title = f"<h2>{escape(shown.title)}</h2>" if heading else ""
    label = escape(shown.title)
    return (
        f'{title}<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>'
        f'<caption class="hidden">{label}</caption>{head}<tbody>{body}</tbody></table></div>{note}'
    )


def _class(number: bool) -> str:
    return ' class="number"' if number else ""


def _cell(cell: Cell) -> str:
    if isinstance(cell, Basis):
        return badge(cell)
    if isinstance(cell, Link):
        if cell.url.startswith(("https://", "http://")):
            return f'<a href="{escape(cell.url)}" rel="noopener noreferrer">{escape(cell.text)}</a>'
        return f"{escape(cell.text)} ({escape(cell.url)})"
    return escape(cell)


def panel(name: str, title: str, unit: str, badges: list[Basis], alt: str, height_px: int, more: str) -> str:
    """Return the frame of a figure, which the script of the page fills; `more` stands below it."""
    marks = "".join(badge(basis) for basis in badges)
    return (
        f'<section class="panel {name}" aria-labelledby="title-{name}">'
        f'<header><h2 id="title-{name}">{escape(title)}</h2>'
        f'<p class="sub">{escape(unit)}</p><span class="badges">{marks}</span></header>'
        f'<div class="figure" id="figure-{name}" data-figure="{name}" role="figure" tabindex="0" '
        f'aria-label="{escape(title)}. {escape(alt)}" style="height:{height_px}px"></div>{more}</section>'
    )


def details(summary: str, content: str) -> str:
    """Return content that opens on demand."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"
