"""A sign-in page says which application the person is on the way to."""

from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from oauth import client_memory, device_authorization
from oauth.models import Client
from ostiary.conf import ostiary_settings
from tests.accounts import flow as accounts_flow
from tests.oauth import flow
from tests.oauth.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("accounts")]


VERIFIER = "v" * 43
EVERYWHERE = ["/signin/", "/signup/", "/recover/"]


@pytest.fixture
def app(confidential_client):
    confidential_client.name = "Fieldnotes"
    confidential_client.save()
    return confidential_client


def request_of(client):
    return flow.with_query(flow.AUTHORIZE, flow.authorization_params(client, VERIFIER))


def page_at(path, **query):
    answer = Browser().get(f"{path}?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", EVERYWHERE)
def test_it_is_named_on_the_way_to_its_request(app, path):
    html = page_at(path, next=request_of(app))

    assert "to continue to <strong>Fieldnotes</strong>" in html
    assert '<span class="client-logo" aria-hidden="true">F</span>' in html


def test_who_is_sent_to_sign_in_meets_its_name(app):
    browser = Browser()
    answer = browser.get(request_of(app))

    assert "to continue to <strong>Fieldnotes" in browser.get(answer.url).content.decode()


def test_a_wrong_password_does_not_lose_it(app):
    answer = Browser().post("/signin/", {"identifier": "a@example.com", "next": request_of(app)})

    assert answer.status_code == 400
    assert "to continue to <strong>Fieldnotes" in answer.content.decode()


def test_it_is_named_behind_a_page_between(app):
    between = f"/account/passkeys/?{urlencode({'next': request_of(app)})}"

    assert "Fieldnotes" in page_at("/signup/", next=between)


def test_it_is_named_behind_a_request_that_is_too_long_for_an_address(app):
    browser = Browser()
    answer = flow.authorize(browser, app, state="s" * 1900)
    assert "kept_request" in answer.url

    assert "to continue to <strong>Fieldnotes" in browser.get(answer.url).content.decode()


@pytest.fixture
def waiting(app, person):
    """A browser in which a sign-in waits for its second step, and the address of that."""
    from mfa.models import AuthenticatorApp

    AuthenticatorApp.objects.create(user=person, key=AuthenticatorApp.new_key(), confirmed=True)
    browser = Browser()
    form = {"identifier": person.email, "password": PASSWORD, "next": request_of(app)}
    return browser, browser.post("/signin/", form).url


@pytest.mark.needs("mfa")
def test_it_is_named_while_the_second_step_is_asked_for(waiting):
    browser, second_step = waiting

    html = browser.get(second_step).content.decode()

    assert 'name="code"' in html
    assert "to continue to <strong>Fieldnotes" in html


@pytest.mark.needs("mfa")
def test_a_sign_in_that_waits_names_none_on_a_sign_in_page_that_leads_elsewhere(waiting):
    browser, _ = waiting

    assert "application-ahead" not in browser.get("/signin/").content.decode()


def test_a_name_is_text_and_keeps_to_itself(app):
    Client.objects.filter(pk=app.pk).update(name="<b>\u05d0\u05d1</b>")
    client_memory.forget()

    html = page_at("/signin/", next=request_of(app))

    assert "<bdi>&lt;b&gt;\u05d0\u05d1&lt;/b&gt;</bdi>" in html
    assert "<b>\u05d0" not in html


def test_a_logo_is_shown_only_from_here(app):
    ours = f"{ostiary_settings.ISSUER_URL}/static/fieldnotes.png"
    for address, shown in ((ours, True), ("https://rp.example/logo.png", False)):
        Client.objects.filter(pk=app.pk).update(logo_uri=address)
        client_memory.forget()

        assert (f'src="{address}"' in page_at("/signin/", next=request_of(app))) is shown


def test_of_one_that_is_described_by_a_document_elsewhere_the_host_is_named(app):
    Client.objects.filter(pk=app.pk).update(
        client_id="https://notes.example/client.json",
        registration_source=Client.RegistrationSource.CIMD,
    )
    client_memory.forget()

    html = page_at("/signin/", next="/oauth/authorize?client_id=https://notes.example/client.json")

    assert "<bdi>notes.example" in html or "<strong>notes.example</strong>" in html
    assert "Fieldnotes" not in html


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/account/",
        "/oauth/authorize",
        "/oauth/authorize?client_id=unknown",
        "/oauth/authorize?kept_request=unknown",
        "/oauth/authorize?client_id=%00",
        "https://evil.example/oauth/authorize?client_id={client_id}",
        "/account/?next=//evil.example/oauth/authorize%3Fclient_id%3D{client_id}",
        "/oauth/device?user_code=BBBB-BBBB",
        "/oauth/device",
        "//[",
    ],
)
def test_what_leads_to_none_names_none(app, address):
    html = page_at("/signin/", next=address.format(client_id=app.client_id))

    assert "application-ahead" not in html


def test_a_disabled_one_is_not_named(app):
    Client.objects.filter(pk=app.pk).update(enabled=False)
    client_memory.forget()

    assert "application-ahead" not in page_at("/signin/", next=request_of(app))


@pytest.mark.needs("passkeys")
def test_it_is_named_where_a_passkey_is_set_up_on_the_way(app, person):
    browser = Browser()
    typed = {"identifier": person.email, "password": PASSWORD, "next": request_of(app)}
    answer = browser.post("/signin/", typed, query_params={"acr_values": "phr"})
    assert "passkey" in answer.url

    assert "to continue to <strong>Fieldnotes" in browser.get(answer.url).content.decode()


def test_a_device_is_named_by_the_code_that_waits(app):
    waiting = device_authorization.start(app, ["openid"], [], "192.0.2.1")
    browser = Browser()

    answer = browser.get(f"/oauth/device?{urlencode({'user_code': waiting['user_code']})}")

    assert "to continue to <strong>Fieldnotes" in browser.get(answer.url).content.decode()


def test_nobody_tries_codes_of_devices_there(app, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"user_code": {"ip": "2/hour"}}}
    waiting = device_authorization.start(app, ["openid"], [], "192.0.2.1")
    right = f"/oauth/device?user_code={waiting['user_code']}"
    assert "Fieldnotes" in page_at("/signin/", next=right)
    for _ in range(2):
        page_at("/signin/", next="/oauth/device?user_code=BBBB-BBBB")

    assert "Fieldnotes" not in page_at("/signin/", next=right)


def test_it_costs_one_reading_of_the_client(app):
    page_at("/signin/", next=request_of(app))
    with accounts_flow.statements() as done:
        page_at("/signin/", next=request_of(app))

    assert len(done) <= 1, done


# --- its own look ---------------------------------------------------------------------------------


@pytest.fixture
def app_with_a_look(app):
    app.metadata = {"branded_pages": True, "accent_color": "#6d28d9"}
    app.tos_uri, app.policy_uri = "https://rp.example/terms", "https://rp.example/privacy"
    app.save()
    client_memory.forget()
    return app


def wears_it(html):
    found = [
        'href="/branding/6d28d9.css?v=' in html,
        '<li><a href="https://rp.example/terms"' in html,
        '<li><a href="https://rp.example/privacy"' in html,
    ]
    assert all(found) or not any(found)
    return all(found)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_page_wears_the_look_of_the_application_ahead(app_with_a_look, path):
    assert wears_it(page_at(path, next=request_of(app_with_a_look)))
    assert not wears_it(page_at(path))


def test_it_is_worn_on_the_page_that_a_wrong_password_answers(app_with_a_look):
    form = {"identifier": "a@example.com", "next": request_of(app_with_a_look)}

    assert wears_it(Browser().post("/signin/", form).content.decode())


@pytest.mark.needs("mfa")
def test_it_is_worn_while_the_second_step_is_asked_for(app_with_a_look, waiting):
    browser, second_step = waiting

    assert wears_it(browser.get(second_step).content.decode())


def test_it_is_worn_where_access_is_allowed_and_where_accounts_are_chosen(
    app_with_a_look, signed_in_browser
):
    for more in ({}, {"prompt": "select_account"}):
        assert wears_it(flow.authorize(signed_in_browser, app_with_a_look, **more).content.decode())


def test_it_is_worn_where_a_device_is_connected(app_with_a_look, signed_in_browser):
    waiting = device_authorization.start(app_with_a_look, ["openid"], [], "192.0.2.1")
    address = f"/oauth/device?user_code={waiting['user_code']}"

    assert wears_it(page_at("/signin/", next=address))
    assert wears_it(signed_in_browser.get(address).content.decode())


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"accent_color": "#6d28d9"}},
        {"metadata": {"branded_pages": False, "accent_color": "#6d28d9"}},
        {"registration_source": "dcr"},
        {"registration_source": "self_service"},
        {"enabled": False},
    ],
)
def test_only_an_operator_gives_it_to_an_application_that_operators_registered(
    app_with_a_look, change
):
    Client.objects.filter(pk=app_with_a_look.pk).update(**change)
    client_memory.forget()

    assert not wears_it(page_at("/signin/", next=request_of(app_with_a_look)))


def test_what_it_lacks_is_as_on_the_site(app_with_a_look, settings):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "ACCENT_COLOR": "#b91c1c",
        "TERMS_URL": "/terms/",
        "HELP_URL": "/help/",
    }
    app_with_a_look.tos_uri, app_with_a_look.metadata = "", {"branded_pages": True}
    app_with_a_look.save()
    client_memory.forget()

    html = page_at("/signin/", next=request_of(app_with_a_look))

    for address in ("/branding/b91c1c.css", "/terms/", "/help/", "https://rp.example/privacy"):
        assert f'href="{address}' in html


@pytest.mark.parametrize("colour", ["red", "#12", "#12345g", "#fff;}", 5, ["#ffffff"]])
def test_an_accent_that_is_no_colour_is_refused(app_with_a_look, colour):
    app_with_a_look.metadata["accent_color"] = colour

    with pytest.raises(ValidationError, match="not a color"):
        app_with_a_look.clean()
