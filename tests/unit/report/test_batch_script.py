"""The batch scripts: clean by the rules of each site, and resuming as they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.plans import plan, plan_text

from exatwin.catalogue.batch import load_rules
from exatwin.catalogue.load import names
from exatwin.report.batch_script import clock, script
from exatwin.study.applying.job_plan import CHAINS, JobPlan, plan_jobs
from exatwin.study.applying.lint import lint
from exatwin.study.applying.work import work_of

SERVED = [(site, served) for site in names("batch") for served in load_rules(site).machines]


def jobs(site: str = "jupiter", **changes: object) -> JobPlan:
    return plan_jobs(work_of(plan_text(**changes), "plan"), load_rules(site))


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(("site", "served"), SERVED)
def test_scripts_of_each_site_are_clean(site: str, served: str, chain: str) -> None:
    for nodes in (1, 8, 16):
        text = script(jobs(site, machine=served, nodes=nodes), chain=chain, account="mine")
        assert lint(text, load_rules(site)).findings == ()
        assert lint(text).rules.name == site


@pytest.mark.parametrize(("site", "served"), SERVED)
def test_without_an_account_only_the_placeholder_is_told(site: str, served: str) -> None:
    found = lint(script(jobs(site, machine=served, nodes=2)))
    assert found.errors == 0
    assert [one.text.split("=")[0] for one in found.findings] in (["--account"], [])


@pytest.mark.parametrize("chain", CHAINS)
def test_each_form_is_shell(chain: str) -> None:
    for text in (script(jobs(), chain=chain), script(jobs(time_s=60.0, interval={}), chain=chain)):
        done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_chain_has_its_form_and_one_job_has_none() -> None:
    array, after, again = (script(jobs(), chain=chain) for chain in CHAINS)
    assert "#SBATCH --array=1-11%1\n" in array
    assert "--dependency=afterany:$job" in after
    assert "seq 2 11" in after
    assert "scontrol requeue" in again
    assert "#SBATCH --requeue\n" in again
    for text in (array, after, again):
        assert "#SBATCH --signal=B:USR1@300\n" in text
    single = script(jobs(time_s=60.0, interval={}))
    assert "--signal" not in single
    assert "--array" not in single
    assert "#SBATCH --time=00:10:00\n" in single


def test_it_says_who_wrote_it_for_when_and_what_was_assumed() -> None:
    text = script(jobs())
    for words in ("which never submits", "rules: as of 2026-09-02", "nothing is measured", "$FSCRATCH"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 120
    assert "limits assumed, no document is at hand" in script(jobs("vega", machine="vega-gpu", nodes=8))


def test_words_of_a_plan_are_no_shell() -> None:
    bad = "x\nrm -rf /; $(reboot) `reboot`"
    document = plan(what=bad)
    document |= {"model": bad, "assumptions": [bad], "asked": {"tp": bad, "seq": "4096; reboot"}}
    text = script(plan_jobs(work_of(json.dumps(document), "plan"), load_rules("jupiter")))
    quoted = text[text.index("PROGRAM+=(") : text.index("\n)\n") + 3]
    counted = f'PROGRAM=()\n{quoted}\nprintf "%s|" "${{PROGRAM[@]}}"'
    done = subprocess.run(["bash", "-c", counted], capture_output=True, text=True, check=False)
    assert done.stdout == f"--tensor-model-parallel-size|{bad}|--seq-length|4096; reboot|"
    rest = text.replace(quoted, "").splitlines()
    assert [line for line in rest if "reboot" in line and not line.startswith("#")] == []


def test_limits_are_written_as_slurm_reads_them() -> None:
    assert clock(600.0) == "00:10:00"
    assert clock(3 * 86400.0) == "3-00:00:00"


def commands(folder: Path) -> dict[str, str]:
    """Write stand-ins for Slurm's commands, and return the environment of a job that finds them."""
    stands = {
        "srun": 'trap \'echo saved; sleep 0.2; exit 3\' USR1; echo $$ > pid; echo ran "$1" "$2"\n'
        "for i in $(seq 200); do sleep 0.05; done",
        "scancel": 'echo scancel "$@"; kill -USR1 "$(cat pid)"',
        "scontrol": 'echo scontrol "$@" >> log; echo host1',
    }
    for name, body in stands.items():
        (folder / name).write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    job = {"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "72", "SLURM_JOB_NODELIST": "host1"}
    return os.environ | job | {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize("chain", ["requeue", "array"])
def test_the_signal_reaches_the_program_and_the_job_goes_on(tmp_path: Path, chain: str) -> None:
    file = tmp_path / "job.sh"
    file.write_text(script(jobs(), chain=chain), encoding="utf-8")
    task = {"SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "2"} if chain == "array" else {}
    with subprocess.Popen(
        ["bash", str(file)], cwd=tmp_path, env=commands(tmp_path) | task, stdout=subprocess.PIPE, text=True
    ) as job:
        end = time.monotonic() + 10.0
        while not (tmp_path / "pid").is_file() and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.1)
        job.send_signal(signal.SIGUSR1)
        said, _ = job.communicate(timeout=20.0)
    assert job.returncode == 0
    assert "ran ./program" in said
    assert f"scancel --signal=USR1 {'5_2' if chain == 'array' else '7'}" in said
    assert "saved" in said
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert ("scontrol requeue 7" in log) == (chain == "requeue")


def test_a_job_of_a_chain_that_is_done_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "done").touch()
    file = tmp_path / "job.sh"
    file.write_text(script(jobs()), encoding="utf-8")
    done = subprocess.run(
        ["bash", str(file)], cwd=tmp_path, env=commands(tmp_path), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "all is done\n")
