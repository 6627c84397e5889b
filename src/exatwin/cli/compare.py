"""``exatwin compare``: one application on several machines."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exatwin.cli.estimate import command as estimates

if TYPE_CHECKING:
    from exatwin.study.compare import Row

_ASKED = ("machines", "sort", "as_json", "as_csv", "page")


def _options() -> list[click.Parameter]:
    """Return the flags of the comparison itself, which may stand before or after the application."""
    said = "Machines, kinds of nodes or files, by commas; eurohpc for all whose sites have rules."
    orders = "time, node-h, energy, cost, carbon, wait, machine or given."
    file = click.Path(dir_okay=False, path_type=Path)
    return [
        click.Option(["--machines"], multiple=True, metavar="NAME,NAME,…", help=said),
        click.Option(["--sort"], metavar="ORDER", help=f"{orders}  [default: time]"),
        click.Option(["-o", "--page", "page"], type=file, metavar="FILE", help="Write one HTML page too."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object in SI units."),
        click.Option(["--csv", "as_csv"], is_flag=True, help="Print a table as CSV."),
    ]


class _Apps(click.Group):
    """The applications of `estimate`, with the flags of a comparison in the place of --machine."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return estimates.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        base = estimates.get_command(ctx, cmd_name)
        if base is None:
            return None
        taken = {name for option in _options() for name in option.opts} | {"--machine", "--json"}
        own = [param for param in base.params if not taken & set(param.opts)]
        about = f"Compare machines for {cmd_name}; the flags are those of `exatwin estimate {cmd_name}`."
        callback = _callback(cmd_name, import_module(base.callback.__module__).ask)
        return click.Command(cmd_name, params=[*own, *_options()], callback=callback, help=about)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        estimates.format_commands(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            from exatwin.foundation.errors import nearest

            raise click.UsageError(f"unknown application '{args[0]}': {nearest(args[0], known)}", ctx)
        return super().resolve_command(ctx, args)


def _callback(app: str, ask: Any) -> Any:
    """Return what compares machines for `app`, whose estimate `ask` gives."""

    def run(**flags: Any) -> None:
        context = click.get_current_context()
        before: Mapping[str, Any] = context.parent.obj if context.parent is not None else {}
        wanted = {key: flags.pop(key) or before.get(key) for key in _ASKED}
        if wanted["as_json"] and wanted["as_csv"]:
            raise click.UsageError("--json and --csv exclude each other")
        _answer(app, wanted, lambda machine: ask(machine, **flags))

    return run


def _answer(app: str, wanted: Mapping[str, Any], ask: Any) -> None:
    from exatwin.foundation.errors import InfeasibleError
    from exatwin.report import compare as shown
    from exatwin.study.compare import compare, machines_of, ordered

    by = wanted["sort"] or "time"
    ordered((), by)
    rows = ordered(compare(machines_of(wanted["machines"] or ("eurohpc",)), ask, app), by)
    title = _title(app, rows)
    if wanted["page"] is not None:
        click.echo(f"page     {shown.write(rows, title, wanted['page'])}", err=True)
    _say(rows, title, wanted)
    if not any(row.found for row in rows):
        raise InfeasibleError(f"{app} runs on none of the {len(rows)} machines: each is told why")


def _title(app: str, rows: list[Row]) -> str:
    first = next((row for row in rows if row.found is not None), None)
    if first is None or first.found is None:
        return app
    model = first.found.extra.get("model")
    part = " (--tokens tells a whole run)" if app == "llm" and not first.run["whole"] else ""
    return f"{app}{f', {model}' if model else ''}: {first.run['what']}{part}"


def _say(rows: list[Row], title: str, wanted: Mapping[str, Any]) -> None:
    from exatwin.report import compare as shown

    if wanted["as_json"]:
        import json

        document = {"title": title, "rows": [row.document() for row in rows], "notes": shown.notes(rows)}
        click.echo(json.dumps(document, allow_nan=False))
    elif wanted["as_csv"]:
        from exatwin.cli._catalogue import print_csv

        print_csv(shown.table_rows(rows))
    else:
        click.echo("\n".join(shown.lines(rows, title)))


@click.group("compare", cls=_Apps, params=_options())
@click.pass_context
def command(context: click.Context, /, **flags: Any) -> None:
    """Compare machines for one application: time, node-hours, bill, energy, CO2, EUR, memory, wait, risks.

    A machine on which it can't run stays in the table with the reason. Waits are those of a simulated queue.
    Example: exatwin compare --machines jupiter,lumi-g,leonardo llm llama-3.1-70b --accelerators 256
    --tokens 100B
    """
    context.obj = flags
