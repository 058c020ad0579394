from datetime import UTC, datetime

import pytest

from core.tools.builtin.chance import random_number, roll_dice
from core.tools.builtin.dates import current_time, date_add, date_difference
from core.tools.builtin.texts import text_statistics
from core.tools.builtin.units import convert_units
from core.tools.executor import CannotDoError


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("UTC", "UTC"),
        ("utc", "UTC"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Tokyo", "Asia/Tokyo"),
        ("New York", "America/New_York"),
        ("são paulo", None),
        ("Sao Paulo", "America/Sao_Paulo"),
        ("Ho Chi Minh", "Asia/Ho_Chi_Minh"),
    ],
)
def test_zones_by_name_or_city(zone, name):
    if name is None:
        with pytest.raises(CannotDoError, match="Did you mean America/Sao_Paulo"):
            current_time(zone)
        return
    before = datetime.now(UTC).replace(microsecond=0)
    result = current_time(zone)
    assert result.data["zone"] == name
    told = datetime.fromisoformat(result.data["time"])
    assert before <= told <= datetime.now(UTC)
    assert f"{told:%A}" in result.text


@pytest.mark.parametrize("zone", ["", "Nowhere", "../../etc/passwd", "/etc/localtime", "Europe", "America/"])
def test_unknown_zones_are_refused(zone):
    with pytest.raises(CannotDoError, match="There is no time zone"):
        current_time(zone)


def test_ambiguous_cities_are_named():
    with pytest.raises(CannotDoError, match="Several places"):
        current_time("Louisville")


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2024-01-31", {"months": 1}, "2024-02-29 (Thursday)"),
        ("2023-01-31", {"months": 1}, "2023-02-28 (Tuesday)"),
        ("2024-02-29", {"years": 1}, "2025-02-28 (Friday)"),
        ("2024-03-01", {"days": -1}, "2024-02-29 (Thursday)"),
        ("2024-12-31", {"weeks": 1, "days": 1}, "2025-01-08 (Wednesday)"),
        ("2024-01-01T23:30", {"days": 1}, "2024-01-02T23:30:00 (Tuesday)"),
        ("2024-01-01T10:00+02:00", {"months": -1}, "2023-12-01T10:00:00+02:00 (Friday)"),
        ("2024-01-01T10:00Z", {}, "2024-01-01T10:00:00+00:00 (Monday)"),
        ("20240131", {}, "2024-01-31 (Wednesday)"),
    ],
)
def test_date_add(start, span, end):
    assert date_add(start, **span).text == end


@pytest.mark.parametrize("start", ["", "31.01.2024", "2024-13-01", "2024-02-30", "tomorrow", "2024-1-1"])
def test_what_is_not_a_date_is_refused(start):
    with pytest.raises(CannotDoError, match="is not a date"):
        date_add(start)


@pytest.mark.parametrize("span", [{"years": 9000}, {"days": 10**6 * 5}, {"years": -3000}, {"weeks": -(10**6)}])
def test_dates_outside_the_calendar_are_refused(span):
    with pytest.raises(CannotDoError, match="years 1 to 9999"):
        date_add("2024-01-01", **span)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2024-01-01", "2024-01-01", "0 days: no time at all"),
        ("2024-01-01", "2024-01-02", "1 day: 1 day"),
        ("2024-02-28", "2024-03-01", "2 days: 2 days"),
        ("2000-01-01", "2024-06-15", "8,932 days: 24 years, 5 months, 14 days"),
        ("2024-01-02", "2024-01-01", "-1 day: 1 day (the end lies before the start)"),
        ("2024-01-01T10:00", "2024-01-02T09:00", "0 days: 23 hours"),
        ("2024-01-01", "2024-01-02T09:30", "1 day: 1 day, 9 hours, 30 minutes"),
        ("2024-01-01T00:00Z", "2024-01-01T02:00+02:00", "0 days: no time at all"),
        ("2024-01-01T00:00+02:00", "2024-01-02", "1 day: 1 day"),
    ],
)
def test_date_difference(start, end, text):
    assert date_difference(start, end).text == text


def test_times_with_and_without_zone_do_not_mix():
    with pytest.raises(CannotDoError, match="Give both, or none"):
        date_difference("2024-01-01T10:00", "2024-01-01T10:00Z")


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "result"),
    [
        (1, "mile", "km", "1.609344"),
        (100, "degC", "degF", "212"),
        (98.6, "°F", "°C", "37"),
        (0, "celsius", "kelvin", "273.15"),
        (-40, "C", "F", "-40"),
        (300, "K", "C", "26.85"),
        (20, "° C", "° F", "68"),
        (1, "Kelvin", "kelvin", "1"),
        (1, "inch", "cm", "2.54"),
        (6, '"', "cm", "15.24"),
        (3, "ft", "inch", "36"),
        (60, "mph", "km/h", "96.56064"),
        (60, "miles per hour", "km/h", "96.56064"),
        (1, "km/h", "m/s", "0.27777777777777777778"),
        (1, "GB", "MB", "1000"),
        (1, "GiB", "MiB", "1024"),
        (1, "hectare", "m²", "10000"),
        (1, "hectare", "m2", "10000"),
        (1, "km^2", "hectare", "100"),
        (1, "square meter", "sq ft", "10.763910416709722308"),
        (1, "cubic meter", "liter", "1000"),
        (1, "kWh", "J", "3600000"),
        (1, "lb", "kg", "0.45359237"),
        (1, "fl oz", "ml", "29.5735295625"),
        (1, "nautical mile", "km", "1.852"),
        (1, "light_year", "km", "9460730472580.8"),
        (1, "J/kg/K", "kJ/kg/K", "0.001"),
        (1, "s^-1", "Hz", "1"),
        (1, "1/s", "Hz", "1"),
        (1, "KM", "m", "1000"),
        (50, "%", "dimensionless", "0.5"),
        (9007199254740993, "m", "mm", "9007199254740993000"),
        (0.1, "m", "cm", "10"),
    ],
)
def test_convert_units(value, from_unit, to_unit, result):
    assert convert_units(value, from_unit, to_unit).text.split(" = ")[1].split(" ")[0] == result


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("from_unit", "to_unit", "reason"),
    [
        ("kg", "m", "kilogram .mass. cannot become meter .length."),
        ("foo", "m", "There is no unit 'foo'"),
        ("kilometre_s", "mile", "Did you mean"),
        ("", "m", "is not a unit"),
        ("m", "x" * 200, "is not a unit"),
        ("9**9**9", "m", "Cannot read the unit"),
        ("m**9**9", "m", "Cannot read the unit"),
        ("m^99999999", "m", "Cannot read the unit"),
        ("m^0", "m", "Cannot read the unit"),
        ("__class__", "m", "There is no unit"),
        ("(m)", "m", "Cannot read the unit"),
        ("m//s", "m", "Cannot read the unit"),
        ("dBm", "mW", "Cannot convert"),
        ("USD", "EUR", "There is no unit 'USD'"),
        ("degC/m", "degF/m", "cannot become"),
    ],
)
def test_units_that_cannot_be_converted(from_unit, to_unit, reason):
    with pytest.raises(CannotDoError, match=reason):
        convert_units(1, from_unit, to_unit)


def test_random_numbers_stay_in_their_bounds_and_reach_them():
    drawn = random_number(1, 3, 1000).data
    assert set(drawn) == {1, 2, 3}
    assert random_number(7, 7).text == "7"
    with pytest.raises(CannotDoError, match="greater than high"):
        random_number(2, 1)


@pytest.mark.parametrize(
    ("notation", "low", "high"),
    [
        ("d20", 1, 20),
        ("2d6+3", 5, 15),
        ("2 D6 - 1", 1, 11),
        ("d%", 1, 100),
        ("4d6kh3", 3, 18),
        ("4d6dl1", 3, 18),
        ("2d20kl1", 1, 20),
        ("3d6dh2", 1, 6),
        ("-d4", -4, -1),
        ("1d1+1d1+5", 7, 7),
        ("3d1kh9", 3, 3),
        ("3d1dl9", 0, 0),
        ("7", 7, 7),
    ],
)
def test_dice(notation, low, high):
    totals = {roll_dice(notation).data["total"] for _ in range(50)}
    assert all(low <= total <= high for total in totals)


def test_dice_show_what_was_kept():
    assert roll_dice("3d1kh2-1").text == "1 = 3d1kh2 [1, 1, without 1] - 1"


@pytest.mark.parametrize("notation", ["", "six", "2x6", "d0", "2d", "1d6++2", "d6d6", "2d6kh", "99999d6"])
def test_what_are_no_dice_is_refused(notation):
    with pytest.raises(CannotDoError, match="as dice"):
        roll_dice(notation)


@pytest.mark.parametrize("notation", ["9999d6", "600d6+600d6"])
def test_too_many_dice_are_refused(notation):
    with pytest.raises(CannotDoError, match="At most 1,000 dice"):
        roll_dice(notation)


def test_text_statistics():
    counts = text_statistics("Hello, world! It's well-known.\n\nZwei Sätze. Und einer ohne Ende").data
    assert counts == {
        "characters": 63,
        "characters_without_spaces": 53,
        "words": 10,
        "different_words": 10,
        "sentences": 4,
        "lines": 3,
        "paragraphs": 2,
        "bytes_utf8": 64,
        "reading_minutes": 0.0,
    }


@pytest.mark.parametrize(
    ("text", "sentences"),
    [("", 0), ("...", 1), ("One. Two? Three!", 3), ("3.14 is a number", 1), ("你好。再见。", 2), ("Wait… what", 2)],
)
def test_sentences(text, sentences):
    assert text_statistics(text).data["sentences"] == sentences


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text", ["a-'" * 300_000, "." * 900_000 + "x", "。" * 900_000 + "x", "-" * 900_000, "\n " * 400_000]
)
def test_a_long_text_is_counted_in_a_moment(text):
    assert text_statistics(text).data["characters"] == len(text)
