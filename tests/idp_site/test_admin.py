"""The admin site: who gets in, and what it shows."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client as Browser
from django.urls import reverse

from ostiary import assurance, events, factors, outbox
from ostiary.admin_site import OPERATOR_SECONDS
from ostiary.models import Event, OutboxMessage, Session
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


def person(email, **fields):
    return get_user_model().objects.create_user(email=email, password=PASSWORD, **fields)


@pytest.fixture
def operator(db):
    return desk_of(person("operator@example.com", is_staff=True, is_superuser=True))


def test_a_visitor_is_sent_to_the_sites_own_sign_in_page(client):
    to_admin = client.get("/admin/ostiary/event/")
    assert to_admin["Location"] == "/admin/login/?next=/admin/ostiary/event/"
    assert client.get(to_admin["Location"])["Location"] == "/signin/?next=/admin/ostiary/event/"


def test_a_foreign_address_is_no_way_back(client):
    answer = client.get("/admin/login/?next=https://evil.example/")
    assert answer["Location"] == "/signin/?next=/admin/"


def test_the_admins_own_password_form_is_gone(client):
    person("operator@example.com", is_staff=True)
    answer = client.post(
        "/admin/login/", {"username": "operator@example.com", "password": PASSWORD}
    )
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session


def test_who_is_no_operator_is_refused(client):
    client.force_login(person("alice@example.com"), "django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/login/?next=/admin/").status_code == 403


class Keeper:
    """Keeps second factors, of people that are named to it."""

    def __init__(self):
        self.having = set()

    def factors_of(self, user):
        return ["Authenticator app"] if user in self.having else []

    def has_strong(self, user):
        return user in self.having

    def reset(self, user):
        self.having.discard(user)


@pytest.fixture
def keeper(monkeypatch):
    kept = Keeper()
    monkeypatch.setattr(factors, "_keepers", {"test": kept})
    return kept


def by_one_factor(**fields):
    """The browser of an operator who has signed in by one factor, and the operator."""
    user = person("operator@example.com", is_staff=True, is_superuser=True, **fields)
    browser = Browser()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser, user


def test_g1_an_operator_by_one_factor_is_asked_for_the_second(keeper):
    browser, user = by_one_factor()
    keeper.having.add(user)
    asked = browser.get("/admin/ostiary/event/", follow=False)
    assert asked["Location"] == "/admin/login/?next=/admin/ostiary/event/"
    again = browser.get(asked["Location"])
    assert again["Location"] == (
        "/signin/?next=%2Fadmin%2Fostiary%2Fevent%2F&reauthenticate=1"
        "&acr_values=urn%3Aostiary%3Aaal2"
    )


def test_g1_an_operator_without_a_second_factor_is_told_to_set_one_up(keeper):
    browser, _ = by_one_factor()
    answer = browser.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "Two-step verification is required" in answer.content.decode()
    assert "Sign in again" in answer.content.decode()


def test_g1_two_factors_last_for_half_a_day(keeper, operator):
    assert operator.get("/admin/").status_code == 200
    session = operator.session
    shown = session[assurance.SESSION_KEY]
    session[assurance.SESSION_KEY] = {**shown, "auth_time": shown["auth_time"] - OPERATOR_SECONDS}
    session.save()
    assert operator.get("/admin/").status_code == 302


def test_every_list_and_every_form_opens(operator):
    assert operator.get("/admin/").status_code == 200
    for model, model_admin in admin.site._registry.items():
        options = model._meta
        name = f"admin:{options.app_label}_{options.model_name}"
        # Of what there is one of only, the list leads to its form.
        answer = operator.get(reverse(f"{name}_changelist"), follow=True)
        assert answer.status_code == 200, name
        assert answer.wsgi_request.path.startswith(reverse(f"{name}_changelist")), name
        request = operator.get("/admin/").wsgi_request
        if model_admin.has_add_permission(request):
            assert operator.get(reverse(f"{name}_add")).status_code == 200, name


def test_the_things_that_an_operator_looks_after_are_there():
    registered = {model._meta.label for model in admin.site._registry}
    wanted = {"ostiary.Session", "ostiary.Event", "ostiary.OutboxMessage", "ostiary_oauth.Client"}
    assert wanted | {"ostiary_oauth.SigningKey", "ostiary_accounts.User"} <= registered


def test_ending_a_session_signs_that_browser_out(operator):
    browser = Browser()
    browser.force_login(person("alice@example.com"), "django.contrib.auth.backends.ModelBackend")
    session = Session.objects.get(user__email="alice@example.com")
    answer = operator.post(
        "/admin/ostiary/session/", {"action": "end_session", "_selected_action": [str(session.pk)]}
    )
    assert answer.status_code == 302
    session.refresh_from_db()
    assert session.end_reason == "operator"
    assert browser.get("/account/").status_code == 302
    assert "_auth_user_id" not in browser.session


def test_session_keys_are_not_shown(operator):
    session = Session.objects.get()
    page = operator.get(f"/admin/ostiary/session/{session.pk}/change/")
    assert page.status_code == 200
    assert session.session_key not in page.content.decode()


def test_events_are_read_and_never_changed_or_removed(operator):
    user = person("alice@example.com")
    event = events.record("signin.succeeded", user=user, personal={"ip": "192.0.2.7"})
    page = operator.get(f"/admin/ostiary/event/{event.pk}/change/")
    assert "192.0.2.7" in page.content.decode()
    before = Event.objects.get(pk=event.pk).kind
    for path in ("change", "delete"):
        answer = operator.post(
            f"/admin/ostiary/event/{event.pk}/{path}/", {"kind": "x", "post": "yes"}
        )
        assert answer.status_code == 403
    assert operator.get("/admin/ostiary/event/add/").status_code == 403
    assert Event.objects.get(pk=event.pk).kind == before


def test_a_waiting_message_is_listed_without_its_content(operator):
    message = outbox.enqueue(
        "email.send", {"to": "hidden@example.com", "subject": "s", "text": "marked content"}
    )
    for path in ("", f"{message.pk}/change/"):
        page = operator.get(f"/admin/ostiary/outboxmessage/{path}").content.decode()
        assert "email.send" in page
        assert "marked content" not in page
        assert "hidden@example.com" not in page


def test_an_operator_drops_a_message(operator):
    message = outbox.enqueue("email.send", {"to": "a@example.com", "subject": "s", "text": "t"})
    operator.post(
        "/admin/ostiary/outboxmessage/",
        {
            "action": "drop",
            "_selected_action": [str(message.pk)],
            "post": "yes",
            "reason": "Sent by post.",
        },
    )
    left = OutboxMessage.objects.filter(pk=message.pk).first()
    assert left is None or left.state not in ("pending", "PENDING")


def test_no_form_has_a_field_for_a_stored_secret():
    names = ("secret_hash", "private_key", "session_key", "payload", "token_hash", "code_hash")
    for model in apps.get_models():
        model_admin = admin.site._registry.get(model)
        if model_admin is None:
            continue
        shown = {
            *model_admin.list_display,
            *(model_admin.fields or ()),
            *model_admin.readonly_fields,
        }
        hidden = set(model_admin.exclude or ())
        for name in names:
            assert name not in shown - hidden, model
