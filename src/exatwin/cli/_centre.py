"""A centre's own files on the command line: ``--slurm-conf`` and ``--sacctmgr``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from exatwin.cli._options import File

if TYPE_CHECKING:
    from exatwin.study.scenario import Scenario

F = TypeVar("F", bound=Callable[..., Any])

_FILES = (
    click.option(
        "--slurm-conf",
        type=File(),
        metavar="FILE",
        help="A centre's slurm.conf: nodes, schedulers, weights. --set wins over it.",
    ),
    click.option(
        "--sacctmgr",
        "accounts",
        multiple=True,
        type=File(),
        metavar="FILE",
        help="Its accounts, users and QOS as sacctmgr has them: dump, commands, tables; may be repeated.",
    ),
)


def files(function: F) -> F:
    """Add ``--slurm-conf`` and ``--sacctmgr`` to a command."""
    for option in reversed(_FILES):
        function = option(function)
    return function


def with_files(
    base: Scenario, conf: Path | None, accounts: tuple[Path, ...], *, policy: str | None, backfill: str | None
) -> Scenario:
    """Return `base` with a centre's files, and with the order and backfill that its ``slurm.conf`` asks for.

    Parameters
    ----------
    policy, backfill
        What was asked for by hand, which wins; None for nothing.

    Raises
    ------
    SpecError
        A file can't be read, or what it says does not fit together.
    """
    if accounts:
        base = base.replace("schedule.slurm.accounts", [str(path) for path in accounts])
    if conf is not None:
        base = base.replace("schedule.slurm.conf", str(conf))
        read = base.schedule.slurm.read_conf()
        assert read is not None
        from exatwin.schedule.site.rule import conf_policy

        order, fill = conf_policy(read)
        base = base.replace("schedule.policy", order) if policy is None else base
        base = base.replace("schedule.backfill", fill) if backfill is None else base
    elif accounts and policy is None:
        base = base.replace("schedule.policy", "multifactor")
    base.schedule.slurm.read_accounts()
    return base
