"""Addresses, numbers and names in text that goes from right to left (UAX #9)."""

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from ostiary import bidi, export_labels, export_page, message_source, notifications, places
from ostiary.bidi import FSI, LRI, PDI


@pytest.fixture
def arabic():
    with translation.override("ar"):
        yield


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_text_from_left_to_right_is_as_it_was(language):
    with translation.override(language):
        assert bidi.ltr("1234 5678") == "1234 5678"
        assert bidi.isolated("Firefox") == "Firefox"
        assert Template("{% load ostiary_values %}{{ v|ltr }}").render(Context({"v": "<7"})) == (
            "&lt;7"
        )


def test_a_name_from_right_to_left_keeps_to_itself_in_a_text_from_left_to_right():
    with translation.override("en"):
        assert bidi.isolated("علي") == f"{FSI}علي{PDI}"
        assert Template("{% load ostiary_values %}{{ v|address }}").render(
            Context({"v": "a@مثال.example"})
        ) == ('<bdi dir="ltr">a@مثال.example</bdi>')


def test_a_value_ends_within_itself_and_turns_nothing_around(arabic):
    assert bidi.ltr("2001:db8::7") == f"{LRI}2001:db8::7{PDI}"
    assert bidi.ltr("") == ""
    assert bidi.isolated(f"Ada{PDI}x") == f"{FSI}Adax{PDI}"
    assert bidi.isolated(f"{LRI}Ada") == f"{FSI}Ada{PDI}"
    assert bidi.isolated("a\N{RIGHT-TO-LEFT OVERRIDE}b") == f"{FSI}ab{PDI}"
    assert bidi.isolated(bidi.ltr("7")) == f"{FSI}{LRI}7{PDI}{PDI}"


def test_in_html_an_element_does_it_and_nothing_is_left_unescaped():
    text = f"<b> {FSI}x ({LRI}7&{PDI}){PDI} {LRI}"

    assert bidi.in_html(text) == (
        f'&lt;b&gt; <span dir="auto">x (<span dir="ltr">7&amp;</span>)</span> {LRI}'
    )


@pytest.mark.parametrize(
    ("source", "html", "text"),
    [
        ("{{ v|ltr }}", '<bdi dir="ltr">1 &lt; 2</bdi>', f"{LRI}1 < 2{PDI}"),
        ("{{ v|isolate }}", "<bdi>1 &lt; 2</bdi>", f"{FSI}1 < 2{PDI}"),
        ("{{ v|address }}", "<bdi>1 &lt; 2</bdi>", f"{FSI}1 < 2{PDI}"),
        ("{{ none|ltr }}{{ none|isolate }}{{ none|address }}", "", ""),
    ],
)
def test_a_filter_writes_an_element_in_pages_and_characters_in_texts(arabic, source, html, text):
    template = Template("{% load ostiary_values %}" + source)

    assert template.render(Context({"v": "1 < 2", "none": None})) == html
    assert template.render(Context({"v": "1 < 2", "none": ""}, autoescape=False)) == text


def test_a_place_keeps_its_address(arabic, monkeypatch):
    monkeypatch.setattr(places, "place_of", lambda address: "برلين")

    assert places.in_words("2001:db8::7") == f"برلين ({LRI}2001:db8::7{PDI})"


def test_values_of_a_copy_of_ones_data_keep_to_themselves(arabic):
    section = export_labels.Section("ostiary", "sessions", [{"address": "2001:db8::7"}])

    page = "".join(export_page.page({"ostiary": [section]}, timezone.now()))

    assert "<dd><bdi>2001:db8::7</bdi></dd>" in page


def test_a_subject_holds_no_invisible_characters(ostiary):
    ostiary(SITE_NAME="Ostiary (demo)")
    for kind in ("email_changed", "new_device"):
        subject = notifications.example(kind, "ar").subject
        assert "Ostiary (demo)" in subject
        assert subject == bidi.without_isolates(subject)


def test_a_code_of_one_group_is_copied_as_it_is(arabic):
    [block] = message_source.blocks("123456")
    assert block.lines == ("123456",)
