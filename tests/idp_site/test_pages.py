"""The site's own pages: the start, and what is shown when something is wrong."""

import pytest
from django.template.loader import render_to_string

from idp_site import demo, demo_data


@pytest.mark.django_db
def test_the_start_page_names_the_demo_people_in_demo_mode_only(client, settings):
    person = demo_data.PEOPLE[0]["email"]

    assert person in client.get("/").text

    settings.DEMO = False
    page = client.get("/").text
    assert person not in page
    assert demo.PASSWORD not in page
    assert "/dev/mailbox/" not in page


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_an_error_page_needs_no_request_and_no_database(status):
    page = render_to_string(f"{status}.html")

    assert "<h1>" in page
    assert "<title></title>" not in page


def test_the_page_for_a_form_that_is_too_old_says_what_to_do(client):
    client.handler.enforce_csrf_checks = True
    response = client.post("/signin/", {"identifier": "alice@example.com"})

    assert response.status_code == 403
    assert "reload the page" in response.text
