"""Compute what a joule at the nodes of each site of the catalogue brings with it over a year.

Usage: python scripts/compute_site_years.py

The plant of each site runs through synthetic years of its weather at constant IT power: 80 % of what it is
built for, and as a range at 50 % and 100 % and under three seeds.
Prices and carbon intensity are means of the
measured year behind the statistics of the site's grid. The results go
to ``src/exatwin/catalogue/data/annual``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from exatwin.catalogue.climate import load_grid
from exatwin.catalogue.generic import sized
from exatwin.catalogue.load import machine, names
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.site import Site, load_site
from exatwin.catalogue.tariff import PriceKind
from exatwin.facility.plant import build_plant
from exatwin.facility.running import run_plant
from exatwin.facility.weather import synthetic_weather
from exatwin.foundation.signal import Signal

TARGET = Path(__file__).parents[1] / "src/exatwin/catalogue/data/annual"
START, YEAR_S = datetime(2025, 1, 1), 365 * 86400.0
LOAD, LOADS, SEEDS = 0.8, (0.5, 0.8, 1.0), (0, 1, 2)
STAND_IN = sized("dgx-h100", 8192)


def biggest(site: str) -> Machine:
    """Return the machine of `site` with most nodes; a generic one where the catalogue has none there."""
    there = [found for found in map(machine, names("machines")) if found.file.site == site]
    return max(there, key=lambda found: found.nodes, default=STAND_IN)


def overheads(site: Site, of: Machine) -> tuple[float, float, float]:
    """Return the PUE at the middle load and first seed, and the lowest and highest of all."""
    plant = build_plant(site, of)
    found = {}
    for seed in SEEDS:
        weather = synthetic_weather(site.weather, START, YEAR_S, seed)
        for load in LOADS:
            it_w = Signal([0.0, YEAR_S], [load * plant.design_it_w], "W")
            found[load, seed] = run_plant(plant, it_w, weather, 3600.0).pue
    return found[LOAD, SEEDS[0]], min(found.values()), max(found.values())


def price(site: Site) -> tuple[float, str]:
    """Return the mean price at constant load [EUR/J] and which it is."""
    tariff, grid = site.prices(), load_grid(site.grid)
    energy = grid.measured["price"]["mean"] if tariff.kind is PriceKind.HOURLY else tariff.price_eur_j or 0.0
    text = f"{tariff.title}; mean of the year" if tariff.kind is PriceKind.HOURLY else tariff.title
    return energy + tariff.adders_eur_j, text


def entry_of(name: str) -> list[str]:
    """Return the lines of one site's file."""
    site, of = load_site(name), biggest(name)
    pue, low, high = overheads(site, of)
    eur_j, what = price(site)
    grid = load_grid(site.grid)

    def fact(key: str, value: str, quality: str = "derived") -> str:
        return f'{key} = {{ value = {value}, source = "RUN", quality = "{quality}" }}'

    return [
        "# Computed by scripts/compute_site_years.py from the catalogue's own plant, weather and market.",
        f'name = "{name}"',
        f'title = "{site.title}"',
        f'machine = "{of.name}"',
        fact("load", f"{LOAD}", "assumed"),
        fact("pue", f"{pue:.4f}"),
        fact("pue_low", f"{low:.4f}"),
        fact("pue_high", f"{high:.4f}"),
        f'pue_boundary = "{site.chain().boundary}"',
        fact("price_eur_j", f'"{eur_j:.4e} EUR/J"'),
        f'price_basis = "{what}"',
        fact("carbon_kgco2e_j", f'"{grid.measured["carbon"]["mean"]:.4e} kgCO2e/J"'),
        f'carbon_basis = "{grid.title}; mean of the year"',
        "",
        "[borrowed]",
        *(f'{key} = "{text}"' for key, text in site.stand_ins.items()),
        "",
        "[sources.RUN]",
        'title = "synthetic years of the plant; price and carbon: means of the measured year of the grid"',
        "",
    ]


def main() -> None:
    """Write the files."""
    TARGET.mkdir(exist_ok=True)
    for name in names("sites"):
        (TARGET / f"{name}.toml").write_text("\n".join(entry_of(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
