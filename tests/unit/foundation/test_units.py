"""Units that are read without pint: the same floats, bit for bit."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import product

import pytest

from exatwin.catalogue.load import data_folder
from exatwin.foundation import spec, units
from exatwin.foundation.errors import SpecError

UNITS = ("W", "B", "B/s", "FLOP/s", "Hz")


def texts() -> list[str]:
    """Every quantity of the catalogue."""
    found: set[str] = set()
    for path in data_folder().rglob("*.toml"):
        found |= set(re.findall(r'"([0-9.]+ [A-Za-z/]+)"', path.read_text("utf-8")))
    return sorted(found)


def test_the_short_way_gives_what_pint_gives() -> None:
    compared = 0
    for text, unit in product(texts(), UNITS):
        number, name = text.split(" ", 1)
        if name.endswith(unit) and name.removesuffix(unit) in units._PREFIXES:
            assert units.parse(text, unit) == units._convert(float(number), name, unit, text), text
            compared += 1
    assert compared > 300


@pytest.mark.parametrize("text", ["1 h", "12 h", "0.3 h", "7 d", "2.7 min", "1800 s"])
def test_times_too(text: str) -> None:
    number, name = text.split()
    assert units.parse(text, "s") == units._convert(float(number), name, "s", text)


@pytest.mark.parametrize(("text", "unit"), [("5 B", "W"), ("5 XW", "W"), ("5 mB/s", "B"), ("5 B/s", "B")])
def test_other_units_are_still_refused(text: str, unit: str) -> None:
    with pytest.raises(SpecError):
        units.parse(text, unit)


HEAVY = ("pint", "numba", "pandas", "duckdb", "xarray", "plotly", "rich")


def test_estimates_do_without_what_takes_long_to_load() -> None:
    code = f"""
import sys
from exatwin.study.applications.hpl import estimate_hpcg, estimate_hpl, estimate_hpl_mxp
for name in ("jupiter", "LUMI-C", "Sirius", "top500:180490"):
    estimate_hpl(name), estimate_hpcg(name), estimate_hpl_mxp(name)
estimate_hpl("2x-epyc-7763", nodes=8)
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["2x-epyc-7763", "2x-xeon-8480"])
def test_a_name_that_begins_with_a_number_is_no_quantity(name: str) -> None:
    assert not spec._has_unit(name)
    assert spec._has_unit("2 h")


@pytest.mark.parametrize(("text", "hint"), [("0", "'s'"), ("-5", "'s'"), ("30", "'30 s'")])
def test_a_bare_number_is_not_answered_by_what_is_refused_next(text: str, hint: str) -> None:
    with pytest.raises(SpecError, match=f"has no unit: expected one such as {hint}$"):
        units.parse(text, "s")
