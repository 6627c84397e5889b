"""Whatever is asked or read: hours keep their weather, air stays physical, errors are those of exatwin."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exatwin.account.market import read_market, synthetic_market
from exatwin.facility.psychrometrics import wet_bulb_k
from exatwin.facility.weather import read_weather, synthetic_weather
from exatwin.foundation.errors import ExatwinError

START = datetime(2024, 12, 20)
HOUR_S = 3600.0
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@cache
def whole() -> tuple[np.ndarray, np.ndarray]:
    """Return temperature and price of forty days across a new year."""
    weather = synthetic_weather("juelich", START, 40 * 24 * HOUR_S)
    return weather.air_k.values, synthetic_market("de", START, 40 * 24 * HOUR_S).price_eur_j.values


@QUICK
@given(
    first=st.integers(0, 900), count=st.integers(1, 50), before=st.integers(0, 48), minutes=st.integers(0, 59)
)
def test_windows_agree_wherever_they_overlap(first: int, count: int, before: int, minutes: int) -> None:
    start = START + timedelta(hours=first, minutes=minutes)
    low_s = -HOUR_S * min(before, first)
    end_s = HOUR_S * count
    weather = synthetic_weather("juelich", start, end_s, start_s=low_s)
    market = synthetic_market("de", start, end_s, start_s=low_s)
    assert (weather.air_k.start_s, weather.air_k.end_s) == (low_s, end_s)
    index = np.floor((weather.air_k.edges_s[:-1] / HOUR_S) + first + minutes / 60 + 1e-9).astype(int)
    np.testing.assert_array_equal(weather.air_k.values, whole()[0][index])
    np.testing.assert_array_equal(market.price_eur_j.values, whole()[1][index])


@given(air=st.floats(213.15, 328.15), humidity=st.floats(0.0, 1.0), pressure=st.floats(60_000.0, 108_000.0))
def test_wet_bulb_lies_between_hard_frost_and_the_dry_bulb(
    air: float, humidity: float, pressure: float
) -> None:
    bulb = float(wet_bulb_k(air, humidity, pressure))
    assert air - 50 < bulb <= air + 2e-3


SAMPLES = [
    "time_utc,air_degC,humidity_pct\n2025-01-01T00:00Z,5,70\n2025-01-01T01:00Z,6,71\n",
    "time_utc,price_eur_mwh,carbon_g_kwh\n2025-01-01T00:00Z,5,70\n2025-01-01T01:00Z,6,71\n",
    "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] x\n01.01.2025 01:00;01.01.2025 02:00;1.005,2\n",
    "Start date;End date;Germany/Luxembourg [€/MWh] x\nJan 1, 2025 1:00 AM;Jan 1, 2025 2:00 AM;5.2\n",
    "LOCATION,a,b,c,d,e,1,2,1.0,5\nDATA PERIODS,1\n"
    "1999,1,1,1,60,?,5,1,80,99000,0,0,300,9,0,0,0,0,0,0,220,3.5,5\n",
    "time(UTC),T2m,RH,G(h),WS10m,SP\n20180101:0000,2.04,94.38,0.0,0.75,99870.0\n\nfoot\n",
    "x\nMM DD HH t p WG RF B D\n***\n1 1 1 5 990 3 80 0 0\n",
    "month,day,hour_mez,t_air_c,p_hpa,wind_ms,rh_pct,dir_hor_wm2,dif_hor_wm2\n1,1,1,1.3,1000,1.6,88,0,0\n",
    "year,month,day,hour,minute,temperature,pressure\n2021,1,1,0,0,1.3,977.2\n",
    "Year,Month,Day,Hour,Minute,Temperature,GHI\n2019,1,1,0,0,1.5,0\n",
]
TOKENS = st.sampled_from(
    [
        "",
        "1e300",
        "-1",
        "99999999999999999999",
        "nan",
        "inf",
        "29",
        "2100",
        "\x00",
        "ü",
        ",",
        ";",
        "\n",
        "x",
        "0",
    ]
)


def refusal(reader: object, path: Path) -> str | None:
    """Return what the reader says against the file, or None where it reads it."""
    try:
        reader(path, datetime(2025, 1, 1), 7200.0)  # type: ignore[operator]
    except ExatwinError as error:
        return str(error)
    return None


@pytest.mark.parametrize("reader", [read_weather, read_market])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_files_are_read_or_refused_in_one_line(
    reader: object, tmp_path: Path, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(SAMPLES))
    for _ in range(data.draw(st.integers(0, 3))):
        low = data.draw(st.integers(0, len(text)))
        high = data.draw(st.integers(low, min(len(text), low + 8)))
        text = text[:low] + data.draw(TOKENS) + text[high:]
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    said = refusal(reader, path)
    assert said is None or ("\n" not in said and "file.csv" in said)


@pytest.mark.parametrize("reader", [read_weather, read_market])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_noise_is_refused_in_one_line(reader: object, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(content)
    with pytest.raises(ExatwinError) as caught:
        reader(path, datetime(2025, 1, 1), 7200.0)  # type: ignore[operator]
    assert "\n" not in str(caught.value)
