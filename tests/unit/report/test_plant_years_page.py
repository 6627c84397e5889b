"""Many years of a plant as lines and as a page: every assumed number is there, the chart points right."""

import numpy as np
import pytest

from exatwin.catalogue.ranges import load_ranges
from exatwin.report.plant_years import Assumed, figure, figures, lines, write
from exatwin.study.plant_years import Move, PlantYears

FOUND = PlantYears(
    site="juelich",
    machine="jupiter",
    central={
        "pue": 1.03, "water_kg": 2e6, "limited_h": 1.0, "facility_j": 4e14, "peak_facility_w": 18e6,
    },
    samples={
        "pue": np.linspace(1.02, 1.06, 41),
        "water_kg": np.linspace(0.0, 4e6, 41),
        "limited_h": np.zeros(41),
        "facility_j": np.full(41, 4e14),
        "peak_facility_w": np.full(41, 18e6),
    },
    tornado=(
        Move("lighting", 1.02, 1.06, "cooling.fixed_power_frac"),
        Move("share of heat to the water", 1.035, 1.028, "cooling.water_share"),
        Move("weather of 9 years", 1.0299, 1.0301, "weather"),
    ),
    boundary="EN 50600-4-2, category 2",
)  # fmt: skip
ASSUMED = [Assumed("cooling: supply", "36 °C", "CINECA", "by analogy <Leonardo>")]


def test_percentiles_stand_beside_the_value_by_the_files():
    rows = {row[0]: row[1:] for row in figures(FOUND)}
    assert rows["PUE"] == ("1.022", "1.040", "1.058", "1.030")
    assert rows["water [m³]"] == ("200", "2,000", "3,800", "2,000")


def test_lines_show_chart_ranges_boundary_and_every_assumed_number():
    told = lines(FOUND, load_ranges(), ASSUMED, "Jülich")
    assert max(map(len, told)) <= 100
    text = "\n".join(told)
    for part in ("category 2", "×0.5 to ×4", "-0.03 to +0.015", "36 °C", "by analogy <Leonardo>"):
        assert part in text
    bar = next(line for line in told if line.startswith("  lighting ") and "|" in line)
    assert bar.index("█") < bar.index("|") < bar.rindex("█")


def test_the_tornado_has_the_largest_on_top_and_both_ends():
    drawn = figure(FOUND)
    low, high = drawn.data[0], drawn.data[1]
    assert low.y[-1] == "lighting"
    assert low.base + low.x[-1] == pytest.approx(1.02)
    assert high.base + high.x[-1] == pytest.approx(1.06)
    assert drawn.layout.xaxis.range[0] < 1.02 < 1.06 < drawn.layout.xaxis.range[1]


def test_the_page_stands_alone_and_escapes(tmp_path):
    path = tmp_path / "page.html"
    write(FOUND, load_ranges(), ASSUMED, "Jülich & <b>", path)
    text = path.read_text("utf-8")
    assert "by analogy &lt;Leonardo&gt;" in text
    assert "Jülich &amp; &lt;b&gt;: PUE 1.040" in text
    assert "<script src=" not in text
