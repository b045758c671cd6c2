"""Names in every script, and nothing that hides how one reads (RFC 7591 §2.2)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth import display_text

IN_EVERY_SCRIPT = {
    "Persian, with a non-joiner": "نرم\u200cافزار",
    "Hindi, with a joiner": "क्\u200dष",
    "a family of emoji": "Family 👨\u200d👩\u200d👧",
    "a flag of tags": "Notes 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a heart with its variation selector": "❤\ufe0f",
    "a no-break space": "Notes\u00a0App",
    "French": "Qui est là\u202f?",
    "Japanese": "メモ\u3000帳",
    "German, with a soft hyphen": "Donau\u00addampf",
    "Hebrew, with a mark": "שלום\u200f",
    "Arabic, with a mark": "\u061cتطبيق 2\u200e",
    "Khmer, with zero width spaces": "កម្ម\u200bវិធី",
    "Turkish": "Işık İstanbul",
    "decomposed": "Cafe\u0301",
    "an emoji that Python doesn't know yet": "Notes \U0001fae9\U0001faff",
    "symbols": "C++ & <b>\"Notes\"</b> 'x' — ™ \\",
}


@pytest.mark.parametrize("name", IN_EVERY_SCRIPT.values(), ids=IN_EVERY_SCRIPT)
def test_words_of_every_script_are_taken(name):
    """plausible/analytics #6684, matrix-rust-sdk #6890."""
    assert display_text.problem(name) == ""
    assert not display_text.is_blank(name)


@pytest.mark.parametrize(
    "character",
    [
        *"\x00\t\n\r\x1b\x7f\x85\u2028\u2029\ud800\ue000\ufdd0\uffff\U0010fffe\u2065\U000e0fff",
        *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    ],
)
def test_what_moves_or_cuts_the_text_around_it_is_named(character):
    assert f"U+{ord(character):04X}" in display_text.problem(f"a{character}b")


@given(st.text())
def test_any_text_is_judged_without_an_error(text):
    wrong = display_text.problem(text)

    assert (wrong == "") or "U+" in wrong
    assert display_text.is_blank(text) in (True, False)
    assert not (
        display_text.is_blank(text) and any(map(str.isalnum, text.translate(UNSEEN_LETTERS)))
    )


UNSEEN_LETTERS = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0"))


@given(
    st.characters(categories=["Cc", "Cs", "Co", "Zl", "Zp"])
    | st.integers(0, 33).map(lambda n: chr(0x10000 * (n // 2) + 0xFFFE + n % 2))
)
def test_no_control_and_no_character_that_is_none_is_taken(character):
    assert unicodedata.category(character)[0] in "CZ"
    assert display_text.problem(character)
