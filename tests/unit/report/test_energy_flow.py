from __future__ import annotations

import pytest
from fake import FakeResult
from hypothesis import given
from hypothesis import strategies as st

from exatwin.report.energy import Link, energy_flow, flows

WATTS = st.floats(0.0, 1e6)


def given_and_taken(links: list[Link], place: str) -> tuple[float, float]:
    given_w = sum(link.mean_w for link in links if link.source == place)
    return given_w, sum(link.mean_w for link in links if link.target == place)


@given(
    it=st.floats(1e6, 2e7), wet=st.floats(0, 1), pump=WATTS, fan=WATTS, room=WATTS, fixed=WATTS, chain=WATTS,
    warm=st.floats(0, 1), parts=st.dictionaries(st.sampled_from("abcde"), st.floats(1, 1e9), min_size=1),
)  # fmt: skip
def test_what_enters_a_place_leaves_it(it, wet, pump, fan, room, fixed, chain, warm, parts) -> None:  # type: ignore[no-untyped-def]
    means = {
        "it_w": it,
        "facility_w": it + pump + fan + room + fixed + chain,
        "pump_w": pump,
        "fan_w": fan,
        "room_w": room,
        "fixed_w": fixed,
        "heat_to_water_w": wet * it,
        "heat_to_air_w": (1 - wet) * it + fixed + warm * chain,
    }
    links = flows(means, parts)
    assert all(link.mean_w >= -1e-6 for link in links)
    places = {link.target for link in links} & {link.source for link in links}
    for place in places:
        given_w, taken_w = given_and_taken(links, place)
        assert given_w == pytest.approx(taken_w, rel=1e-9, abs=1e-3)
    ends = {link.target for link in links} - {link.source for link in links}
    assert ends == {"Dry coolers", "Room coolers", "Outdoor air"}
    assert sum(given_and_taken(links, end)[1] for end in ends) == pytest.approx(means["facility_w"], rel=1e-9)
    assert given_and_taken(links, "Grid")[0] == pytest.approx(means["facility_w"], rel=1e-9)


def test_the_flow_of_a_result_is_that_of_its_signals(result: FakeResult) -> None:
    links = energy_flow(result)
    assert given_and_taken(links, "Grid")[0] == pytest.approx(result.signals["facility_w"].mean(), rel=1e-3)
    assert given_and_taken(links, "Warm water")[1] == pytest.approx(
        result.signals["heat_to_water_w"].mean() + result.signals["pump_w"].mean(), rel=1e-3
    )
    assert min(link.mean_w for link in links) > 0
