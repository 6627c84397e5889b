"""``exatwin whatif``: a changed knob beside the base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from exatwin.cli._options import File, fail, rules


@click.command("whatif")
@click.argument("result", type=File())
@click.option(
    "--set", "changes", multiple=True, metavar="PATH=VALUE", help="What is changed; may be repeated."
)
@rules
@fail
@click.option("--seeds", default="10", show_default=True, metavar="N", help="Seeds, each with and without.")
@click.option("-o", "--output", type=File(), metavar="FILE", help="Write a self-contained HTML page too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the answer.")
def command(
    result: Path,
    changes: tuple[str, ...],
    policy: str | None,
    backfill: str | None,
    placement: str | None,
    failures: tuple[str, ...],
    seeds: str,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the question of RESULT (a folder of `run`, or a SCENARIO.toml) with and without a change.

    The same jobs, weather and prices for each seed: differences in energy, cost, emissions, utilisation and
    waits, by size of job and by account, with the range over the seeds. Example: exatwin whatif results/a1
    --set power.cap=13MW --seeds 50 -o cap.html
    """
    import json

    from exatwin.cli._answer import Stages, Wanted
    from exatwin.cli._estimate import positive
    from exatwin.cli._options import failing, written
    from exatwin.foundation.files import check_writable
    from exatwin.report.whatif import lines
    from exatwin.study.scenario import Scenario
    from exatwin.study.store import scenario_of
    from exatwin.study.whatif import whatif

    if output is not None:
        check_writable(output)
    base = Scenario.load(result) if result.is_file() else scenario_of(result)
    flags = {"schedule.policy": policy, "schedule.backfill": backfill, "schedule.placement": placement}
    other, wanted = base, dict[str, Any]()
    for path, value, where in written(flags, changes):
        other, wanted[path] = other.replace(path, value, where), value
    if failures:
        wanted["failures"] = list(failing(other, failures).failures)
    progress = Stages(Wanted(quiet=quiet))
    try:
        found = whatif(base, wanted, seeds=positive("--seeds", seeds) or 1, progress=progress)
    finally:
        progress.done()
    if output is not None:
        from exatwin.report.whatif_page import write

        write(found, output)
        click.echo(f"page     {output}", err=True)
    click.echo(json.dumps(found.document(), allow_nan=False) if as_json else "\n".join(lines(found)))
