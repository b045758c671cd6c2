"""Where an address is, by a local database."""

import os

import pytest
from django.utils import translation

from ostiary import checks, places
from tests import mmdb


@pytest.fixture(autouse=True)
def database(ostiary, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "_opened", None)
    path = mmdb.write(tmp_path / "places.mmdb", mmdb.PLACES)
    ostiary(PLACES_DATABASE=str(path))
    return path


def test_an_address_has_a_country_a_city_and_coordinates():
    found = places.place_of(mmdb.PARIS)

    assert found == places.Place("FR", "France", "Paris", 48.86, 2.35)
    assert str(found) == "Paris, France"
    assert places.in_words(mmdb.PARIS) == "Paris, France (198.51.100.7)"


def test_a_network_of_which_only_the_country_is_known():
    assert places.place_of("192.0.2.1") == places.Place("NO", "Norway")
    assert str(places.place_of("192.0.2.1")) == "Norway"


def test_names_are_in_the_language_of_the_page():
    with translation.override("de-at"):
        assert places.place_of(mmdb.PARIS).country_name == "France (de)"
    with translation.override("ar"):
        assert places.place_of(mmdb.PARIS).country_name == "France"


@pytest.mark.parametrize(
    "address", ["", "10.0.0.1", "2001:db8::1", "nonsense", "1.2.3.4.5", "\x00"]
)
def test_what_is_not_in_it_has_no_place(address):
    assert places.place_of(address) is None
    assert places.in_words(address) == address


def test_without_a_database_nothing_has_a_place(ostiary):
    ostiary(PLACES_DATABASE="")
    assert places.place_of(mmdb.PARIS) is None


@pytest.mark.parametrize("content", [b"", b"nonsense", mmdb.MARKER + b"\xff"])
def test_a_file_that_is_no_database_is_logged_and_costs_nobody_anything(database, content, caplog):
    database.write_bytes(content)

    assert places.place_of(mmdb.PARIS) is None
    assert places.place_of(mmdb.PARIS) is None
    assert caplog.text.count("can't be read") == 1


def test_a_file_that_was_replaced_is_read_within_a_minute(database, tmp_path, monkeypatch):
    assert str(places.place_of(mmdb.PARIS)) == "Paris, France"
    newer = mmdb.write(tmp_path / "new", {"198.51.100.0/24": mmdb.PLACES["203.0.113.0/24"]})
    os.utime(newer, (1, 1))
    newer.replace(database)
    assert str(places.place_of(mmdb.PARIS)) == "Paris, France"

    monkeypatch.setattr(places, "LOOK_AGAIN_SECONDS", 0)
    assert str(places.place_of(mmdb.PARIS)) == "Tokyo, Japan"


def test_a_file_that_vanishes_goes_on_answering(database, monkeypatch):
    monkeypatch.setattr(places, "LOOK_AGAIN_SECONDS", 0)
    assert places.place_of(mmdb.PARIS)
    database.unlink()

    assert str(places.place_of(mmdb.PARIS)) == "Paris, France"


def test_distances_are_those_of_the_earth():
    paris, lyon, tokyo = map(places.place_of, (mmdb.PARIS, mmdb.LYON, mmdb.TOKYO))

    assert places.distance_km(paris, lyon) == pytest.approx(392, abs=5)
    assert places.distance_km(paris, tokyo) == pytest.approx(9713, abs=30)
    assert places.distance_km(paris, paris) == 0
    assert places.distance_km(paris, places.place_of("192.0.2.1")) is None


@pytest.mark.parametrize("path", ["/nowhere/places.mmdb", __file__])
def test_a_wrong_file_is_told_before_the_site_starts(ostiary, path):
    ostiary(PLACES_DATABASE=path)

    [problem] = [each for each in checks.check_settings(None) if each.id == "ostiary.E022"]
    assert "PLACES_DATABASE" in problem.msg


def test_a_right_file_is_right():
    assert not [each for each in checks.check_settings(None) if each.id == "ostiary.E022"]
