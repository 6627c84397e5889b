"""What ``exatwin sites NAME --years N`` prints and writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from exatwin.report.plant_years import Assumed


def tell(
    name: str,
    documents: Mapping[str, Mapping[str, Any] | None],
    *,
    years: int,
    machine: str | None,
    seed: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """Run many years of the plant of site `name`, print them, and write their page to `output`.

    Parameters
    ----------
    documents
        The files of the site's plant by what they describe, whose assumed numbers are told.
    """
    import json

    from exatwin.catalogue.ranges import document, load_ranges
    from exatwin.catalogue.site import load_site
    from exatwin.cli._answer import Stages, Wanted
    from exatwin.foundation.files import refuse_special
    from exatwin.report import plant_years as page
    from exatwin.study.site_years import site_years

    if output is not None:
        refuse_special(output)
    progress = Stages(Wanted())
    try:
        found = site_years(name, years=years, machine=machine, seed=seed, progress=progress)
    finally:
        progress.done()
    ranges, title = load_ranges(), load_site(name).title
    assumed = list(_assumed(documents))
    if output is not None:
        page.write(found, ranges, assumed, title, output)
        click.echo(f"page     {output}", err=True)
    if as_json:
        told = found.document() | {
            "ranges": document(ranges),
            "assumed": [each._asdict() for each in assumed],
        }
        click.echo(json.dumps(told, ensure_ascii=False, allow_nan=False))
    else:
        click.echo("\n".join(page.lines(found, ranges, assumed, title)))


def _assumed(documents: Mapping[str, Mapping[str, Any] | None]) -> Iterable[Assumed]:
    """Yield the assumed numbers of the files."""
    from exatwin.cli.sites import rows
    from exatwin.report.plant_years import Assumed

    for title, document in documents.items():
        for row in rows(document or {}):
            if row.quality == "assumed":
                yield Assumed(f"{title}: {row.key}", row.value, row.source, row.note)
