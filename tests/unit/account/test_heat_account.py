"""What heat earns and displaces, against sums by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from exatwin.account.heat import heat_basis, settle_heat
from exatwin.catalogue.load import entry, machine
from exatwin.catalogue.reuse import Boundary
from exatwin.catalogue.site import load_site
from exatwin.catalogue.tariff import Tariff
from exatwin.facility.plant import build_plant
from exatwin.facility.reuse import Reuse
from exatwin.facility.running import run_plant
from exatwin.foundation.errors import SpecError
from exatwin.foundation.signal import Signal

DAY = 86400.0
MWH = 3.6e9
FLAT = entry(Tariff, "tariffs", "flat-020")


def market(end_s=DAY):
    """0.3 kg CO2e a kilowatt-hour, and a price that the flat tariff does not look at."""
    carbon = Signal.constant(0.3 / 3.6e6, 0.0, end_s, "kgCO2e/J")
    return SimpleNamespace(carbon_kgco2e_j=carbon, price_eur_j=Signal.constant(1.0, 0.0, end_s, "EUR/J"))


@pytest.fixture(scope="module", params=list(Boundary))
def settled(request):
    """A day of 12 MW of IT that gives 5 MW of heat."""
    reuse = load_site("juelich").plant().reuse.model_copy(update={"demand_w": 5e6, "boundary": request.param})
    plant = replace(
        build_plant(load_site("juelich"), machine("jupiter")), reuse=Reuse.sized(reuse, 16e6, 319.15, 10.0)
    )
    air = Signal.constant(278.15, 0.0, DAY, "K")
    run = run_plant(
        plant,
        Signal.constant(12e6, 0.0, DAY, "W"),
        SimpleNamespace(air_k=air, wet_bulb_k=air),
        heat_demand_w=Signal.constant(5e6, 0.0, DAY, "W"),
    )
    return run, reuse, settle_heat(run, reuse, market(), FLAT, 0.0, DAY)


def test_heat_is_paid_and_displaces_by_the_megawatt_hour(settled):
    _, _, found = settled
    assert found.given_j == pytest.approx(120 * MWH)
    assert found.unmet_j == pytest.approx(0.0, abs=1.0)
    assert found.revenue_eur == pytest.approx(120 * 40.0)
    assert found.displaced_kgco2e == pytest.approx(120e3 * 0.22)


def test_heat_pumps_cost_what_their_electricity_does(settled):
    run, _, found = settled
    cop = 0.55 * 343.15 / (343.15 - 316.15)
    assert found.heat_pump_j == pytest.approx(120 * MWH / cop)
    assert found.lifting_eur == pytest.approx(120 / cop * 200.0)
    assert found.saved_kgco2e == pytest.approx(120e3 * (0.22 - 0.3 / cop))
    assert found.earned_eur == pytest.approx(120 * (40.0 - 200.0 / cop))
    assert found.erf == pytest.approx(run.erf)
    assert found.ere == pytest.approx(run.ere)


def test_the_hand_over_lies_where_the_boundary_says(settled):
    _, reuse, found = settled
    behind = 0.0 if reuse.boundary is Boundary.INSIDE else found.heat_pump_j
    assert found.reused_j == pytest.approx(120 * MWH - behind)
    assert reuse.boundary.value in heat_basis(reuse)
    assert found.figures()["saved_kgco2e"] == found.saved_kgco2e


def test_time_without_carbon_intensity_is_refused(settled):
    run, reuse, _ = settled
    with pytest.raises(SpecError, match="carbon intensity covers"):
        settle_heat(run, reuse, market(DAY / 2), FLAT, 0.0, DAY)
    with pytest.raises(SpecError, match="the account needs more"):
        settle_heat(run, reuse, market(), FLAT, 0.0, 2 * DAY)


def test_a_plant_without_customers_has_no_account(settled):
    run, reuse, _ = settled
    bare = replace(run, plant=replace(run.plant, reuse=None))
    assert settle_heat(bare, reuse, market(), FLAT, 0.0, DAY) is None
