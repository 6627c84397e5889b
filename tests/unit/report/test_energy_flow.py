from __future__ import annotations

from dataclasses import replace

import pytest
from fake import FakeResult
from hypothesis import given
from hypothesis import strategies as st

from exatwin.foundation.signal import Signal
from exatwin.report.energy import Link, energy_flow, flows
from exatwin.report.figures import flow

WATTS = st.floats(0.0, 1e6)


def given_and_taken(links: list[Link], place: str) -> tuple[float, float]:
    given_w = sum(link.mean_w for link in links if link.source == place)
    return given_w, sum(link.mean_w for link in links if link.target == place)


@given(
    it=st.floats(1e6, 2e7), wet=st.floats(0, 1), pump=WATTS, fan=WATTS, room=WATTS, fixed=WATTS, chain=WATTS,
    warm=st.floats(0, 1), taken=st.floats(0, 3e7), lift=WATTS, hub=st.sampled_from(["Grid", "Site"]),
    parts=st.dictionaries(st.sampled_from("abcde"), st.floats(1, 1e9), min_size=1),
)  # fmt: skip
def test_what_enters_a_place_leaves_it(
    it, wet, pump, fan, room, fixed, chain, warm, taken, lift, hub, parts
) -> None:  # type: ignore[no-untyped-def]
    means = {
        "it_w": it,
        "facility_w": it + pump + fan + room + fixed + chain + lift,
        "pump_w": pump,
        "fan_w": fan,
        "room_w": room,
        "fixed_w": fixed,
        "heat_to_water_w": wet * it,
        "heat_to_air_w": (1 - wet) * it + fixed + warm * chain,
        "taken_w": taken,
        "lift_w": lift,
    }
    links = flows(means, parts, hub)
    assert all(link.mean_w >= -1e-6 for link in links)
    places = {link.target for link in links} & {link.source for link in links}
    for place in places:
        given_w, taken_w = given_and_taken(links, place)
        assert given_w == pytest.approx(taken_w, rel=1e-9, abs=1e-3)
    ends = {link.target for link in links} - {link.source for link in links}
    assert ends == {"Dry coolers", "Room coolers", "Outdoor air", "Heat reuse"}
    assert sum(given_and_taken(links, end)[1] for end in ends) == pytest.approx(means["facility_w"], rel=1e-9)
    assert given_and_taken(links, hub)[0] == pytest.approx(means["facility_w"], rel=1e-9)


def test_the_flow_of_a_result_is_that_of_its_signals(result: FakeResult) -> None:
    links = energy_flow(result)
    assert given_and_taken(links, "Grid")[0] == pytest.approx(result.signals["facility_w"].mean(), rel=1e-3)
    assert given_and_taken(links, "Warm water")[1] == pytest.approx(
        result.signals["heat_to_water_w"].mean() + result.signals["pump_w"].mean(), rel=1e-3
    )
    assert min(link.mean_w for link in links) > 0


def supplied(result: FakeResult, **more: float) -> FakeResult:
    """Return `result` with a grid that gives what wind and sun do not, and with other constant signals."""
    meter = result.signals["facility_w"].mean()
    watts = {"wind_w": 6e6, "solar_w": 1e6, "fed_in_w": 5e5, "unused_w": 1e5, **more}
    watts["grid_w"] = meter - 7e6 + 6e5 + 5e4  # of which the battery loses 50 kW
    edges = [result.start_s, result.end_s]
    return replace(result, signals=result.signals | {k: Signal(edges, [v], "W") for k, v in watts.items()})


def test_sources_give_what_the_site_uses_sells_and_loses(result: FakeResult) -> None:
    links = energy_flow(supplied(result))
    given_w, taken_w = given_and_taken(links, "Site")
    assert given_w == pytest.approx(taken_w, rel=1e-3)
    assert given_and_taken(links, "Wind")[0] == 6e6
    assert given_and_taken(links, "Battery losses")[1] == pytest.approx(5e4, rel=1e-3)
    assert given_and_taken(links, "Sold")[1] == 5e5


@pytest.mark.parametrize("inside", [False, True])
def test_heat_that_is_reused_does_not_reach_the_coolers(result: FakeResult, inside: bool) -> None:
    told = replace(
        supplied(result, heat_reused_w=4e6, heat_pump_w=1e5),
        provenance=result.provenance | {"pue_adders": {"heat pumps": 0.01} if inside else {}},
    )
    links = energy_flow(told)
    assert given_and_taken(links, "Heat reuse")[1] == pytest.approx(4e6)
    taken = 4e6 - (1e5 if inside else 0.0)
    assert given_and_taken(links, "Dry coolers")[1] == pytest.approx(
        given_and_taken(links, "Warm water")[1] - taken, rel=1e-9
    )


def test_the_figure_has_a_column_more_with_sources(result: FakeResult) -> None:
    plain, wide = flow(result), flow(supplied(result))
    assert len(set(plain.data[0].node.x)) == 4
    assert len(set(wide.data[0].node.x)) == 5
    assert "from the wind" in wide.layout.meta["alt"]
