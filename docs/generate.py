"""The generated part of the reference: tables made from specs, columns, registries and the command line.

A page asks for one with a line ``<!-- generated: NAME -->``; ``conf.py`` puts it there while the docs are
built, so that nothing generated is kept in the repository.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

import exatwin

Make = Callable[[], str]
MAKERS: dict[str, Make] = {}
_MARK = re.compile(r"^<!-- generated: ([a-z0-9-]+) -->$", re.MULTILINE)


def makes(name: str) -> Callable[[Make], Make]:
    """Return a decorator that registers a maker of Markdown under `name`."""

    def remember(make: Make) -> Make:
        MAKERS[name] = make
        return make

    return remember


def fill(text: str) -> str:
    """Return a page with what it asks for in the place of its marks."""
    return _MARK.sub(lambda mark: MAKERS[mark[1]](), text)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Return text as one cell: one line, bars escaped, double backquotes of docstrings as code."""
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def role_free(text: str) -> str:
    """Return a docstring without Sphinx roles, whose targets these pages do not have."""
    return re.sub(r":[a-z]+:`~?([^`]*)`", lambda m: f"`{m[1].rsplit('.', 1)[-1]}`", text)


# --- names ---


@makes("policies")
def policies() -> str:
    """The policies."""
    from exatwin.schedule.policies import POLICIES

    found = (POLICIES.get(name) for name in POLICIES)
    return table(
        ("policy", "serves first", "order changes while jobs wait"),
        ((f"`{p.name}`", p.doc, "yes" if p.dynamic else "no") for p in found),
    )


@makes("placements")
def placements() -> str:
    """The placements, as the module declares them."""
    from exatwin.schedule import placement

    return _module_table(placement.__doc__ or "", ("placement", "nodes are taken"))


def _module_table(doc: str, head: tuple[str, str]) -> str:
    """Return the simple reStructuredText table in a docstring as Markdown."""
    rows = re.findall(r"^``([a-z-]+)``\s+(.*)$", doc, re.MULTILINE)
    return table(head, ((f"`{name}`", text) for name, text in rows))


@makes("components")
def component_names() -> str:
    """The components of plants."""
    from exatwin.facility.component import components

    rows = ((f"`{name}`", _first(components.get(name))) for name in components)
    return table(("component", "what it is"), rows)


@makes("formats")
def formats() -> str:
    """The trace formats."""
    from exatwin.workload.traces import FORMATS

    return table(("format", "what it is"), ((f"`{name}`", FORMATS.get(name).title) for name in FORMATS))


@makes("figures")
def figures() -> str:
    """The figures and tables of the page."""
    from exatwin.report.figures import ABOUT
    from exatwin.report.tables import TABLES

    drawn = ((f"`{name}`", about.title, about.unit) for name, about in ABOUT.items())
    made = ((f"`{name}`", _first(make)) for name, make in TABLES.items())
    return table(("figure", "title", "shows"), drawn) + "\n" + table(("table", "what it gives"), made)


@makes("catalogue-names")
def catalogue_names() -> str:
    """What the catalogue holds by name."""
    from exatwin.catalogue.load import names

    folders = ("machines", "sites", "workloads", "weather", "grids", "tariffs", "power-chains", "cooling",
               "accelerators", "processors", "nodes", "networks", "power-laws")  # fmt: skip
    return table(
        ("folder", "names"), ((f"`{f}`", ", ".join(f"`{name}`" for name in names(f))) for f in folders)
    )


# --- signals and key figures ---


@makes("key-figures")
def key_figures() -> str:
    """The key figures that pages and tables show."""
    from exatwin.report.keys import KEYS

    rows = ((f"`{key.name}`", key.title, key.origin) for key in KEYS)
    return table(("key", "what it is", "comes from"), rows)


# --- the command line ---


@makes("cli")
def command_line() -> str:
    """Every verb with its arguments and options."""
    from exatwin.cli._verbs import cli

    root = click.Context(cli, info_name="exatwin")
    pieces = [_help_text(cli), "```text\n" + cli.get_usage(root) + "\n```\n"]
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        assert command is not None
        pieces += _verb(command, click.Context(command, root, name), 2)
    return "\n".join(pieces)


def _verb(command: click.Command, context: click.Context, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} `{context.command_path}`\n"
    yield _help_text(command)
    yield "```text\n" + command.get_usage(context) + "\n```\n"
    rows = [_option(one, context) for one in command.get_params(context) if isinstance(one, click.Option)]
    yield table(("option", "meaning"), rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _verb(inner, click.Context(inner, context, name), depth + 1)


def _option(option: click.Option, context: click.Context) -> tuple[str, str]:
    told = option.get_help_record(context) or ("", "")
    return f"`{told[0]}`", _plain(told[1])


def _help_text(command: click.Command) -> str:
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    return _plain(re.sub(r"(?<=[a-z`.,])\n(?=\S)", " ", text)) + "\n"


def _plain(text: str) -> str:
    """Return the words of a help text as Markdown: options as code, nothing taken for HTML."""
    coded = re.sub(r"(?<![\w`-])(--?[a-z][a-z-]*)(?![\w`])", r"`\1`", text)
    return coded.replace("<", "\\<")


# --- errors, results, Python ---


@makes("errors")
def errors() -> str:
    """The tree of exceptions, as its module draws it."""
    from exatwin.foundation import errors

    tree = (errors.__doc__ or "").split("::\n", 1)[1].split("\n\nA message", 1)[0]
    return "```text\n" + inspect.cleandoc(tree) + "\n```\n"


@makes("result-folder")
def result_folder() -> str:
    """The files of a result, as the module that writes them lists them."""
    from exatwin.study import store

    return "```text\n" + inspect.cleandoc((store.__doc__ or "").split("::\n", 1)[1]) + "\n```\n"


@makes("python")
def python() -> str:
    """The public names with signatures and docstrings."""
    rows, pieces = [], []
    for name in exatwin.__all__:
        thing = getattr(exatwin, name)
        if name == "__version__":
            continue
        rows.append((f"`{name}`", _first(thing)))
        if inspect.isfunction(inspect.unwrap(thing)):
            body = role_free(inspect.cleandoc(thing.__doc__ or ""))
            pieces.append(f"### `{name}`\n\n```text\n{name}{_signature(thing)}\n\n{body}\n```\n")
    return table(("name", "what it is"), rows) + "\n## Functions\n\n" + "\n".join(pieces)


def _signature(function: Callable[..., Any]) -> str:
    parts = []
    for one in inspect.signature(function).parameters.values():
        if one.kind is one.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        empty = one.default is inspect.Parameter.empty
        default = one.default if isinstance(one.default, str | int | float | None) else ...
        parts.append(one.name if empty else f"{one.name}={default!r}".replace("Ellipsis", "…"))
    return f"({', '.join(parts)})"


def _first(thing: Any) -> str:
    return role_free(inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0])
