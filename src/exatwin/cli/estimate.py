"""``exatwin estimate``: what one application takes on one machine."""

from __future__ import annotations

from importlib import import_module

import click

_APPS = {
    "hpl": ("_estimate_hpl", "High-Performance Linpack: Rmax, N, time, power, ranks."),
    "hpcg": ("_estimate_hpcg", "High-Performance Conjugate Gradients."),
    "hpl-mxp": ("_estimate_hpl_mxp", "HPL in mixed precision, within a wide band."),
    "climate": ("_estimate_climate", "A climate or weather model: years a day, output, dates, energy."),
    "llm": ("_estimate_llm", "One step of training a language model: time, memory, power, energy."),
    "serve": ("_estimate_serve", "Serving a language model: latency, tokens, accelerators, energy, cost."),
}


class _Apps(click.Group):
    """Applications whose modules are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_APPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _APPS:
            return None
        found = import_module(f"exatwin.cli.{_APPS[cmd_name][0]}").command
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Applications"):
            formatter.write_dl([(name, text) for name, (_, text) in _APPS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _APPS and not args[0].startswith("-"):
            from exatwin.foundation.errors import nearest

            raise click.UsageError(f"unknown application '{args[0]}': {nearest(args[0], _APPS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group("estimate", cls=_Apps)
def command() -> None:
    """Say what one application takes on one machine: time, power, energy, with an interval."""
