"""Record what ``exatwin validate`` finds: rows by id with their errors, and the lines of the README.

Usage::

    python scripts/record_validation.py [--accept] [DATA_FOLDER]

With the folder of measurements, the training runs that ship are written again from its table
(`build_llm_runs.py`) and large runs are predicted again from small ones (`score_llm_scaling.py`) before. A
figure that became worse is refused unless ``--accept`` says that it is meant. Writes
`src/exatwin/catalogue/data/validation/recorded.csv` and the lines of README.md that tell errors of models.
Run it after every fit.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from exatwin.study.validate import validate
from exatwin.study.validation.scores import Score, Validation

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src/exatwin/catalogue/data/validation/recorded.csv"
README = ROOT / "README.md"
SAID = {
    "hpl": ("HPL Rmax, N given, each machine left out in turn", "machines of the lists"),
    "hpl-power": ("HPL power, each machine left out in turn", "machines of the lists"),
    "llm": ("time of a step of LLM training, dense, each paper left out in turn", "published runs"),
    "llm-experts": ("the same, mixture of experts", "published runs"),
    "llm-scaling": ("runs on 32 to 1,024 nodes by a fit that saw at most 16 of them", "published runs"),
    "serving-tpot": ("time per token of LLM serving, each paper left out in turn", "measured services"),
    "serving-tokens": ("tokens each second of LLM serving, each paper left out in turn", "measured services"),
    "llm-memory": ("a training run fits in memory or not", "published runs and trials"),
    "climate-scaling": ("the largest size of climate models, by fits to smaller sizes", "measured runs"),
    "climate-output": ("what GEOS writes each simulated day, each run left out in turn", "measured runs"),
}
"""What the README says of a model: what is predicted, against what."""
MORE = {"llm": "; [read how it was chosen](docs/explanation/llm-training.md)"}


def readme_lines(found: list[Validation]) -> dict[str, str]:
    """Return the lines of the README by their beginning."""
    lines = {}
    for each in found:
        score = each.left_out or each.in_sample
        if each.model in SAID and score is not None:
            what, against = SAID[each.model]
            start = f"| {what} |"
            lines[start] = f"{start} {score.rows} {against} | {_told(score)}{MORE.get(each.model, '')} |"
    return lines


def _told(score: Score) -> str:
    values = score.values
    if "balanced" in values:
        return f"right in {100 * values['balanced']:.0f} %, mean over both outcomes"
    return f"{100 * values['median']:.1f} % median, {100 * values['p90']:.0f} % for nine in ten"


def renewed(text: str, lines: dict[str, str]) -> str:
    """Return the text of the README with `lines` in the place of those that begin alike."""
    whole = text.split("\n")
    for start, line in lines.items():
        at = next((i for i, old in enumerate(whole) if old.startswith(start)), None)
        if at is None:
            raise SystemExit(f"{README.name}: no line begins with '{start}'")
        whole[at] = line
    return "\n".join(whole)


def main(arguments: list[str]) -> None:
    """Renew, compare, record."""
    accept = "--accept" in arguments
    folders = [Path(each) for each in arguments if not each.startswith("-")]
    if folders:
        import build_llm_runs
        import build_serving_runs
        import score_llm_scaling

        build_llm_runs.main(folders[0])
        build_serving_runs.main(folders[0])
        score_llm_scaling.main(folders[0])
    found = validate()
    failed = [line for each in found for line in each.failures()]
    if failed and not accept:
        raise SystemExit("\n".join([*failed, "nothing was recorded; --accept records it all the same"]))
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["model", "id", "error"])
        for each in found:
            out.writerows((each.model, row.id, f"{row.error:+.4f}") for row in each.rows)
    README.write_text(renewed(README.read_text("utf-8"), readme_lines(found)), encoding="utf-8")
    print("\n".join([*failed, f"{sum(len(each.rows) for each in found)} rows recorded"]))


if __name__ == "__main__":
    main(sys.argv[1:])
