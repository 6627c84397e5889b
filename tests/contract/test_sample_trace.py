"""The sample log of the quick start is what sites export, and somebody can make it again."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "examples" / "sample_sacct.txt"


def rows():
    header, *lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    return [dict(zip(header.split("|"), line.split("|"), strict=True)) for line in lines]


def test_the_sample_is_small_whole_and_plausible():
    found = rows()
    assert 250 <= len(found) <= 350
    assert len({row["JobIDRaw"] for row in found}) == len(found)
    assert {row["State"].split()[0] for row in found} >= {"COMPLETED", "FAILED", "TIMEOUT", "CANCELLED"}
    for row in found:
        assert 1 <= int(row["NNodes"]) <= 24
        assert int(row["ElapsedRaw"]) <= int(row["TimelimitRaw"]) * 60
        if row["Start"] != "None":
            assert int(row["Submit"]) <= int(row["Start"])
            assert int(row["End"]) - int(row["Start"]) == int(row["ElapsedRaw"])


def test_the_nodes_of_a_row_are_as_many_as_it_says():
    for row in rows():
        if row["NodeList"] == "None assigned":
            continue
        inside = row["NodeList"].removeprefix("jedi-").strip("[]")
        ends = [(part.split("-")[0], part.split("-")[-1]) for part in inside.split(",")]
        assert sum(int(last) - int(first) + 1 for first, last in ends) == int(row["NNodes"])


def test_the_script_makes_the_sample_again():
    # Energy follows the power law of the nodes, which is refitted now and then; all else is exact.
    made = runpy.run_path(str(ROOT / "scripts" / "make_sample_trace.py"))["sample"]()
    header = made[0].split("|")
    energy = header.index("ConsumedEnergyRaw")
    without = [[cell for place, cell in enumerate(line.split("|")) if place != energy] for line in made]
    kept = SAMPLE.read_text(encoding="utf-8").splitlines()
    assert without == [
        [cell for place, cell in enumerate(line.split("|")) if place != energy] for line in kept
    ]
