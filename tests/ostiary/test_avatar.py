"""Initials and colour of whoever has no picture, for names of any script."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from ostiary import avatar

CSS = Path(__file__).parents[2] / "static" / "ostiary" / "ostiary.css"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Ada King, Countess of Lovelace", "AL"),
        ("  Élodie   d'Été ", "ÉD"),
        ("E\u0301lodie", "É"),
        ("山田 太郎", "山太"),
        ("山田太郎", "山"),
        ("محمد علي", "م\u200cع"),
        ("דוד כהן", "דכ"),
        ("क्षितिज राय", "क्षिरा"),
        ("ßen ﬁne", "ßF"),
        ("\u10d0\u10d1 \u10d2", "\u10d0\u10d2"),
        ("🦊 Fox 🦊", "F"),
        ("🦊Fox", "F"),
        ("🦊🦊", ""),
        ("\u202eevil", "E"),
        ("R2 D2", "RD"),
        ("", ""),
        (" \t\n", ""),
        ("\x00", ""),
        ("a" + "\u0301" * 500, "Á\u0301\u0301\u0301"),
    ],
)
def test_initials_are_the_first_letters_of_the_first_and_the_last_word(name, letters):
    assert avatar.initials(name) == letters


@pytest.mark.parametrize(
    ("name", "username", "letters"),
    [
        ("", "ada.lovelace@example.com", "AL"),
        ("🦊", "fox@example.com", "F"),
        ("", "42@example.com", "4"),
        ("", "--@example.com", ""),
        ("", "plain_name", "PN"),
    ],
)
def test_without_a_name_they_are_those_of_the_address(name, username, letters):
    user = SimpleNamespace(pk=1, get_username=lambda: username, get_full_name=lambda: name)

    assert avatar.of(user).initials == letters


def test_a_user_model_without_names_has_initials_too():
    assert avatar.of(SimpleNamespace(pk=1, get_username=lambda: "ada")).initials == "A"


def test_the_colour_is_the_same_each_time_and_all_of_them_occur():
    def colour(pk):
        return avatar.of(SimpleNamespace(pk=pk, get_username=lambda: "ada")).colour

    assert colour("x") == colour("x")
    assert {colour(pk) for pk in range(200)} == set(range(avatar.COLOURS))


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_white_letters_can_be_read_on_each_colour():
    css = CSS.read_text()
    [first] = re.findall(r"\.avatar \{[^}]*background: #([0-9a-f]{6})", css)
    others = re.findall(r"\.avatar-colour-\d \{ background: #([0-9a-f]{6})", css)

    assert len({first, *others}) == avatar.COLOURS
    for colour in (first, *others):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour
