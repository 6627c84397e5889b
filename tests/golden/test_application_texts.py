"""A batch script and an application whose every letter is kept.

Where they change on purpose, ``python -m tests.golden.test_application_texts`` writes the new ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plans import plan_text

from exatwin.catalogue.batch import load_rules
from exatwin.foundation.version import __version__
from exatwin.report import proposal
from exatwin.report.batch_script import script
from exatwin.study.applying.application import application
from exatwin.study.applying.job_plan import plan_jobs
from exatwin.study.applying.work import work_of

FOLDER = Path(__file__).parent / "files"


def answers() -> dict[str, str]:
    """Return what is kept, by file."""
    work = work_of(plan_text(), "plan")
    found = {
        "jupiter.sh": script(plan_jobs(work, load_rules("jupiter"))),
        "proposal.md": proposal.text(application([work], "eurohpc", runs=[2], codes=["Megatron-LM"])),
    }
    return {name: text.replace(f"exatwin {__version__}", "exatwin VERSION") for name, text in found.items()}


@pytest.mark.parametrize("name", ["jupiter.sh", "proposal.md"])
def test_it_reads_as_it_did(name: str) -> None:
    assert answers()[name] == (FOLDER / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for file, text in answers().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
