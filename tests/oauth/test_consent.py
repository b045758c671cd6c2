"""Consent: asked in words, bound to its page, remembered for what was allowed and nothing else
(SECURITY A7)."""

import pytest
from django.test import Client as Browser

from oauth.models import Client, Consent, Grant
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.oauth import flow
from tests.oauth.conftest import API, make_client

pytestmark = pytest.mark.django_db


def is_asked(response) -> bool:
    """Whether the response is the consent page."""
    return response.status_code == 200 and b'name="decision"' in response.content


def test_the_page_says_who_asks_for_what_and_where_it_leads(signed_in_browser, confidential_client):
    confidential_client.policy_uri = "https://rp.example/privacy"
    confidential_client.save()

    page = flow.authorize(signed_in_browser, confidential_client, resource=API).content.decode()

    for text in ("Web", "alice@example.com", "Read the API", API, "https://rp.example", "privacy"):
        assert text in page


def test_what_is_of_the_account_stands_apart_from_what_is_at_an_api(
    signed_in_browser, confidential_client
):
    page = flow.authorize(signed_in_browser, confidential_client, resource=API).content.decode()

    account, _, api = page.partition(f"<code>{API}")
    assert "<strong>Your account</strong>" in account
    assert "See your email address" in account
    assert "Read the API" not in account
    assert "Read the API" in api
    assert "See your email address" not in api


def test_an_application_without_a_name_goes_by_its_client_id(
    signed_in_browser, confidential_client
):
    Client.objects.update(name="")

    page = flow.authorize(signed_in_browser, confidential_client).content.decode()

    assert confidential_client.client_id in page


def test_names_are_escaped(signed_in_browser, confidential_client):
    Client.objects.update(name="<script>alert(1)</script>")

    page = flow.authorize(signed_in_browser, confidential_client)

    assert b"<script>alert" not in page.content


@pytest.mark.parametrize(
    ("logo", "shown"),
    [
        ("http://localhost:8000/static/rp.svg", True),
        ("https://rp.example/logo.svg", False),
        ("http://localhost:8000.evil.example/logo.svg", False),
    ],
)
def test_only_a_logo_of_this_site_is_loaded(signed_in_browser, confidential_client, logo, shown):
    Client.objects.update(logo_uri=logo)

    page = flow.authorize(signed_in_browser, confidential_client).content.decode()

    assert (f'src="{logo}"' in page) is shown


def test_the_page_cannot_be_framed_or_kept(signed_in_browser, confidential_client):
    page = flow.authorize(signed_in_browser, confidential_client)

    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["Content-Security-Policy"].endswith("form-action 'self'")
    assert page["X-Frame-Options"] == "DENY"
    assert "no-store" in page["Cache-Control"]


# --- deciding -------------------------------------------------------------------------------------


def test_a_denial_is_told_to_the_client(signed_in_browser, confidential_client):
    page = flow.authorize(signed_in_browser, confidential_client)

    answer = flow.answer_of(flow.allow(signed_in_browser, page, "deny"))

    assert answer["error"] == "access_denied"
    assert answer["state"] == "state-123"
    assert Consent.objects.count() == Grant.objects.count() == 0


def test_a_denial_holds_though_another_page_has_allowed_it_meanwhile(
    signed_in_browser, confidential_client
):
    page = flow.authorize(signed_in_browser, confidential_client)
    flow.obtain_code(signed_in_browser, confidential_client)

    answer = flow.answer_of(flow.allow(signed_in_browser, page, "deny"))

    assert answer["error"] == "access_denied"


def test_a_consent_cannot_be_forged(person, confidential_client):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person)
    page = flow.authorize(browser, confidential_client)

    forged = browser.post(flow.url_of(page), {"decision": "allow", "page": flow.page_of(page)})

    assert forged.status_code == 403
    assert Consent.objects.count() == 0


def test_a_decision_without_its_page_asks_again(signed_in_browser, confidential_client):
    page = flow.authorize(signed_in_browser, confidential_client)

    for decision in ({"decision": "allow"}, {"decision": "allow", "page": "0" * 64}):
        assert is_asked(signed_in_browser.post(flow.url_of(page), decision))
    assert Consent.objects.count() == 0


def test_a_decision_about_one_request_does_not_answer_another(
    signed_in_browser, confidential_client
):
    small = flow.authorize(signed_in_browser, confidential_client, scope="openid")
    large = flow.authorize(signed_in_browser, confidential_client, scope="openid email")

    answer = signed_in_browser.post(
        flow.url_of(large), {"decision": "allow", "page": flow.page_of(small)}
    )

    assert is_asked(answer)


def test_a_decision_of_one_person_does_not_answer_for_another(
    signed_in_browser, confidential_client, other_person
):
    page = flow.authorize(signed_in_browser, confidential_client)
    signed_in_browser.force_login(other_person)

    answer = flow.allow(signed_in_browser, page)

    assert is_asked(answer)
    assert Consent.objects.count() == 0


@pytest.mark.parametrize("decision", ["", "yes", "continue", "ALLOW"])
def test_any_other_decision_is_none(signed_in_browser, confidential_client, decision):
    page = flow.authorize(signed_in_browser, confidential_client)

    assert is_asked(flow.allow(signed_in_browser, page, decision))


# --- remembering ----------------------------------------------------------------------------------


def test_a_consent_is_asked_once(signed_in_browser, confidential_client, person):
    flow.obtain_code(signed_in_browser, confidential_client)

    assert not is_asked(flow.authorize(signed_in_browser, confidential_client))
    event = Event.objects.get(kind="consent.granted")
    assert event.subject == pseudonym_of(person)
    assert event.client_id == confidential_client.client_id


def test_a_consent_covers_fewer_scopes_and_not_more(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client, scope="openid email")

    assert not is_asked(flow.authorize(signed_in_browser, confidential_client, scope="openid"))
    assert is_asked(
        flow.authorize(signed_in_browser, confidential_client, scope="openid email profile")
    )


def test_consents_add_up(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client, scope="openid email")
    flow.obtain_code(signed_in_browser, confidential_client, scope="openid profile")

    both = flow.authorize(signed_in_browser, confidential_client, scope="openid email profile")

    assert not is_asked(both)


def test_a_consent_for_one_client_does_not_cover_another(
    signed_in_browser, confidential_client, public_client
):
    flow.obtain_code(signed_in_browser, confidential_client)

    assert is_asked(flow.authorize(signed_in_browser, public_client))


def test_a_consent_of_one_person_does_not_cover_another(
    signed_in_browser, confidential_client, other_person
):
    flow.obtain_code(signed_in_browser, confidential_client)
    browser = Browser()
    browser.force_login(other_person)

    assert is_asked(flow.authorize(browser, confidential_client))


@pytest.mark.parametrize(("first", "then"), [(None, API), (API, None)])
def test_a_consent_for_one_resource_does_not_cover_another(
    signed_in_browser, confidential_client, first, then
):
    flow.obtain_code(signed_in_browser, confidential_client, resource=first)

    assert is_asked(flow.authorize(signed_in_browser, confidential_client, resource=then))
    assert not is_asked(flow.authorize(signed_in_browser, confidential_client, resource=first))


def test_prompt_consent_always_asks(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client)

    page = flow.authorize(signed_in_browser, confidential_client, prompt="consent")

    assert is_asked(page)
    assert "code" in flow.answer_of(flow.allow(signed_in_browser, page))


def test_a_first_party_application_is_not_asked_about(signed_in_browser, confidential_client):
    confidential_client.first_party = True
    confidential_client.save()

    assert "code" in flow.answer_of(flow.authorize(signed_in_browser, confidential_client))
    assert is_asked(flow.authorize(signed_in_browser, confidential_client, prompt="consent"))


@pytest.mark.parametrize("first_party", [False, True])
@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:8123/callback", "http://localhost:8123/", "com.example.app:/back"]
)
def test_a_public_client_that_another_program_could_pose_as_is_asked_about_every_time(
    signed_in_browser, uri, first_party
):
    client = make_client(
        name="Native",
        client_type=Client.CLIENT_PUBLIC,
        redirect_uris=uri,
        grant_types=["authorization_code"],
        scopes=["openid"],
        first_party=first_party,
    )

    for _ in range(2):
        page = flow.authorize(signed_in_browser, client, redirect_uri=uri)
        assert is_asked(page)
        flow.allow(signed_in_browser, page)


def test_a_public_client_at_an_https_address_is_asked_about_once(signed_in_browser, public_client):
    flow.obtain_code(signed_in_browser, public_client)

    assert not is_asked(flow.authorize(signed_in_browser, public_client))


# --- /account/applications/ -----------------------------------------------------------------------


def withdraw(browser, client):
    return browser.post(f"/account/applications/{client.pk}/withdraw/", follow=True)


def test_a_person_sees_what_they_have_allowed(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client, resource=API)

    page = signed_in_browser.get("/account/applications/").content.decode()

    assert "Web" in page
    assert "Read the API" in page
    assert API in page


def test_a_person_who_allowed_nothing_is_told_so(signed_in_browser):
    page = signed_in_browser.get("/account/applications/")

    assert "You haven’t connected any applications yet." in page.content.decode()


def test_withdrawing_ends_the_tokens_at_once_and_asks_anew(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    page = withdraw(signed_in_browser, confidential_client)

    assert b"no longer has access" in page.content
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    refused = flow.refresh(confidential_client, tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
    assert is_asked(flow.authorize(signed_in_browser, confidential_client))
    assert Event.objects.filter(kind="consent.withdrawn").count() == 1


def test_withdrawing_ends_a_code_that_is_not_redeemed_yet(signed_in_browser, confidential_client):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)

    withdraw(signed_in_browser, confidential_client)

    refused = flow.redeem(confidential_client, code, verifier)
    assert refused.json()["error"] == "invalid_grant"


def test_withdrawing_takes_back_the_consents_for_every_audience(
    signed_in_browser, confidential_client
):
    flow.obtain_code(signed_in_browser, confidential_client)
    flow.obtain_code(signed_in_browser, confidential_client, resource=API)
    assert Consent.objects.count() == 2

    assert withdraw(signed_in_browser, confidential_client).status_code == 200
    assert Consent.objects.count() == 0


def test_withdrawing_touches_nobody_elses(signed_in_browser, confidential_client, other_person):
    theirs = Browser()
    theirs.force_login(other_person)
    tokens = flow.sign_in_tokens(theirs, confidential_client)

    assert withdraw(signed_in_browser, confidential_client).status_code == 404
    flow.obtain_code(signed_in_browser, confidential_client)
    withdraw(signed_in_browser, confidential_client)

    assert flow.userinfo(tokens["access_token"]).status_code == 200


def test_withdrawing_is_for_the_person_by_a_form_of_ours(
    signed_in_browser, confidential_client, person
):
    flow.obtain_code(signed_in_browser, confidential_client)
    address = f"/account/applications/{confidential_client.pk}/withdraw/"
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(person)

    assert signed_in_browser.get(address).status_code == 405
    assert Browser().post(address).status_code == 302
    assert strict.post(address).status_code == 403
    assert Consent.objects.count() == 1
