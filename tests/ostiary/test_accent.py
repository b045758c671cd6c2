"""Whatever colour an operator chooses, every page can be read."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ostiary import accent
from ostiary.accent import DARK, LIGHT, contrast, parse, shades

TOKENS = Path(__file__).resolve().parents[2] / "static" / "ostiary" / "tokens.css"
COLOURS = st.tuples(*[st.integers(0, 255)] * 3)
UGLY_YELLOW, NEAR_BLACK, NEAR_WHITE = (255, 230, 0), (5, 0, 0), (253, 253, 253)


def tokens():
    """Each token in light and in dark, where it is a pair of colours."""
    pair = r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)"
    found = re.findall(pair, TOKENS.read_text())
    return {name: {LIGHT: parse(light), DARK: parse(dark)} for name, light, dark in found}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_surfaces_are_those_of_the_pages(theme):
    known = tokens()
    names = ("page", "sunken", "warning-wash", "danger-wash")
    assert theme.surface == known["surface"][theme]
    assert theme.others == tuple(known[name][theme] for name in names)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@given(colour=COLOURS)
@example(colour=UGLY_YELLOW)
@example(colour=NEAR_BLACK)
@example(colour=NEAR_WHITE)
@example(colour=(0, 0, 255))
@example(colour=(0, 255, 0))
@example(colour=(119, 119, 119))
def test_any_colour_gives_readable_pages(theme, colour):
    given_by = shades(colour, theme)
    brand, strong, wash, on_brand = map(
        parse, (given_by.brand, given_by.strong, given_by.wash, given_by.on_brand)
    )
    for stood_on in (theme.surface, *theme.others, wash):  # as links, and as buttons
        assert contrast(brand, stood_on) >= 4.5
        assert contrast(strong, stood_on) >= 4.5
    assert on_brand in ((0, 0, 0), (255, 255, 255))
    assert contrast(on_brand, brand) >= 4.5
    assert contrast(on_brand, strong) >= 4.5
    for text in ("ink", "quiet"):
        assert contrast(tokens()[text][theme], wash) >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert shades((20, 87, 75), LIGHT).brand == "#14574b"
    assert shades((134, 211, 189), DARK).brand == "#86d3bd"


def test_black_is_grey_in_the_dark_and_no_colour_comes_from_nowhere():
    red, green, blue = parse(shades(NEAR_BLACK, DARK).brand)
    assert max(red, green, blue) - min(red, green, blue) < 40


@pytest.mark.parametrize("colour", ["#ffe600", "ffe600", " #FFE600 ", "#fe6"])
def test_a_colour_is_written_in_three_or_six_digits(colour):
    assert parse(colour) in ((255, 230, 0), (255, 238, 102))


@pytest.mark.parametrize(
    "text",
    ["", "#", "#ff", "#ffff", "#fffffff", "red", "#ggg", "#fff;}", "#fff\n}", "url(x)", "#１２３"],
)
def test_anything_else_is_none(text):
    assert parse(text) is None


@given(colour=COLOURS)
def test_the_stylesheet_holds_nothing_but_colours(colour):
    line = r"  --[a-z-]+: light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\);\n"
    assert re.fullmatch(rf":root \{{\n({line})+\}}\n", accent.stylesheet(colour))
