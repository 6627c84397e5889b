"""``exatwin sbatch``: the batch script of a plan."""

from __future__ import annotations

import re
from pathlib import Path

import click


@click.command("sbatch")
@click.argument("plan", metavar="PLAN")
@click.option(
    "--site", metavar="NAME|FILE", help="Whose rules; by default those of the site of the plan's machine."
)
@click.option("--account", metavar="NAME", default="", help="Account; by default a placeholder.")
@click.option("--partition", metavar="NAME", help="Partition; by default the machine's.")
@click.option(
    "--time", "limit", metavar="TIME", help="Limit of each job, such as 6h; by default the longest."
)
@click.option(
    "--chain",
    type=click.Choice(["array", "dependency", "requeue"]),
    default="array",
    show_default=True,
    help="How jobs follow each other where it takes several.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there; by default it is printed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with the script in it.")
def command(
    plan: str,
    site: str | None,
    account: str,
    partition: str | None,
    limit: str | None,
    chain: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Write the batch script of PLAN for its site; exatwin never submits it.

    PLAN is what `exatwin plan llm --json` or `exatwin estimate … --json` prints: a file, or - for the
    standard input. Example: exatwin plan llm --machine jupiter --model llama-3.1-70b --tokens 100B --json |
    exatwin sbatch - -o job.sh
    """
    from exatwin.catalogue.batch import site_rules
    from exatwin.cli._plan_file import given, span_s
    from exatwin.foundation.errors import SpecError
    from exatwin.foundation.files import write_text
    from exatwin.report.batch_script import script
    from exatwin.study.applying.job_plan import plan_jobs

    if account and not re.fullmatch(r"[\w.,:@+-]+", account):
        raise SpecError(f"--account {account}: expected a name without spaces")
    work = given(plan)
    rules = site_rules(site or work.machine)
    found = plan_jobs(work, rules, partition=partition, limit_s=span_s("--time", limit))
    text = script(found, chain=chain, account=account)
    if output is not None:
        click.echo(f"script   {write_text(output, text)}", err=True)
    if as_json:
        import json

        told = {
            "site": rules.name,
            "as_of": rules.as_of,
            "partition": found.queue.name,
            "qos": found.queue.qos,
            "nodes": work.nodes,
            "limit_s": found.limit_s,
            "jobs": found.jobs,
            "most_jobs": found.most_jobs,
            "chain": chain if found.chained else None,
            "script": text,
        }
        click.echo(json.dumps(told, allow_nan=False))
    elif output is None:
        click.echo(text, nl=False)
