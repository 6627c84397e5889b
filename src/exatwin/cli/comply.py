"""``exatwin comply``: the reports that law asks for."""

from __future__ import annotations

from pathlib import Path

import click

_TEXTS = {
    "eed": "Delegated Regulation (EU) 2024/1364: every field of Annexes I to IV.",
    "enefg": "Energieeffizienzgesetz: Annex 3, the waste-heat platform, the thresholds of section 11.",
}


@click.command("comply")
@click.argument("rule", metavar="eed|enefg")
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--year", metavar="YYYY", help="Calendar year; by default the one in which the result begins.")
@click.option(
    "--site", metavar="NAME|FILE", help="Site with what its operator states; by default the result's."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a spreadsheet (.xlsx) or table (.csv) too.",
)
@click.option(
    "--draws", metavar="N", help="Years of the plant behind the intervals (default 48; 0 for none)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    rule: str,
    result: Path,
    year: str | None,
    site: str | None,
    output: Path | None,
    draws: str | None,
    as_json: bool,
) -> None:
    """Fill the report that law asks for from a RESULT folder; say what is missing, and which limits are kept.

    Reports: eed (EU 2024/1364), enefg (Germany). The exit code is 1 where a binding limit is not kept.
    Examples: exatwin comply eed --year 2027 --site site.toml results/a1; exatwin comply enefg results/a1
    -o report.xlsx
    """
    import json

    from exatwin.cli._estimate import positive
    from exatwin.foundation.errors import SimulationError
    from exatwin.report import compliance
    from exatwin.study import store
    from exatwin.study.comply import YEARS, comply

    wanted = _year(year)
    _check(rule, output)
    years = YEARS if draws is None else 0 if draws == "0" else positive("--draws", draws) or YEARS
    found = comply(rule, store.load(result), wanted, site, years=years)
    if output is not None:
        write = compliance.write_table if output.suffix == ".csv" else compliance.write_spreadsheet
        write(found, output)
        click.echo(f"report   {output}", err=True)
    click.echo(
        json.dumps(found.document(), allow_nan=False) if as_json else "\n".join(compliance.lines(found))
    )
    if found.failed:
        told = ", ".join(f"section {each.id} ({each.figure.upper()})" for each in found.failed)
        raise SimulationError(f"not kept in {found.year}: {told}")


def _year(text: str | None) -> int | None:
    from exatwin.foundation.errors import SpecError

    if text is None:
        return None
    if not (text.isdigit() and 1990 <= int(text) <= 2200):
        raise SpecError(f"--year {text}: expected a calendar year such as 2027")
    return int(text)


def _check(rule: str, output: Path | None) -> None:
    from exatwin.foundation.errors import SpecError, nearest

    if rule not in _TEXTS:
        raise SpecError(f"unknown report '{rule}': {nearest(rule, _TEXTS)}")
    if output is not None and output.suffix not in (".xlsx", ".csv"):
        raise SpecError(f"-o {output}: expected a name that ends in .xlsx or .csv")
