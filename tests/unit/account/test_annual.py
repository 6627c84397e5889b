"""Bills by yearly means: they agree with the files and the simulated year that they stand for."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from exatwin.account.annual import settle_by_means, year_of
from exatwin.catalogue.annual import site_year
from exatwin.catalogue.climate import load_grid
from exatwin.catalogue.load import data_folder, machine, names
from exatwin.catalogue.site import load_site
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.facility.weather import synthetic_weather
from exatwin.foundation.errors import CatalogueError
from exatwin.foundation.signal import Signal


def test_every_site_has_its_year() -> None:
    assert names("annual") == names("sites")


def test_the_pue_is_that_of_a_simulated_year() -> None:
    site, year_s = load_site("juelich"), 365 * 86400.0
    plant = build_plant(site, machine("jupiter"))
    it_w = Signal([0.0, year_s], [site_year("juelich").load_frac * plant.design_it_w], "W")
    run = run_plant(plant, it_w, synthetic_weather(site.weather, datetime(2025, 1, 1), year_s), 3600.0)
    assert site_year("juelich").pue == pytest.approx(run.pue, abs=1e-3)


@pytest.mark.parametrize("name", names("sites"))
def test_prices_and_carbon_are_those_of_the_files(name: str) -> None:
    site, year = load_site(name), site_year(name)
    tariff, measured = site.prices(), load_grid(site.grid).measured
    energy = measured["price"]["mean"] if tariff.price_eur_j is None else tariff.price_eur_j
    assert year.price_eur_j == pytest.approx(energy + tariff.adders_eur_j, rel=1e-4)
    assert year.carbon_kgco2e_j == pytest.approx(measured["carbon"]["mean"], rel=1e-4)
    assert year.borrowed == site.stand_ins
    assert year.pue_boundary == site.chain().boundary
    assert year.pue_low <= year.pue <= year.pue_high


def test_a_bill_is_energy_times_means() -> None:
    bill = settle_by_means(3.6e9, "juelich")
    assert bill.energy_j == pytest.approx(3.6e9 * bill.year.pue)
    assert bill.cost_eur == pytest.approx(1000.0 * bill.year.pue * bill.year.price_eur_j * 3.6e6)
    assert bill.carbon_kgco2e == pytest.approx(bill.energy_j * bill.year.carbon_kgco2e_j)
    assert not any("borrowed" in note for note in bill.notes())


def test_a_borrowed_grid_is_said() -> None:
    notes = settle_by_means(1.0, "oak-ridge").notes()
    assert any("United States" in note and "Germany stand in" in note for note in notes)
    assert any("not measured" in note for note in notes)


def test_a_site_of_ones_own_is_billed_by_its_own_tariff(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    text = (data_folder() / "sites" / "generic.toml").read_text(encoding="utf-8")
    own.write_text(text.replace('tariff = "flat-020"', 'tariff = "de-day-ahead"', 1), encoding="utf-8")
    bill = settle_by_means(1.0, str(own))
    assert bill.year.price_eur_j == pytest.approx(site_year("juelich").price_eur_j, rel=1e-4)
    assert any("generic centre stands in" in note for note in bill.notes())
    assert bill.document()["pue"] == site_year("generic").pue


def test_an_unknown_site_is_refused() -> None:
    with pytest.raises(CatalogueError, match="atlantis"):
        settle_by_means(1.0, "atlantis")


def test_no_year_is_simulated() -> None:
    year_of.cache_clear()
    began = time.process_time()
    settle_by_means(1.0, "kajaani")
    assert time.process_time() - began < 0.02
