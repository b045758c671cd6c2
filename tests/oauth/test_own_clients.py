"""Applications that people register and look after by themselves (SECURITY C8)."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.utils import timezone

from oauth.models import Client, Grant
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.oauth import flow
from tests.oauth.conftest import make_client, make_person
from tests.operators import desk_of
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

OWN = "/account/applications/own/"
REGISTER = f"{OWN}register/"


def grant(person):
    """The permission to register applications."""
    person.user_permissions.add(Permission.objects.get(codename="own_clients"))


@pytest.fixture
def browser(person, signed_in_browser):
    """Alice's, who is granted it."""
    grant(person)
    return signed_in_browser


def form_of(**changes):
    return {
        "name": "Mine",
        "client_type": "confidential",
        "redirect_uris": "https://mine.example/a\nhttps://mine.example/b",
        "post_logout_redirect_uris": "",
        "scopes": ["openid", "email"],
        **changes,
    }


def register(browser, **changes):
    return browser.post(REGISTER, form_of(**changes))


def errors_of(page):
    assert page.status_code == 200
    return page.context["form"].errors


def secrets_in(page):
    return re.findall(r"ost_[A-Za-z0-9_-]{43}", page.content.decode())


def own_of(person, **fields):
    return make_client(
        **{
            "name": "Mine",
            "client_type": "confidential",
            "redirect_uris": "https://mine.example/a",
            "grant_types": ["authorization_code", "refresh_token"],
            "scopes": ["openid"],
            "user": person,
            "registration_source": "self_service",
            **fields,
        }
    )


def addresses_of(client):
    return [f"{OWN}{client.pk}/", f"{OWN}{client.pk}/secret/", f"{OWN}{client.pk}/delete/"]


# --- who may --------------------------------------------------------------------------------------


def test_it_is_for_those_who_are_granted_it(signed_in_browser, person):
    client = own_of(person)
    for address in (OWN, REGISTER, *addresses_of(client)):
        for send in (Browser().get, Browser().post):
            assert send(address)["Location"].startswith("/signin/")
        assert signed_in_browser.get(address).status_code == 403
        assert signed_in_browser.post(address).status_code == 403
    assert Client.objects.count() == 1


def test_the_connected_applications_lead_to_it_for_those_alone(signed_in_browser, person):
    assert OWN.encode() not in signed_in_browser.get("/account/applications/").content
    grant(person)
    assert OWN.encode() in signed_in_browser.get("/account/applications/").content


def test_what_others_and_operators_registered_is_not_theirs(browser, person, other_person):
    for client in (
        own_of(other_person),
        own_of(person, registration_source="manual", first_party=True),
        own_of(person, registration_source="dcr"),
    ):
        assert client.client_id not in browser.get(OWN).content.decode()
        for address in addresses_of(client):
            assert browser.get(address).status_code == 404
            assert browser.post(address, form_of()).status_code == 404
    assert Client.objects.count() == 3


# --- registering ----------------------------------------------------------------------------------


def test_a_new_one_works_and_its_secret_is_shown_once(browser, person):
    page = register(browser)

    [secret] = secrets_in(page)
    client = Client.objects.get()
    client.raw_secret = secret
    assert "no-store" in page["Cache-Control"]
    assert (client.user, client.registration_source) == (person, "self_service")
    assert client.grant_types == ["authorization_code", "refresh_token"]
    assert flow.sign_in_tokens(browser, client, scope="openid")["id_token"]
    for address in (OWN, *addresses_of(client)):
        assert not secrets_in(browser.get(address))
    event = Event.objects.get(kind="client.registered")
    assert (event.client_id, event.subject) == (client.client_id, pseudonym_of(person))
    assert secret not in str(event.details)


def test_a_public_one_has_no_secret(browser):
    assert not secrets_in(register(browser, client_type="public"))
    client = Client.objects.get()
    assert client.auth_methods == ["none"]
    assert browser.get(f"{OWN}{client.pk}/secret/").status_code == 404


def test_nothing_that_is_an_operator_s_can_be_sent(browser, other_person, settings):
    settings.OSTIARY_OAUTH = {"REGISTRATION_AUDIENCES": ["https://api.example/"]}
    register(
        browser,
        first_party="on",
        user=str(other_person.pk),
        client_id="chosen",
        grant_types=["client_credentials"],
        audiences="https://other.example/",
        serves="https://other.example/",
        access_token_lifetime="999999",
        registration_source="manual",
        metadata='{"software_id": "x"}',
    )

    client = Client.objects.get()
    assert client.first_party is False
    assert client.user != other_person
    assert client.client_id != "chosen"
    assert client.grant_types == ["authorization_code", "refresh_token"]
    assert client.audiences == ["https://api.example/"]
    assert (client.serves, client.access_token_lifetime, client.metadata) == ([], 900, {})
    assert client.registration_source == "self_service"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": ["openid", "api:read"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"redirect_uris": ""}, "redirect_uris"),
        ({"redirect_uris": "javascript:alert(1)"}, "redirect_uris"),
        ({"redirect_uris": "http://mine.example/"}, "redirect_uris"),
        ({"post_logout_redirect_uris": "data:text/html,x"}, "post_logout_redirect_uris"),
        ({"name": ""}, "name"),
        ({"name": "evil\u202eelpmaxe"}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "\u200b\u200f"}, "name"),
        ({"client_type": "secret"}, "client_type"),
    ],
)
def test_what_is_not_right_is_told_at_its_field(browser, changes, field):
    page = register(browser, **changes)

    assert field in errors_of(page)
    assert f'aria-describedby="id_{field}' in page.content.decode()
    assert not Client.objects.exists()


def test_a_name_of_any_script_is_taken_and_a_character_that_is_not_is_named(browser):
    assert secrets_in(register(browser, name="نرم\u200cافزار 👨\u200d👩\u200d👧\u00a0"))
    [problem] = errors_of(register(browser, name="evil\u202eelpmaxe"))["name"]
    assert "U+202E (RIGHT-TO-LEFT OVERRIDE)" in problem


def test_a_person_has_so_many_and_no_more(browser, person, settings):
    settings.OSTIARY_OAUTH = {"OWN_APPLICATIONS_MAX": 1}
    register(browser)

    assert errors_of(register(browser, name="Another"))
    assert not secrets_in(register(browser, name="Another"))
    assert Client.objects.count() == 1
    assert REGISTER not in browser.get(OWN).content.decode()


@pytest.mark.django_db(transaction=True)
def test_parallel_registrations_keep_to_the_number(browser, settings):
    settings.OSTIARY_OAUTH = {"OWN_APPLICATIONS_MAX": 2}

    def one():
        mine = Browser()
        mine.cookies = browser.cookies
        return len(secrets_in(register(mine)))

    assert sum(at_once(one, ways=8)) == 2
    assert Client.objects.count() == 2


# --- looking after it -----------------------------------------------------------------------------


def test_it_is_changed_and_the_log_says_what(browser, person):
    client = own_of(person)

    answer = browser.post(f"{OWN}{client.pk}/", form_of(name="Renamed", client_type="public"))

    assert answer["Location"] == OWN
    changed = Client.objects.get()
    assert changed.name == "Renamed"
    assert changed.redirect_uri_allowed("https://mine.example/b")
    assert not changed.is_public
    assert changed.check_secret(client.raw_secret)
    assert Event.objects.get(kind="client.changed").details["fields"] == [
        "name",
        "redirect_uris",
        "scopes",
    ]


def test_a_change_takes_nothing_that_an_operator_gave_and_undoes_nothing(browser, person):
    client = own_of(person, scopes=["openid", "api:read"])
    Client.objects.update(enabled=False, access_token_lifetime=60)

    browser.post(f"{OWN}{client.pk}/", form_of(scopes=["openid", "api:read"]))

    client.refresh_from_db()
    assert client.scopes == ["openid", "api:read"]
    assert (client.enabled, client.access_token_lifetime) == (False, 60)
    assert b"An administrator has deactivated this application." in browser.get(OWN).content


def test_a_change_can_not_make_its_secret_a_key_to_sign_with_nor_lose_one(browser, person):
    """Such a secret is kept encrypted beside its hash, and so has to be made when that begins."""
    hashed = own_of(person)
    kept = own_of(person, id_token_signed_response_alg="HS256")
    sent = {"token_endpoint_auth_methods": "client_secret_jwt", "metadata": "{}"}
    for client in (hashed, kept):
        answer = browser.post(f"{OWN}{client.pk}/", form_of(name="Renamed", **sent))
        assert answer["Location"] == OWN
        client.refresh_from_db()
        assert client.name == "Renamed"

    assert not hashed.keeps_secret_readable
    assert kept.shared_secret() == kept.raw_secret


def test_a_problem_of_what_is_not_in_the_form_is_told_too(browser, person):
    client = own_of(person, subject_type="pairwise")

    page = browser.post(
        f"{OWN}{client.pk}/",
        form_of(redirect_uris="https://mine.example/a https://other.example/"),
    )

    assert "__all__" in errors_of(page)


def test_a_new_secret_is_shown_once_and_the_old_one_overlaps(browser, person):
    client = own_of(person)
    assert browser.get(f"{OWN}{client.pk}/secret/").status_code == 200

    [secret] = secrets_in(browser.post(f"{OWN}{client.pk}/secret/"))

    client.refresh_from_db()
    assert client.check_secret(secret)
    assert client.check_secret(client.raw_secret)
    assert Event.objects.filter(kind="client.secret_rotated").exists()


def test_secrets_are_for_those_who_have_just_signed_in(browser, person):
    client = own_of(person)
    session = browser.session
    assurance = session["ostiary.assurance"]
    long_ago = int((timezone.now() - timedelta(hours=2)).timestamp())
    session["ostiary.assurance"] = {**assurance, "auth_time": long_ago}
    session.save()

    for address in (REGISTER, f"{OWN}{client.pk}/secret/"):
        for answer in (browser.get(address), browser.post(address, form_of())):
            assert "reauthenticate=1" in answer["Location"]
    client.refresh_from_db()
    assert client.check_secret(client.raw_secret)
    assert Client.objects.count() == 1


def test_it_goes_with_all_that_people_gave_it(browser, person):
    client = own_of(person)
    tokens = flow.sign_in_tokens(browser, client, scope="openid")
    assert b"its access to their accounts ends" in browser.get(f"{OWN}{client.pk}/delete/").content

    browser.post(f"{OWN}{client.pk}/delete/")

    assert not Client.objects.exists()
    assert not Grant.objects.exists()
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    assert Event.objects.filter(kind="client.deleted", client_id=client.client_id).exists()


def test_people_are_told_that_no_operator_checked_it(browser, person):
    client = own_of(person, name="Your Bank")

    page = flow.authorize(browser, client).content

    assert b"Another user registered this application" in page


def test_an_operator_sees_whose_it_is(person):
    own_of(person)
    operator = desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))

    page = operator.get("/admin/ostiary_oauth/client/?registration_source__exact=self_service")

    assert str(person) in page.content.decode()
