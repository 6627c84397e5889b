"""``exatwin plan``: the best plan for an application."""

from __future__ import annotations

import click

from exatwin.cli import _plan_llm


class _Plans(click.Group):
    """Applications that can be planned."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"unknown application '{args[0]}': choose from: llm", ctx)
        return super().resolve_command(ctx, args)


@click.group("plan", cls=_Plans)
def command() -> None:
    """Find the best parallelisation and size of a run, for a deadline, a budget or the least energy."""


command.add_command(_plan_llm.command)
