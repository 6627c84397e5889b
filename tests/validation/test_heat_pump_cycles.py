"""The second-law heat pump beside vapour-compression cycles of CoolProp, and water beside its tables."""

from __future__ import annotations

import pytest

from exatwin.facility.heat import WATER_J_K_M3, HeatPump

properties = pytest.importorskip("CoolProp.CoolProp", reason="CoolProp is not installed").PropsSI
SOURCES_C = (30.0, 35.0, 45.0, 50.0)
SINKS_C = (70.0, 80.0, 90.0)


def cycle_cop(fluid: str, source_k: float, sink_k: float) -> float:
    """One stage: 5 K at each exchanger, 5 K of superheat and of subcooling, 75 % isentropic efficiency."""
    low = properties("P", "T", source_k - 5.0, "Q", 1, fluid)
    high = properties("P", "T", sink_k + 5.0, "Q", 0, fluid)
    before = properties("H", "T", source_k, "P", low, fluid)
    entropy = properties("S", "T", source_k, "P", low, fluid)
    after = before + (properties("H", "S", entropy, "P", high, fluid) - before) / 0.75
    back = properties("H", "T", sink_k, "P", high, fluid)
    return (after - back) / (after - before)


@pytest.mark.parametrize(("fluid", "efficiency"), [("R717", 0.52), ("R600a", 0.49), ("R1234ze(E)", 0.47)])
def test_one_second_law_efficiency_follows_the_cycle_within_ten_percent(fluid, efficiency):
    pump = HeatPump(rated_w=1e6, carnot_frac=efficiency, cop_max=99.0, degradation=1.0, standby_w=0.0)
    lifts = [(s + 273.15, t + 273.15) for s in SOURCES_C for t in SINKS_C if t - s >= 25.0]
    assert len(lifts) == 11
    errors = [float(pump.cop(s, t)) / cycle_cop(fluid, s, t) - 1.0 for s, t in lifts]
    assert max(abs(error) for error in errors) < 0.10, [f"{error:+.3f}" for error in errors]


def test_tank_water_is_water():
    for celsius, tolerance in ((40.0, 0.01), (50.0, 0.005), (70.0, 0.015)):
        state = ("T", celsius + 273.15, "P", 3e5, "Water")
        assert properties("D", *state) * properties("C", *state) == pytest.approx(WATER_J_K_M3, rel=tolerance)
