"""Weather files that people bring: each format, its clock, its gaps, and what is wrong with a line."""

from __future__ import annotations

import gzip
import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from exatwin.facility.weather import read_weather
from exatwin.facility.weather_files import read_columns
from exatwin.foundation.errors import ExatwinError, SpecError, TraceError

DAY_S = 86400.0
YEAR = datetime(2021, 1, 1)
STEPS = [datetime(2021, 1, 1) + timedelta(hours=h) for h in range(8760)]


def air_c(at: datetime) -> float:
    """Return a temperature that tells its hour: month, then hour of the day."""
    return at.month + at.hour / 100


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def epw(path: Path, zone: str = "1.0", years: tuple[int, ...] = (1999, 2004)) -> Path:
    lines = [
        f"LOCATION,Aachen,-,DEU,DWD,105010,50.78,6.09,{zone},202.0",
        "DESIGN CONDITIONS,0",
        "GROUND,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,x",
        "COMMENTS 2,y",
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    for at in STEPS:
        cells = [
            years[at.month % len(years)],
            at.month,
            at.day,
            at.hour + 1,
            60,
            "?",
            air_c(at),
            1.0,
            80,
            99000,
            0,
            0,
            300,
            250,
            0,
            0,
            0,
            0,
            0,
            0,
            220,
            3.5,
            5,
            5,
            20,
            77777,
            9,
            "999999999",
            0,
            0,
            0,
            88,
            0,
            0,
            1,
        ]
        lines.append(",".join(str(cell) for cell in cells))
    return write(path, lines)


def test_epw_is_turned_from_its_standard_time(tmp_path: Path) -> None:
    weather = read_weather(epw(tmp_path / "a.epw"), datetime(2030, 3, 1), DAY_S)
    # Hour 1 of the file is 00:00 to 01:00 an hour east of Greenwich: 23:00 UTC of the day before.
    assert weather.air_k.at([0.0])[0] == pytest.approx(273.15 + 3.01)
    assert weather.air_k.at([23 * 3600.0])[0] == pytest.approx(273.15 + 3.00)
    assert weather.humidity_frac.values[0] == pytest.approx(0.80)
    assert weather.pressure_pa.values[0] == 99_000.0
    assert (weather.sun_w_m2.values[0], weather.wind_m_s.values[0]) == (250.0, 3.5)
    assert weather.source.startswith("EPW file a.epw")


def test_epw_of_one_year_is_dated(tmp_path: Path) -> None:
    path = epw(tmp_path / "a.epw", zone="-5.0", years=(2021,))
    weather = read_weather(path, datetime(2021, 6, 1), DAY_S)
    assert weather.air_k.at([6 * 3600.0])[0] == pytest.approx(273.15 + 6.01)
    assert "used by month" not in weather.source
    assert "used by month" in read_weather(path, datetime(2022, 6, 1), DAY_S).source


def test_pvgis_stands_in_utc_and_its_footer_is_no_data(tmp_path: Path) -> None:
    lines = [
        "Latitude (decimal degrees): 45.000",
        "Longitude (decimal degrees): 8.000",
        "month,year",
        "1,2018",
        "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP",
    ]
    for at in STEPS:
        stamp = at.replace(year=2005 + at.month).strftime("%Y%m%d:%H00")
        lines.append(f"{stamp},{air_c(at)},94.38,-0.0,-0.0,0.0,283.58,0.75,257.0,99870.0")
    lines += ["", "T2m: 2-m air temperature (degree Celsius)", "", "PVGIS (c) European Union"]
    weather = read_weather(write(tmp_path / "tmy.csv", lines), datetime(2025, 12, 31), 2 * DAY_S)
    assert weather.air_k.at([5 * 3600.0, 29 * 3600.0]) == pytest.approx([273.15 + 12.05, 273.15 + 1.05])
    assert weather.sun_w_m2.min() == 0.0


@pytest.mark.parametrize("raw", [False, True])
def test_the_dwds_reference_year_keeps_winter_time(tmp_path: Path, raw: bool) -> None:
    columns = (
        "month,day,hour_mez,t_air_c,p_hpa,wind_dir,wind_ms,cloud_8,w_g_kg,rh_pct,dir_hor_wm2,dif_hor_wm2"
    )
    lines = [columns]
    if raw:
        lines = [
            "Koordinatensystem : Lambert konform konisch",
            "RW Rechtswert",
            "RW HW MM DD HH t p WR WG N x RF B D A E IL",
            "***",
        ]
    for at in STEPS:
        cells = [at.month, at.day, at.hour + 1, air_c(at), 1000, 216, 1.6, 6, 3.8, 88, 100, 50]
        lines.append(
            " ".join(str(c) for c in [3936500, 2449500, *cells, 300, -300, 1])
            if raw
            else ",".join(str(c) for c in cells)
        )
    weather = read_weather(write(tmp_path / "try.dat", lines), datetime(2025, 7, 1), DAY_S)
    assert weather.air_k.values[0] == pytest.approx(273.15 + 7.01)
    assert weather.sun_w_m2.values[0] == 150.0
    assert weather.source == "DWD test reference year file try.dat"


def test_ten_minutes_are_averaged_and_stand_ins_are_named(tmp_path: Path) -> None:
    lines = ["year,month,day,hour,minute,temperature,pressure,wind_speed,global_irradiance"]
    for hour in range(48):
        lines += [
            f"2021,5,{1 + hour // 24},{hour % 24},{m},{10 + m / 10},990,3,100" for m in range(0, 60, 10)
        ]
    weather = read_weather(write(tmp_path / "d.csv", lines), datetime(2021, 5, 1), 2 * DAY_S)
    np.testing.assert_allclose(weather.air_k.values, 273.15 + 12.5)
    assert "humidity: as expected at that temperature in juelich" in weather.source
    assert 0.3 < weather.humidity_frac.mean() < 0.9


def test_nsrdb_takes_the_zone_of_its_heading(tmp_path: Path) -> None:
    heading = ["Source,Location ID,Time Zone", "NSRDB,1,2"]
    rows = [f"2019,6,1,{h},0,{10 + h},0,0,0,1000,3" for h in range(24)]
    header = "Year,Month,Day,Hour,Minute,Temperature,DNI,DHI,GHI,Pressure,Wind Speed"
    zoned = read_columns(write(tmp_path / "a.csv", [*heading, header, *rows]))
    bare = read_columns(write(tmp_path / "b.csv", [header, *rows]))
    assert zoned.times[0] == np.datetime64("2019-05-31T22")
    assert bare.times[0] == np.datetime64("2019-06-01T00")
    assert (zoned.form, bare.form) == ("NSRDB", "NSRDB (taken as UTC)")


def plain(path: Path, rows: list[str], header: str = "time_utc,air_degC,humidity_pct") -> Path:
    return write(path, [header, *rows])


def hourly(count: int, start: datetime = datetime(2025, 1, 1)) -> list[str]:
    return [f"{start + timedelta(hours=h):%Y-%m-%dT%H:%MZ},{h % 20},75" for h in range(count)]


def test_plain_csv_is_read_as_dated_even_gzipped(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv.gz"
    path.write_bytes(gzip.compress(("time_utc,air_degC,humidity_pct\n" + "\n".join(hourly(48))).encode()))
    weather = read_weather(path, datetime(2025, 1, 1, 6), DAY_S, start_s=-6 * 3600.0)
    assert weather.air_k.values[:3].tolist() == pytest.approx([273.15, 274.15, 275.15])
    assert "sun: not in the file, taken as 0" in weather.source
    assert "pressure: the mean of juelich" in weather.source


def test_a_leap_day_is_the_day_before_where_a_typical_year_has_none(tmp_path: Path) -> None:
    weather = read_weather(epw(tmp_path / "a.epw"), datetime(2028, 2, 28), 3 * DAY_S)
    np.testing.assert_array_equal(weather.air_k.values[:24], weather.air_k.values[24:48])
    assert "29 February as the 28th" in weather.source
    assert "29 February" not in read_weather(epw(tmp_path / "b.epw"), datetime(2028, 3, 1), DAY_S).source


def test_a_gap_is_named_and_bridged_only_on_request(tmp_path: Path) -> None:
    rows = hourly(48)
    path = plain(tmp_path / "gap.csv", rows[:10] + rows[13:])
    with pytest.raises(TraceError, match="air is missing for 3 h from 2025-01-01T10 UTC"):
        read_weather(path, datetime(2025, 1, 1), 2 * DAY_S)
    with pytest.raises(TraceError, match="max_gap_h is 2"):
        read_weather(path, datetime(2025, 1, 1), 2 * DAY_S, max_gap_h=2)
    weather = read_weather(path, datetime(2025, 1, 1), 2 * DAY_S, max_gap_h=3)
    assert weather.air_k.values[9:14].tolist() == pytest.approx([282.15, 283.15, 284.15, 285.15, 286.15])
    assert "3 h of air bridged by a straight line" in weather.source


def test_a_gap_outside_the_window_does_no_harm(tmp_path: Path) -> None:
    rows = hourly(48)
    path = plain(tmp_path / "gap.csv", rows[:10] + rows[13:])
    assert len(read_weather(path, datetime(2025, 1, 2), DAY_S).air_k) == 24


def test_a_file_that_is_too_short_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "short.csv", hourly(48))
    with pytest.raises(TraceError, match="covers 2025-01-01T00 to 2025-01-02T23 UTC, expected 2025-06-01T00"):
        read_weather(path, datetime(2025, 6, 1), DAY_S)


def test_years_of_a_long_file_are_not_mixed(tmp_path: Path) -> None:
    rows = [
        f"{datetime(2019, 1, 1) + timedelta(hours=h):%Y-%m-%d %H:%M},{h // 8760},75" for h in range(3 * 8760)
    ]
    weather = read_weather(plain(tmp_path / "long.csv", rows), datetime(2030, 7, 1), DAY_S)
    assert set(weather.air_k.values.tolist()) == {275.15}


def test_a_time_that_stands_twice_is_refused(tmp_path: Path) -> None:
    rows = hourly(30)
    with pytest.raises(TraceError, match="2025-01-01T03:00:00 UTC stands twice"):
        read_weather(plain(tmp_path / "twice.csv", [*rows, rows[3]]), datetime(2025, 1, 1), DAY_S)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (
            "2025-01-01T02:00Z,1e300,75",
            "line 4: 1e300 in the column 'air_degC' is not possible, expected -90 to 60",
        ),
        ("2025-01-01T02:00Z,nine,75", "line 4: 'nine' in column 'air_degC' is no number"),
        ("2025-01-01T02:00Z,9,-5", "line 4: -5 in the column 'humidity_pct' is not possible"),
        ("2025-01-01T02:00Z,9,inf", "line 4: inf in the column 'humidity_pct' is not possible"),
        ("2025-01-01T02:00Z,9", "line 4: found 2 columns, expected 3"),
        ("2025-13-01T02:00Z,9,75", "line 4: there is no time '2025-13-01T02:00Z'"),
        ("01.01.2025,9,75", "line 4: '01.01.2025' is no time"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: str, why: str) -> None:
    rows = hourly(30)
    path = plain(tmp_path / "bad.csv", [*rows[:2], row, *rows[3:]])
    with pytest.raises(TraceError) as caught:
        read_weather(path, datetime(2025, 1, 1), DAY_S)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_humidity_a_little_above_saturation_is_saturation(tmp_path: Path) -> None:
    rows = [row.replace(",75", ",101.5") for row in hourly(24)]
    weather = read_weather(plain(tmp_path / "wet.csv", rows), datetime(2025, 1, 1), DAY_S)
    assert weather.humidity_frac.max() == 1.0


@pytest.mark.parametrize(
    ("content", "error", "why"),
    [
        (b"", TraceError, "the file is empty"),
        (b"\x00\x01\x02", TraceError, "is no text"),
        (b"\x1f\x8b\x08\x00", TraceError, "ends too early"),
        (b"hello,world\n1,2\n", SpecError, "no known weather file"),
        (b"time_utc,air_degC\n", TraceError, "no rows"),
        (b"time_utc,air_degF\n", SpecError, "did you mean 'air_degC'"),
        (b"time_utc,humidity_pct\n2025-01-01,5\n", SpecError, "'air_degC' is missing"),
        (b"LOCATION,a,b\n", TraceError, "time zone is missing"),
        (b"LOCATION,a,b,c,d,e,1,2,99,5\n", TraceError, "line 1: 99"),
        (b"LOCATION,a,b,c,d,e,1,2,1,5\n", TraceError, "'DATA PERIODS' is missing"),
        (b"a\n***\n1 2 3\n", TraceError, "names the columns"),
    ],
)
def test_a_file_that_is_none_is_answered_in_one_line(
    tmp_path: Path, content: bytes, error: type[ExatwinError], why: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_weather(path, datetime(2025, 1, 1), DAY_S)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        read_weather(tmp_path / "none.epw", datetime(2025, 1, 1), DAY_S)
    with pytest.raises(SpecError, match="can't be read"):
        read_weather(tmp_path, datetime(2025, 1, 1), DAY_S)


def daily(at: datetime, noon_h: float) -> float:
    """Return an irradiance that is highest at `noon_h`."""
    return max(0.0, 800 * math.cos(math.pi * (at.hour + 0.5 - noon_h) / 12))


def test_an_epw_whose_clock_does_not_fit_its_sun_is_refused(tmp_path: Path) -> None:
    def sunny(path: Path, zone: str) -> Path:
        lines = epw(path, zone).read_text("utf-8").splitlines()
        rows = [line.split(",") for line in lines[7:]]
        for at, row in zip(STEPS, rows, strict=True):
            row[13] = f"{daily(at, 12.6):.0f}"  # noon of 6 degrees east by a clock of UTC+1
        return write(path, [*lines[:7], *(",".join(row) for row in rows)])

    assert read_weather(sunny(tmp_path / "a.epw", "1.0"), YEAR, DAY_S).sun_w_m2.max() > 700
    with pytest.raises(
        TraceError, match=r"a.epw, line 1: its sun stands highest 8.0 h after noon at 6.09° E"
    ):
        read_weather(sunny(tmp_path / "a.epw", "-7.0"), YEAR, DAY_S)


def test_an_epw_of_half_hours(tmp_path: Path) -> None:
    whole = epw(tmp_path / "a.epw", "0.0", (2021,)).read_text("utf-8").splitlines()
    for first, second in (("30", "60"), ("0", "30")):
        rows = []
        for line in whole[7:]:
            cells = line.split(",")
            for minute, more in ((first, 0.0), (second, 1.0)):
                rows.append(",".join([*cells[:4], minute, cells[5], str(float(cells[6]) + more), *cells[7:]]))
        path = write(tmp_path / "half.epw", [*whole[:7], *rows])
        assert read_columns(path).times[:3].tolist() == [
            datetime(2021, 1, 1, 0, 0), datetime(2021, 1, 1, 0, 30), datetime(2021, 1, 1, 1, 0),
        ]  # fmt: skip
        assert read_weather(path, datetime(2021, 6, 1), DAY_S).air_k.values[0] == pytest.approx(279.65)


def test_an_epw_with_a_hole_is_refused_where_it_matters(tmp_path: Path) -> None:
    lines = epw(tmp_path / "a.epw", "0.0").read_text("utf-8").splitlines()
    missing = [line for line in lines if not line.startswith("1999,2,3,5,") and ",2,3,5," not in line]
    path = write(tmp_path / "hole.epw", missing)
    with pytest.raises(TraceError, match="air is missing for 1 h from 2030-02-03T04 UTC"):
        read_weather(path, datetime(2030, 2, 1), 5 * DAY_S)
    marked = [line.replace(",2.04,1.0,", ",99.9,1.0,") for line in lines]
    with pytest.raises(TraceError, match="air is missing for 1 h from 2030-02-01T04 UTC"):
        read_weather(write(tmp_path / "marked.epw", marked), datetime(2030, 2, 1), 5 * DAY_S)


TMY3 = "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),Dry-bulb (C),RHum (%),Pressure (mbar),Wspd (m/s)"


def tmy3(path: Path, zone: str) -> Path:
    rows = [
        f"{at.month:02d}/{at.day:02d}/{1990 + at.month},{at.hour + 1:02d}:00,"
        f"{daily(at, 12.3):.0f},{air_c(at)},55,985,2.1"
        for at in STEPS
    ]
    return write(path, [f'723183,"OAK RIDGE",TN,{zone},36.02,-84.23,277', TMY3, *rows])


def test_tmy3_keeps_the_standard_time_of_its_first_line(tmp_path: Path) -> None:
    weather = read_weather(tmy3(tmp_path / "t.csv", "-6.0"), datetime(2026, 7, 1, 6), DAY_S)
    assert weather.air_k.values[0] == pytest.approx(273.15 + 7.00)
    assert weather.source == "TMY3 file t.csv"
    assert weather.pressure_pa.values[0] == 98_500.0
    with pytest.raises(TraceError, match=r"line 1: its sun stands highest 6.3 h before noon at -84.23° E"):
        read_weather(tmy3(tmp_path / "t.csv", "1.0"), YEAR, DAY_S)


def test_nsrdb_of_months_from_many_years_is_typical(tmp_path: Path) -> None:
    rows = [
        f"{2000 + (at.month * 7) % 12},{at.month},{at.day},{at.hour},0,{air_c(at)},0,0,"
        f"{daily(at, 12):.0f},990,3"
        for at in STEPS
    ]
    heading = ["Source,Time Zone,Longitude", "NSRDB,0,0.5"]
    header = "Year,Month,Day,Hour,Minute,Temperature,DNI,DHI,GHI,Pressure,Wind Speed"
    weather = read_weather(
        write(tmp_path / "tmy.csv", [*heading, header, *rows]), datetime(2026, 11, 30), 2 * DAY_S
    )
    assert weather.air_k.values[[0, 24]] == pytest.approx([273.15 + 11.0, 273.15 + 12.0])


def test_offsets_are_turned_to_utc(tmp_path: Path) -> None:
    rows = [
        f"{datetime(2025, 1, 1) + timedelta(hours=h):%Y-%m-%dT%H:%M}+01:00,{h % 20},75" for h in range(48)
    ]
    path = plain(tmp_path / "mez.csv", rows, "time,air_degC,humidity_pct")
    assert read_columns(path).times[0] == np.datetime64("2024-12-31T23:00")
    assert read_columns(plain(tmp_path / "utc.csv", rows)).times[0] == np.datetime64("2024-12-31T23:00")
    naive = [row.replace("+01:00", "") for row in rows]
    with pytest.raises(TraceError, match=r"line 2: '2025-01-01T00:00' names no zone, expected one such as"):
        read_columns(plain(tmp_path / "naive.csv", naive, "time,air_degC,humidity_pct"))


def test_the_change_of_the_clocks_needs_no_repair_with_offsets(tmp_path: Path) -> None:
    stamps = ["2025-10-26T02:00+02:00", "2025-10-26T02:00+01:00", "2025-10-26T03:00+01:00"]
    path = plain(
        tmp_path / "autumn.csv", [f"{s},{k},75" for k, s in enumerate(stamps)], "time,air_degC,humidity_pct"
    )
    weather = read_weather(path, datetime(2025, 10, 26), 3 * 3600.0)
    assert weather.air_k.values == pytest.approx([273.15, 274.15, 275.15])


def test_an_hour_with_few_rows_is_told_and_one_with_fewer_is_a_gap(tmp_path: Path) -> None:
    rows = [
        f"{datetime(2025, 1, 1) + timedelta(minutes=10 * k):%Y-%m-%dT%H:%MZ},{k % 6},75"
        for k in range(6 * 24)
    ]
    few = plain(tmp_path / "few.csv", rows[:7] + rows[9:])
    assert "1 h of air from fewer rows than usual" in read_weather(few, datetime(2025, 1, 1), DAY_S).source
    fewer = plain(tmp_path / "fewer.csv", rows[:7] + rows[11:])
    with pytest.raises(TraceError, match="air is missing for 1 h from 2025-01-01T01 UTC"):
        read_weather(fewer, datetime(2025, 1, 1), DAY_S)


def test_three_hours_a_row_are_gaps(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="air is missing for 2 h from 2025-01-01T01 UTC"):
        read_weather(plain(tmp_path / "three.csv", hourly(48)[::3]), datetime(2025, 1, 1), DAY_S)


def test_a_leap_year_serves_another(tmp_path: Path) -> None:
    rows = [row.replace(",75", "") for row in hourly(8784, datetime(2024, 1, 1))]
    path = plain(tmp_path / "leap.csv", rows, "time_utc,air_degC")
    own = read_weather(path, datetime(2024, 2, 29), DAY_S)
    other = read_weather(path, datetime(2028, 2, 29), DAY_S)
    np.testing.assert_array_equal(own.air_k.values, other.air_k.values)
    assert "29 February" not in other.source
    after = read_weather(path, datetime(2025, 2, 28), 2 * DAY_S).air_k.values
    assert after[24] - 273.15 == pytest.approx((31 + 29) * 24 % 20)


def test_local_time_that_calls_itself_utc_is_told(tmp_path: Path) -> None:
    rows = [f"{at:%Y-%m-%dT%H:%MZ},{air_c(at)},{daily(at, 12.6):.0f}" for at in STEPS[:2000]]
    path = plain(tmp_path / "local.csv", rows, "time_utc,air_degC,sun_W_m2")
    told = read_weather(path, datetime(2021, 2, 1), DAY_S, longitude_deg=6.41).source
    assert (
        "its sun stands highest 1.0 h after noon at 6.41° E: from another place, or its time is not UTC"
        in told
    )
    assert "stands highest" not in read_weather(path, datetime(2021, 2, 1), DAY_S, longitude_deg=-9.0).source
