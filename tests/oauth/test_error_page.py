"""The page for an error that goes nowhere: calm for the person, exact for the developer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth.explanation import MOST_ALLOWED, MOST_CHARACTERS, printable
from tests.oauth import flow

pytestmark = pytest.mark.django_db


def shown(response):
    """The words of the page for the person, and of the part for the developer."""
    page = response.content.decode()
    card = page[page.index('<section class="card') : page.index("</section>")]
    person, _, developer = card.partition("<details>")
    return person, developer


def test_the_person_is_told_no_code_and_where_to_go_back(signed_in_browser, confidential_client):
    confidential_client.client_uri = "https://rp.example/start"
    confidential_client.save()
    person, developer = shown(
        flow.authorize(signed_in_browser, confidential_client, redirect_uri="https://evil.example/")
    )

    assert confidential_client.name in person
    assert "Your account isn’t affected" in person
    assert 'href="https://rp.example/start"' in person
    assert "redirect_uri" not in person
    assert "invalid_request" not in person
    assert "invalid_request" in developer


@pytest.mark.parametrize("source", ["dcr", "cimd", "self_service"])
def test_the_page_links_to_nothing_that_nobody_has_looked_at(
    signed_in_browser, confidential_client, source
):
    confidential_client.client_uri = "https://unchecked.example/"
    confidential_client.registration_source = source
    confidential_client.save()
    response = flow.authorize(
        signed_in_browser, confidential_client, redirect_uri="https://evil.example/"
    )

    assert response.status_code == 400
    assert b"unchecked.example" not in response.content


def test_the_developer_reads_what_was_sent_and_what_is_registered(
    signed_in_browser, confidential_client
):
    confidential_client.redirect_uris = "https://rp.example/callback https://rp.example/other"
    confidential_client.save()
    _, developer = shown(
        flow.authorize(
            signed_in_browser, confidential_client, redirect_uri="https://rp.example/callback/"
        )
    )

    assert "<code>redirect_uri</code>" in developer
    assert '<code dir="ltr">https://rp.example/callback/</code>' in developer
    assert '<code dir="ltr">https://rp.example/callback</code>' in developer
    assert '<code dir="ltr">https://rp.example/other</code>' in developer


def test_what_was_not_sent_is_told_as_nothing(signed_in_browser, confidential_client):
    _, developer = shown(flow.authorize(signed_in_browser, confidential_client, redirect_uri=None))

    assert "<dd>nothing</dd>" in developer


def test_an_unknown_client_is_named(signed_in_browser):
    _, developer = shown(signed_in_browser.get(flow.AUTHORIZE, {"client_id": "nobody-knows"}))

    assert "There is no client with this client_id." in developer
    assert '<code dir="ltr">nobody-knows</code>' in developer


def test_what_was_sent_is_escaped_and_cut_off(signed_in_browser):
    sent = '<script>alert(1)</script>"\u202e\x00' + "x" * 4000
    response = signed_in_browser.get(flow.AUTHORIZE, {"client_id": sent})

    assert b"<script>alert" not in response.content
    assert "\u202e" not in response.content.decode()
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;%22%E2%80%AE%00xxx" in response.content
    assert "x" * MOST_CHARACTERS not in shown(response)[1]


def test_a_long_list_of_registered_addresses_is_cut_off(signed_in_browser, confidential_client):
    registered = [f"https://rp.example/{number}" for number in range(MOST_ALLOWED + 3)]
    confidential_client.redirect_uris = " ".join(registered)
    confidential_client.save()
    _, developer = shown(
        flow.authorize(signed_in_browser, confidential_client, redirect_uri="https://evil.example/")
    )

    assert len(re.findall("https://rp.example/", developer)) == MOST_ALLOWED
    assert "and 3 more" in developer


@given(st.text(st.characters(codec=None)))
def test_any_value_can_stand_in_an_error_description(value):
    told = printable(value)

    assert flow.DESCRIPTION.fullmatch(told)
    assert len(told) <= MOST_CHARACTERS + 3
