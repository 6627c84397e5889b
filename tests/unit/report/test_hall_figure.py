"""The figure of the hall shows each hour of each quantity, and says its errors."""

from __future__ import annotations

import numpy as np

from exatwin.report.hall import SHOWN, figure
from exatwin.study.validation.zih_scores import HallValidation, score

HOURS = 48
NAMES = (*SHOWN, "loop pumps", "recooling pumps", "station pump", "fans", "IT", "heat pump heat")


def test_each_hour_is_a_point_and_the_errors_are_said():
    rng = np.random.default_rng(3)
    measured = {name: rng.uniform(6e4, 9e4, HOURS) for name in NAMES}
    predicted = {name: 1.02 * values for name, values in measured.items()}
    day = np.repeat([0, 1], HOURS // 2)
    found = HallValidation(
        "A hall", score(measured, predicted, day), (), 3600.0 * np.arange(HOURS), measured, predicted
    )
    drawn = figure(found)
    points = [trace for trace in drawn.data if trace.mode == "markers"]
    assert [len(trace.x) for trace in points] == [HOURS] * len(SHOWN)
    np.testing.assert_allclose(points[0].x, 1e-3 * measured["auxiliaries"])
    np.testing.assert_allclose(points[0].y, 1.02 * points[0].x)
    assert "auxiliaries, hourly: CV(RMSE) 2." in drawn.layout.title.text
    assert "NMBE +2.0%" in drawn.layout.meta["alt"]
