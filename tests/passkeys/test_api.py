"""The ceremonies as JSON, for front ends of a project's own."""

import json
from pathlib import Path

import pytest
import yaml
from django.test import Client as Browser
from django.urls import URLPattern

from passkeys.api import urls
from passkeys.forms import ANSWER_MAX_LENGTH
from passkeys.models import Ceremony, Credential
from tests.passkeys import flow
from tests.passkeys.authenticator import SYNCED, VERIFIED, Authenticator
from tests.passkeys.conftest import make_person, with_passkey

pytestmark = pytest.mark.django_db

API = "/api/passkeys/"
DESCRIBED = yaml.safe_load(
    (Path(__file__).parents[2] / "docs/reference/passkeys-openapi.yaml").read_text()
)


def post(browser, path, told=None, **how):
    return browser.post(f"{API}{path}", told or {}, content_type="application/json", **how)


def add(browser, passkey, **lies):
    options = post(browser, "registration/options/").json()
    return post(browser, "registration/", {"credential": passkey.create(options, **lies)})


def use(browser, passkey, told=None, **lies):
    told = told or {"purpose": "signin"}
    options = post(browser, "authentication/options/", told).json()
    return post(browser, "authentication/", {**told, "credential": passkey.get(options, **lies)})


def test_the_description_is_of_the_routes_that_there_are():
    def methods(pattern: URLPattern):
        view = pattern.callback.cls
        return {name for name in ("get", "post", "patch", "delete") if hasattr(view, name)}

    routes = {
        f"{API}{pattern.pattern}".replace("<uuid:pk>", "{id}"): methods(pattern)
        for pattern in urls.urlpatterns
    }
    described = {
        path: {name for name in operations if name != "parameters"}
        for path, operations in DESCRIBED["paths"].items()
    }

    assert described == routes


def test_every_answer_that_the_description_refers_to_is_described():
    known = DESCRIBED["components"]
    referred = set()

    def look(node):
        if isinstance(node, dict):
            referred.update([node["$ref"]] if "$ref" in node else [])
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for value in node:
                look(value)

    look(DESCRIBED)
    assert referred == {
        f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in known[kind]
    }


def test_a_person_adds_names_and_removes_passkeys(signed_in_browser, person):
    first, second = Authenticator(flags=SYNCED), Authenticator()
    made = add(signed_in_browser, first)

    assert made.status_code == 201
    schema = DESCRIBED["components"]["schemas"]["Passkey"]
    assert set(made.json()) == set(schema["properties"])
    assert made.json()["synced"] is True
    use(signed_in_browser, first, {"purpose": "step_up"})
    assert add(signed_in_browser, second).status_code == 201
    own = signed_in_browser.get(API).json()["passkeys"]
    assert [each["credential_id"] for each in own] == [first.id, second.id]

    one = f"{API}{own[0]['id']}/"
    renamed = signed_in_browser.patch(one, {"name": "Home"}, content_type="application/json")
    assert renamed.json()["name"] == "Home"
    wrong = signed_in_browser.patch(one, {"name": "x" * 101}, content_type="application/json")
    assert wrong.status_code == 400
    assert signed_in_browser.delete(one).status_code == 204
    assert Credential.objects.get().user == person


def test_who_can_have_no_more_is_told_before_they_touch_anything(signed_in_browser, settings):
    settings.OSTIARY_PASSKEYS = {"MAX_PER_PERSON": 1}
    passkey = Authenticator()
    add(signed_in_browser, passkey)
    use(signed_in_browser, passkey, {"purpose": "step_up"})

    answer = post(signed_in_browser, "registration/options/")

    assert answer.status_code == 400
    assert answer.json()["error"] == "too_many"


def test_the_last_way_in_stays(signed_in_browser, person):
    passkey = Authenticator()
    add(signed_in_browser, passkey)
    type(person)._default_manager.filter(pk=person.pk).update(password="!")
    browser = Browser()
    use(browser, passkey)

    answer = browser.delete(f"{API}{Credential.objects.get().pk}/")

    assert (answer.status_code, answer.json()["error"]) == (409, "last_way_in")
    assert Credential.objects.exists()


def test_a_passkey_signs_in_and_leads_on(person, passkey, browser):
    answer = use(browser, passkey, {"purpose": "signin", "next": "/account/security/passkeys/"})

    assert answer.json() == {"location": "/account/security/passkeys/", "signed_in": True}
    assert flow.amr(browser) == ["hwk", "user", "mfa"]
    away = use(Browser(), passkey, {"purpose": "signin", "next": "https://example.com/"})
    assert "example.com" not in away.json()["location"]


@pytest.mark.needs("accounts")
def test_a_passkey_is_the_second_step_after_a_password(person, passkey, browser):
    browser.get("/signin/")
    browser.post("/signin/", {"identifier": person.email, "password": flow.PASSWORD})
    assert flow.amr(browser) is None

    answer = use(browser, passkey, {"purpose": "second_step"})

    assert answer.json()["signed_in"] is True
    assert flow.amr(browser) == ["pwd", "hwk", "user", "mfa"]


def test_what_is_for_nothing_under_way_is_refused(browser, signed_in_browser, passkey):
    for purpose in ("second_step", "step_up", "register", "", None, 1, ["signin"], {}):
        answer = post(browser, "authentication/options/", {"purpose": purpose})
        assert (answer.status_code, answer.json()["error"]) == (400, "purpose")
    answer = post(signed_in_browser, "authentication/options/", {"purpose": "signin"})
    assert answer.json()["error"] == "purpose"


def test_a_refused_registration_tells_what_to_forget(signed_in_browser):
    made = Authenticator()

    answer = add(signed_in_browser, made, flags=0)

    assert answer.status_code == 400
    assert answer.json()["unknown_credential_id"] == made.id
    assert "wasn’t saved" in answer.json()["detail"]


def test_a_refusal_tells_its_code_and_what_to_forget(browser, person, passkey):
    unknown = Authenticator(user_handle=bytes(64))
    answer = use(browser, unknown)
    assert answer.status_code == 400
    assert answer.json()["error"] == "unknown_credential"
    assert answer.json()["unknown_credential_id"] == unknown.id

    assert use(browser, passkey, flags=VERIFIED & ~4).json()["error"] == "user_verification"
    type(person)._default_manager.filter(pk=person.pk).update(is_active=False)
    assert use(browser, passkey).json()["error"] == "inactive"
    assert flow.amr(browser) is None


def test_changes_want_a_person_who_has_just_proved_who_they_are(browser, person, passkey):
    pk = Credential.objects.get().pk
    for answer in (
        post(browser, "registration/options/"),
        post(browser, "registration/", {"credential": {}}),
        browser.get(API),
        browser.delete(f"{API}{pk}/"),
    ):
        assert answer.status_code == 403
    by_password = Browser()
    flow.sign_in_by_password(by_password, person)
    for answer in (
        post(by_password, "registration/options/"),
        by_password.delete(f"{API}{pk}/"),
        by_password.patch(f"{API}{pk}/", {"name": "x"}, content_type="application/json"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (403, "step_up_required")
    assert not Ceremony.objects.exists()
    assert Credential.objects.get().name != "x"


def test_nobody_reaches_the_passkeys_of_another(other_person, passkey):
    browser = Browser()
    flow.sign_in_by_password(browser, other_person)
    one = f"{API}{Credential.objects.get().pk}/"

    assert browser.get(API).json() == {"passkeys": []}
    assert browser.delete(one).status_code == 404
    assert browser.patch(one, {"name": "x"}, content_type="application/json").status_code == 404


def test_every_request_but_a_look_carries_the_csrf_token(person, passkey):
    browser = Browser(enforce_csrf_checks=True)
    told = {"purpose": "signin"}

    assert post(browser, "authentication/options/", told).status_code == 403
    token = browser.get(f"{API}csrf/").json()["csrf_token"]
    answer = post(browser, "authentication/options/", told, headers={"X-CSRFToken": token})
    assert answer.status_code == 200
    signed = passkey.get(answer.json())
    assert post(browser, "authentication/", {**told, "credential": signed}).status_code == 403
    assert flow.amr(browser) is None


def test_too_many_challenges_are_throttled(browser, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"passkey": {"ip": "1/minute"}}}
    assert post(browser, "authentication/options/").status_code == 200

    answer = post(browser, "authentication/options/")

    assert (answer.status_code, answer.json()) == (429, {"error": "throttled"})
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 60_000,
        b'{"x": "' + b"x" * ANSWER_MAX_LENGTH + b'"}',
    ],
)
def test_a_body_that_is_no_small_object_is_refused(browser, body):
    answer = browser.post(f"{API}authentication/", body, content_type="application/json")

    assert answer.status_code == 400


def test_only_json_is_taken_and_nothing_is_kept(browser):
    answer = browser.post(f"{API}authentication/options/", {"purpose": "signin"})

    assert answer.status_code == 415
    assert "no-store" in post(browser, "authentication/options/")["Cache-Control"]
    json.loads(post(browser, "authentication/options/").content)


def test_a_person_without_passkeys_makes_the_first_after_a_password():
    browser = Browser()
    flow.sign_in_by_password(browser, make_person("carol@example.com"))

    assert add(browser, Authenticator()).status_code == 201
    assert with_passkey(make_person("dave@example.com"))
