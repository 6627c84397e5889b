"""What an operator states for the reports that law asks for, and no twin can know."""

from __future__ import annotations

from typing import Annotated

from exatwin.foundation.spec import Bytes, BytesPerSecond, Fraction, Joules, Quantity, Ratio, Spec, Watts

SquareMetres = Annotated[float, Quantity("m^2", minimum=0.0)]


class Reporting(Spec):
    """The stated part of the reports; every key may stay blank, and the report then says what to supply."""

    name: str = ""
    """Name of the data centre, if other than the site's title."""
    owner: str = ""
    """Who owns it."""
    operator: str = ""
    """Who runs it, if other than the site's operator."""
    contact: str = ""
    """Address of owner and operator."""
    lau_code: str = ""
    """Local administrative unit by Eurostat's tables."""
    postcode: str = ""
    """Postcode."""
    type: str = ""
    """``enterprise``, ``colocation`` or ``co-hosting``; structure or group of structures."""
    public_sector: bool = False
    """Whether a public body runs it."""
    electrical_redundancy: str = ""
    """At high voltage, low voltage and rack, such as ``N / N+1 / 2N``."""
    cooling_redundancy: str = ""
    """At room and rack, such as ``N+1 / N``."""
    floor_area_m2: SquareMetres | None = None
    """All floors."""
    computer_room_area_m2: SquareMetres | None = None
    """Computer rooms."""
    non_redundant_connection_w: Watts | None = None
    """Rated power of the connection without its redundant part."""
    backup_energy_j: Joules | None = None
    """Energy from back-up generators in the year."""
    grid_functions: str = ""
    """What it does for the grid, such as shifting of peaks; ``none``."""
    battery_offered_w: Watts | None = None
    """Mean battery power offered to the grid."""
    potable_share_frac: Fraction | None = None
    """Share of drinking water in the water taken in."""
    refrigerants: list[str] = []
    """Refrigerants in use."""
    guarantees_of_origin_j: Joules | None = None
    """Renewable energy by guarantees of origin bought and retired in the year."""
    ppa_j: Joules | None = None
    """Renewable energy by power purchase agreements whose guarantees were retired."""
    onsite_j: Joules | None = None
    """Renewable energy generated inside the boundary."""
    sert_score: Ratio | None = None
    """Sum of the servers' SERT active-state performance on 31 December."""
    storage_b: Bytes | None = None
    """Raw capacity of all storage on 31 December."""
    bandwidth_in_b_s: BytesPerSecond | None = None
    """Provisioned incoming bandwidth."""
    bandwidth_out_b_s: BytesPerSecond | None = None
    """Provisioned outgoing bandwidth."""
    traffic_in_b: Bytes | None = None
    """Incoming data in the year."""
    traffic_out_b: Bytes | None = None
    """Outgoing data in the year."""
    data_processed_b: Bytes | None = None
    """Data processed in the year."""
    heat_to_water_and_soil_j: Joules | None = None
    """Waste heat let into water and soil in the year."""
    heat_control: str = ""
    """Whether temperature, pressure and feed-in of the waste heat can be controlled."""


__all__ = ["Reporting"]
