"""``compare``, ``sbatch``, ``lint``, ``calendar`` and ``proposal``: what they print, refuse, and end with."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from tests.console import exatwin
from tests.plans import HOUR, plan_file, plan_text

LLM = ("llm", "--model", "llama-3.1-8b", "--accelerators", "64", "--tokens", "100B")
START = ("--start", "2027-01-01", "--from", "2027-01-01")


def test_compare_takes_the_flags_of_estimate_on_either_side() -> None:
    before = exatwin("compare", "--machines", "jupiter,lumi-g", "--json", *LLM)
    after = exatwin("compare", *LLM, "--machines", "jupiter,lumi-g", "--json")
    assert before.code == after.code == 0
    assert before.told == after.told
    direct = exatwin("estimate", *LLM, "--machine", "jupiter", "--json").told
    row = before.told["rows"][0]
    assert row["time_s"] == direct["campaign"]["time_to_tokens_s"]
    assert row["wait"]["p10_s"] <= row["wait"]["p90_s"]
    assert "simulated weeks" in row["wait"]["basis"]


def test_a_model_may_stand_by_itself_and_tokens_in_giga() -> None:
    by_name = ("llm", "llama-3.1-8b", "--accelerators", "64", "--tokens", "100G")
    assert exatwin("estimate", *by_name, "--json").told == exatwin("estimate", *LLM, "--json").told
    assert exatwin("plan", *by_name, "--json").told == exatwin("plan", *LLM, "--json").told
    machines = ("compare", "--machines", "jedi", "--json")
    assert exatwin(*machines, *by_name).told == exatwin(*machines, *LLM).told
    said = exatwin("plan", *by_name, "--model", "llama-3.1-70b")
    assert said.code == 2
    assert "two models were named" in said.err


def test_compare_says_for_whom_a_grid_of_elsewhere_stands_in() -> None:
    said = exatwin("compare", "--machines", "jupiter,lumi-g", *LLM)
    assert "CO2 and EUR of lumi-g: by a grid or a price of elsewhere" in said.out
    rows = exatwin("compare", "--machines", "jupiter,lumi-g", "--json", *LLM).told["rows"]
    assert {row["machine"]: "grid" in row["borrowed"] for row in rows} == {"jupiter": False, "lumi-g": True}


def test_compare_tells_people_one_line_of_risk_for_each_machine() -> None:
    said = exatwin("compare", "--machines", "jupiter,lumi-g,lumi-c", "--sort", "machine", *LLM)
    lines = said.out.splitlines()
    assert lines[2].split()[:3] == ["machine", "nodes", "speed"]
    assert [line.split()[0] for line in lines[3:5]] == ["jupiter", "lumi-g"]
    assert lines[5].startswith("lumi-c: can't, 'lumi-c' has no accelerators")
    risks = lines[lines.index("risks") + 1 :][:2]
    assert risks[0].split()[:2] == ["jupiter", "aarch64:"]


def test_compare_writes_csv_and_a_page(tmp_path: Path) -> None:
    page = tmp_path / "machines.html"
    said = exatwin("compare", "hpl", "--machines", "jedi,jeti", "--csv", "-o", page)
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["machine"] for row in rows] == ["jedi", "jeti"]
    assert float(rows[0]["node_h"]) > 0.0
    text = page.read_text(encoding="utf-8")
    assert "jedi" in text
    assert "http" not in text.split("<body>")[1]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("compare", "--machines", "jupitr", *LLM), 2, "did you mean 'jupiter'"),
        (("compare", "--machines", "jedi", "hpll"), 2, "did you mean 'hpl'"),
        (("compare", "--machines", "jedi", "hpl", "--sort", "tim"), 2, "did you mean 'time'"),
        (("compare", "hpl", "--json", "--csv"), 2, "exclude each other"),
        (("compare", "hpl", "--machine", "jedi"), 2, "--machines"),
        (("compare", "--machines", "lumi-c,vega-cpu", *LLM), 4, "runs on none of the 2 machines"),
        (("compare", "--machines", "lumi-c", *LLM), 2, "has no accelerators"),
        (("sbatch", "none.json"), 2, "there is no such file"),
        (("lint", "none.sh"), 2, "none.sh: No such file"),
        (("calendar", "none.json", *START), 2, "there is no such file"),
        (("proposal", "none.json"), 2, "there is no such file"),
    ],
)
def test_wrong_words_end_in_one_line(words: tuple[str, ...], code: int, told: str) -> None:
    said = exatwin(*words)
    assert said.code == code
    assert told in said.err.splitlines()[-1]


def test_compare_on_no_machine_still_says_why_each() -> None:
    assert "lumi-c: can't" in exatwin("compare", "--machines", "lumi-c,vega-cpu", *LLM).out


def test_a_script_goes_from_a_plan_to_lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(exatwin("estimate", *LLM, "--json").out, encoding="utf-8")
    job = tmp_path / "job.sh"
    said = exatwin("sbatch", plan, "--account", "mine", "-o", job)
    assert (said.code, said.out) == (0, "")
    clean = exatwin("lint", job, "--site", "jupiter", "--json")
    assert clean.code == 0
    assert clean.told["findings"] == []
    monkeypatch.setattr(sys, "stdin", io.StringIO(plan.read_text(encoding="utf-8")))
    piped = exatwin("sbatch", "-", "--account", "mine", "--json").told
    assert piped["script"] == job.read_text(encoding="utf-8")
    assert (piped["site"], piped["partition"], piped["chain"]) == ("jupiter", "booster", "array")


def test_plans_are_scripted_as_they_come(tmp_path: Path) -> None:
    found = exatwin("plan", *LLM, "--machine", "leonardo", "--json").told
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(found), encoding="utf-8")
    text = exatwin("sbatch", plan, "--time", "6h").out
    assert "#SBATCH --partition=boost_usr_prod\n" in text
    assert "#SBATCH --time=06:00:00\n" in text
    layout = found["best"]["layout"]
    assert f"--tensor-model-parallel-size {layout['tp']}\n" in text
    assert f"--global-batch-size {layout['global_batch']}\n" in text


@pytest.mark.parametrize(
    ("changes", "words", "code", "told"),
    [
        ({"machine": "dgx-h100"}, (), 2, "no rules of a batch system are known for 'dgx-h100'"),
        ({"machine": "daedalus"}, (), 2, "no rules of a batch system are known for 'daedalus'"),
        ({"machine": "lumi-g", "nodes": 2000}, (), 4, "takes at most 1,024"),
        ({}, ("--site", "lumi"), 4, "the plan is for 'jupiter'"),
        ({}, ("--site", "lum"), 2, "did you mean 'lumi'"),
        ({}, ("--time", "13h"), 2, "takes a minute to 12 h"),
        ({}, ("--time", "soon"), 2, "--time soon"),
        ({"whole": False, "what": "one step"}, (), 4, "tells of one step, not of a run"),
    ],
)
def test_what_has_no_script_says_what_would(
    tmp_path: Path, changes: dict[str, object], words: tuple[str, ...], code: int, told: str
) -> None:
    said = exatwin("sbatch", plan_file(tmp_path, **changes), *words)
    assert (said.code, said.out) == (code, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_lint_ends_with_1_and_tells_lines_as_editors_read_them(tmp_path: Path) -> None:
    job = tmp_path / "job.sh"
    job.write_text(
        "#!/bin/bash\n#SBATCH -A x -p booster -N 1 -t 24:00:00 --gres=gpu:4\nmpirun ./a\n", "utf-8"
    )
    said = exatwin("lint", job)
    assert said.code == 1
    assert said.out.splitlines()[:2] == [
        f"{job}:2: error: --time=24:00:00 is longer than 'booster' allows: at most 12 h",
        f"{job}:3: error: mpirun: JUPITER (JSC, Jülich) starts processes with srun only",
    ]
    assert said.out.splitlines()[-1].startswith("2 errors, 0 warnings (JUPITER")
    assert "2 errors against the rules of JUPITER" in said.err
    assert exatwin("lint", job, "--site", "frontier").code == 2
    assert exatwin("lint", tmp_path).code == 2


def test_calendar_tells_the_track_the_months_and_a_verdict(tmp_path: Path) -> None:
    said = exatwin("calendar", plan_file(tmp_path), *START)
    assert said.code == 0
    for words in (
        "AI Factory Fast Lane, 50,000 GPU-h from 2027-01-01 to before 2027-04-01",
        "25,600 GPU-h are more than the 5,000 of Playground; within the 50,000 of Fast Lane",
        "96 for each node",
        "verdict  fits: done on 2027-02-",
        "2027-03",
    ):
        assert words in said.out
    told = exatwin("calendar", plan_file(tmp_path), *START, "--json").told
    assert told["verdict"] == "fits"
    assert told["cases"]["middle"]["need"] == pytest.approx(25_600.0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--award", "5000 GPU-h"), "the award has 5,000"),
        (("--award", "1,250 node-h"), "the award has 5,000"),
        (("--award", "30k GPU-h", "--used", "9k GPU-h"), "the award has 30,000, of which 9,000 are gone"),
        (("--award", "360k core-h"), "the award has 5,000"),
        (("--runs", "3"), "does not fit: the run takes 76,800 GPU-h, the award has 50,000"),
        (("--from", "2027-06-01"), "the award ended on 2027-04-01, the run would begin on 2027-06-01"),
    ],
)
def test_calendar_ends_with_4_where_it_does_not_fit(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    call = () if "--runs" not in words else ("--call", "ai-factory-fast-lane")
    said = exatwin("calendar", plan_file(tmp_path), *START, *call, *words)
    assert said.code == 4
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_an_award_of_the_past_has_ended_by_today(tmp_path: Path) -> None:
    said = exatwin("calendar", plan_file(tmp_path), "--start", "2024-01-15")
    assert (said.code, said.out) == (4, "")
    assert "the award ended on 2024-04-15" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--start", "soon"), "--start soon: expected a day such as 2027-01-15"),
        ((*START, "--call", "fast-lane"), "did you mean 'ai-factory-fast-lane'"),
        ((*START, "--call", "ai-factory-large-scale", "--used", "5"), "--used needs --award"),
        ((*START, "--award", "lots"), "--award lots: expected hours such as '5000 GPU-h'"),
        ((*START, "--award", "5 cow-h"), "unknown unit 'cow-h'"),
        ((*START, "--months", "2", "--end", "2027-02-01"), "exclude each other"),
        ((*START, "--end", "2026-01-01"), "before it begins"),
    ],
)
def test_calendar_refuses_what_it_cant_read(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    said = exatwin("calendar", plan_file(tmp_path), *words)
    assert said.code == 2
    assert told in said.err


def test_proposal_is_printed_or_written_with_its_figures(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(
        exatwin("estimate", "hpl", "--machine", "jedi", "--nodes", "8", "--json").out, encoding="utf-8"
    )
    printed = exatwin("proposal", plan, "--call", "eurohpc", "--runs", "2", "--code", "xhpl")
    assert printed.out.startswith("# Application: EuroHPC Regular Access\n")
    assert "![" not in printed.out
    folder = tmp_path / "application"
    written = exatwin("proposal", plan, "-o", folder, "--start", "2027-01-01")
    assert sorted(path.name for path in folder.iterdir()) == [
        "proposal.md", "strong-scaling.svg", "weak-scaling.svg"
    ]  # fmt: skip
    assert (written.code, written.out) == (0, "")
    assert "verdict" in (folder / "proposal.md").read_text(encoding="utf-8")
    told = exatwin("proposal", plan, "--json").told
    assert told["hours"] > 0.0
    assert exatwin("proposal", plan, "--call", "eurohp").code == 2
    assert exatwin("proposal", plan, "-o", plan).code == 2


def test_a_site_of_a_persons_own(tmp_path: Path) -> None:
    from exatwin.catalogue.load import data_folder

    text = (data_folder() / "batch" / "jupiter.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(text.replace('"12 h"', '"2 h"').replace("JUPITER (JSC, Jülich)", "Ours"), "utf-8")
    said = exatwin("sbatch", plan_file(tmp_path), "--site", own)
    assert "#SBATCH --time=02:00:00\n" in said.out
    job = tmp_path / "job.sh"
    job.write_text(said.out, encoding="utf-8")
    assert exatwin("lint", job, "--site", own).code == 0
    bad = tmp_path / "bad.toml"
    bad.write_text(text.replace("max_time", "max_tim"), encoding="utf-8")
    wrong = exatwin("lint", job, "--site", bad)
    assert wrong.code == 2
    assert "max_tim" in wrong.err


def test_a_short_run_is_not_held_by_a_month(tmp_path: Path) -> None:
    plan = plan_file(tmp_path, time_s=HOUR, interval={})
    told = exatwin("calendar", plan, *START, "--json").told
    assert told["call"] == "ai-factory-playground"
    assert told["jobs"] == 1
    assert plan_text() != plan.read_text(encoding="utf-8")
