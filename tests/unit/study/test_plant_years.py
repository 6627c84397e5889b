"""Many years of a plant: ranges hold, the tornado points the right way, seeds repeat."""

from datetime import UTC, datetime

import numpy as np
import pytest

from exatwin.catalogue.load import machine
from exatwin.catalogue.ranges import changed, load_ranges
from exatwin.catalogue.site import load_site
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal
from exatwin.study.plant_years import _drawn, _known, plant_years

SITE, JEDI = load_site("juelich"), machine("jedi")
START = datetime(2026, 7, 1, tzinfo=UTC)
IT = Signal([0.0, 20 * 86400.0], [6e4], "W")


@pytest.fixture(scope="module")
def found():
    return plant_years(SITE, JEDI, IT, START, years=8, processes=1)


def test_years_differ_and_lie_around_the_plain_one(found):
    low, middle, high = found.interval()
    assert 1.0 < low < middle < high < 1.2
    assert len(np.unique(found.samples["pue"])) == 8


def test_the_tornado_points_the_right_way_and_begins_with_the_largest(found):
    moves = {move.name: move for move in found.tornado}
    for name in ("pumps", "lighting, offices and controls", "transformers, load", "fans of the coolers"):
        assert moves[name].low < found.central["pue"] < moves[name].high
    assert moves["share of heat to the water"].low > moves["share of heat to the water"].high
    spans = [move.span for move in found.tornado]
    assert spans == sorted(spans, reverse=True)


def test_the_same_seed_gives_the_same_years(found):
    again = plant_years(SITE, JEDI, IT, START, years=8, processes=1)
    np.testing.assert_array_equal(again.samples["pue"], found.samples["pue"])


def test_nine_draws_in_ten_lie_within_their_range():
    known = load_ranges().ranges
    draws = [{each.key: by for each, by in _drawn(known, 3, k)} for k in range(600)]
    for each in known:
        inside = np.mean([each.low <= draw[each.key] <= each.high for draw in draws])
        assert inside == pytest.approx(0.9, abs=0.05)


def test_a_number_is_changed_where_it_stands():
    chain = SITE.chain()
    other = changed(chain, "stages.transformer.no_load_frac", "times", 2.0)
    before, after = (next(s for s in c.stages if s.name == "transformer") for c in (chain, other))
    assert after.no_load_frac == 2.0 * before.no_load_frac
    with pytest.raises(SpecError, match="no number stands"):
        changed(chain, "nothing.here", "plus", 1.0)


def test_no_years_are_refused():
    with pytest.raises(SpecError, match="at least 1"):
        plant_years(SITE, JEDI, IT, START, years=0)


def test_a_tower_is_moved_by_its_own_numbers_and_a_dry_cooler_by_its_own():
    def known(name):
        return {each.key for each in load_ranges().ranges if _known(load_site(name), each)}

    wet, dry = known("oak-ridge"), known("juelich")
    assert "cooling.rejection.tower.fan_power_frac" in wet - dry
    assert "cooling.rejection.fan_power_frac" in dry - wet


def test_years_may_share_weathers_and_leave_the_tornado_out():
    few = plant_years(SITE, JEDI, IT, START, years=4, processes=1, weathers=1, tornado=False)
    assert few.tornado == ()
    assert len(np.unique(few.samples["pue"])) == 4
