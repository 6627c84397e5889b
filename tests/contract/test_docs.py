"""The docs: they build without a warning, every example runs, and what they list is what there is."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import exatwin as xt
from exatwin.study.store import plain

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))


def imported(name: str) -> ModuleType:
    """Return a module of the folder of the docs."""
    sys.path.insert(0, str(DOCS))
    try:
        return __import__(name)
    finally:
        sys.path.remove(str(DOCS))


runner = imported("run_examples")
PAGES = runner.pages()


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def day() -> xt.Result:
    """A day of JEDI."""
    return xt.run("jedi", days=1)


@pytest.fixture
def own_process() -> Iterator[None]:
    """Put back what examples import and register."""
    from exatwin.facility.component import components
    from exatwin.report.figures.base import ABOUT, FIGURES
    from exatwin.report.tables import TABLES
    from exatwin.schedule.policies import POLICIES
    from exatwin.workload.apps.app import APPS
    from exatwin.workload.traces.trace import FORMATS

    before = set(sys.modules)
    drawn = [(table, dict(table)) for table in (ABOUT, FIGURES, TABLES)]
    with components.aside(), POLICIES.aside(), FORMATS.aside(), APPS.aside():
        yield
    for table, entries in drawn:
        table.clear()
        table.update(entries)
    for name in set(sys.modules) - before:
        if name.startswith("my_"):
            del sys.modules[name]


def test_the_docs_build_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="needs the extra 'docs'")
    pytest.importorskip("furo", reason="needs the extra 'docs'")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    places = ["-d", str(tmp_path / "trees"), str(DOCS), str(tmp_path / "html")]
    done = subprocess.run([*command, *places], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = (tmp_path / "html" / "reference" / "scenario.html").read_text(encoding="utf-8")
    assert "cooling.supply" in built  # a generated table is in its place
    assert "generated:" not in built


def test_every_example_of_a_docstring_runs() -> None:
    code = (
        "import doctest, importlib, pkgutil, exatwin\n"
        "tried = 0\n"
        "for one in pkgutil.walk_packages(exatwin.__path__, 'exatwin.'):\n"
        "    if not one.name.endswith('__main__'):\n"
        "        found = doctest.testmod(importlib.import_module(one.name))\n"
        "        assert not found.failed, one.name\n"
        "        tried += found.attempted\n"
        "print(tried)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 100


@pytest.mark.parametrize("page", [page for page in PAGES if "```" in page.read_text("utf-8")], ids=label)
@pytest.mark.usefixtures("own_process")
def test_every_example_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    problems, _ = runner.run_page(page, tmp_path)
    assert problems == []


def test_the_runner_finds_what_is_wrong(tmp_path: Path) -> None:
    page = DOCS / "reference" / "errors.md"
    wrong = page.read_text("utf-8").replace("did you mean 'jupiter'?", "did you mean 'saturn'?")
    block = next(found for found in runner.blocks(wrong) if found.kind == "console")
    assert not runner.alike(block.body, runner._console(block.body))
    with pytest.raises(AssertionError, match="Expected"):
        runner._python(">>> 1 + 1\n3\n", {})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # where the paths in examples begin
    scenario = xt.Scenario.load(path)
    if scenario.trace is None:
        scenario = scenario.replace("days", 0.25)
    found = xt.run(scenario)
    assert found.summary()["jobs"] > 0
    assert found.ledger is not None
    assert found.ledger.balance().relative < 1e-12


def test_the_week_is_the_default_spelled_out() -> None:
    assert xt.Scenario.load(ROOT / "examples" / "week.toml").digest() == xt.Scenario().digest()


def test_every_example_is_named_in_the_docs() -> None:
    told = "".join(page.read_text("utf-8") for page in PAGES)
    assert [path.name for path in EXAMPLES if path.name not in told] == []


def first_cells(text: str, heading: str) -> list[str]:
    """Return the keys in the first columns of the tables under a heading."""
    under = text.split(f"\n{heading}\n", 1)[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in under.splitlines() if line.startswith("| `")]
    return [key for cell in cells for key in re.findall(r"`([a-z0-9_]+)`", cell)]


def test_the_reference_lists_every_signal(day: xt.Result) -> None:
    text = (DOCS / "reference" / "result.md").read_text("utf-8")
    units = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (\S+) \|", text.split("## Signals")[1], re.MULTILINE))
    assert set(first_cells(text, "## Signals")) == set(day.signals)
    assert {name: units[name] for name in day.signals} == {
        name: signal.unit for name, signal in day.signals.items()
    }


def test_the_reference_lists_every_key_of_json(day: xt.Result) -> None:
    text = (DOCS / "reference" / "result.md").read_text("utf-8")
    told: dict[str, Any] = {**day.summary(), **day.provenance, "machine": "", "scenario": ""}
    listed = first_cells(text, "## Keys of `--json`")
    assert set(listed) == {*told, "seeds", "intervals"}
    assert len(listed) == len(set(listed))
    json.dumps(plain(dict(day.provenance)), allow_nan=False)


def errors(family: str) -> list[float]:
    path = ROOT / "tests" / "validation" / "data" / f"node_power_{family}.csv"
    with path.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["role"] == "fitted"]
    return [float(row["left_out_error_frac"]) for row in rows]


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "validation.md"], ids=label)
def test_errors_are_those_of_the_fits(page: Path) -> None:
    from exatwin.catalogue.load import machine
    from exatwin.workload.draw import hpl_w

    text = page.read_text("utf-8")
    jupiter_w, listed_w = hpl_w(machine("jupiter")), 15_793_810.0
    assert f"{jupiter_w / 1e6:.2f} MW, {100 * (jupiter_w / listed_w - 1):+.1f} %" in text
    left_out = errors("gh200")
    spread = math.sqrt(sum(error**2 for error in left_out) / len(left_out))
    assert f"{len(left_out)} other GH200 machines" in text
    assert f"{100 * spread:.1f} % RMS, {100 * max(map(abs, left_out)):.1f} % worst" in text


def test_what_is_said_of_synthetic_years_holds() -> None:
    made = imported("generate_validation")
    measured, drawn = made.weather()
    assert abs(drawn["air"]["mean"] - measured["air"]["mean"]) < 0.1
    assert abs(drawn["wet_bulb"]["mean"] - measured["wet_bulb"]["mean"]) < 0.1
    hours = [(drawn["free_cooling_dry_h"][key], h) for key, h in measured["free_cooling_dry_h"].items()]
    assert max(abs(found / expected - 1) for found, expected in hours) < 0.015
    measured, drawn = made.market()
    assert abs(drawn["price"]["mean"] / measured["price"]["mean"] - 1) < 0.005
    assert abs(drawn["market"]["negative_h"] / measured["market"]["negative_h"] - 1) < 0.02
    for page in (ROOT / "README.md", DOCS / "validation.md"):
        text = page.read_text("utf-8")
        for claim in ("means within 0.1 K", "within 1.5 %", "mean price within 0.5 %", "within 2 %"):
            assert claim in text


def test_version_and_licence_are_told_alike() -> None:
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"version: {xt.__version__}\n" in citation
    assert "license: Apache-2.0\n" in citation
    assert f"## [{xt.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


def test_pictures_are_there_and_small() -> None:
    for page in PAGES:
        for found in re.findall(r"(?:!\[[^]]*\]\(|\{image\} )([^)\s]+)", page.read_text("utf-8")):
            picture = (page.parent / found).resolve()
            assert picture.is_file(), f"{label(page)} shows {found}"
            assert picture.stat().st_size < 500_000


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{label(page)} links to {target}"


def test_no_page_tells_where_it_was_written() -> None:
    for page in [*PAGES, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", ROOT / "CITATION.cff"]:
        assert re.search(r"/(home|root|tmp|work|usr)/|localhost|file://", page.read_text("utf-8")) is None
