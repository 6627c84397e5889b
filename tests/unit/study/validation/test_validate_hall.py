"""The hall: scored as the guideline says from a folder with its telemetry, and refused without."""

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.study.validate import absent, models, validate
from exatwin.study.validation.zih_scores import validate_zih


def test_without_a_folder_the_hall_is_skipped_and_named():
    assert not [each for each in validate("hpl-mxp") if each.model.startswith("hall")]
    hall = [name for name in models() if name.startswith("hall")]
    assert absent(None)["facility/telemetry"] == hall
    with pytest.raises(SpecError, match="folder with --data"):
        validate("hall-pumps")


@pytest.mark.data
def test_rows_give_the_same_figures_as_the_hall_itself(shared_data):
    wanted = {score.quantity: score for score in validate_zih(shared_data).scores}
    (pumps,) = validate("hall-pumps", data=shared_data)
    score = wanted["auxiliaries, hourly"]
    assert pumps.in_sample.rows == score.rows
    assert pumps.in_sample.values["cv_rmse"] == pytest.approx(score.cv_rmse, rel=0.01)
    assert pumps.in_sample.values["nmbe"] == pytest.approx(abs(score.nmbe), rel=0.01)
    assert pumps.verdict == "met"


@pytest.mark.data
def test_heat_pumps_are_scored_where_they_run(shared_data):
    (lift,) = validate("hall-lift", data=shared_data)
    assert min(row.measured for row in lift.rows) > 50e3
    assert np.isclose(lift.in_sample.values["cv_rmse"], 0.032, atol=0.005)
    assert any("each day left out" in remark for remark in lift.remarks)
