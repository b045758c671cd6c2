"""Code of the project's own at fixed points."""

import logging

import pytest
from django.db import transaction

from ostiary import checks, events, hooks, outbox
from ostiary.hooks import SignInRefused
from ostiary.models import Event, OutboxMessage, Session
from ostiary.privacy import pseudonym_of
from tests.ostiary.conftest import sign_in, who

pytestmark = pytest.mark.django_db

HERE = __name__
called = []


@pytest.fixture(autouse=True)
def forget():
    called.clear()


@pytest.fixture(autouse=True)
def plain_pages(settings):
    """The pages of the ground floor, without the site's theme."""
    settings.TEMPLATES = [
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
    ]


def pass_by(request, user, pending):
    called.append((user.email, pending.amr))


def refuse(request, user, pending):
    raise SignInRefused("Come back on Monday.")


def fail(*args):
    raise LookupError("the directory is away")


class Passing:
    """A hook that is a class."""

    def __call__(self, request, user, pending):
        called.append(("class", pending.amr))


def hear(event):
    called.append(event.kind)


class HearsOfDropped:
    """Wants one kind."""

    kinds = {"outbox.dropped"}

    def __call__(self, event):
        called.append(f"only {event.kind}")


# --- before a sign-in completes ----------------------------------------------------------------


def test_hooks_are_asked_in_their_order_with_what_was_shown(ostiary, browser, person):
    ostiary(BEFORE_SIGNIN_HOOKS=[f"{HERE}.pass_by", f"{HERE}.Passing"])

    assert sign_in(browser, person).status_code == 302
    assert called == [("alice@example.com", ("pwd",)), ("class", ("pwd",))]
    assert who(browser)["user"] == str(person.pk)


def test_they_are_asked_after_the_last_step_and_of_who_passed_it(ostiary, browser, person):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code"], BEFORE_SIGNIN_HOOKS=[f"{HERE}.pass_by"])
    sign_in(browser, person)
    assert called == []

    browser.post("/code/")
    assert called == [("alice@example.com", ("pwd", "otp"))]


def test_a_refusal_is_told_and_nobody_is_signed_in(ostiary, browser, person):
    ostiary(BEFORE_SIGNIN_HOOKS=[f"{HERE}.refuse", f"{HERE}.pass_by"])

    answer = sign_in(browser, person)

    assert answer.status_code == 403
    assert "Come back on Monday." in answer.content.decode()
    assert called == []
    assert who(browser)["user"] is None
    assert not Session.objects.exists()
    event = Event.objects.get(kind="signin.refused")
    assert (event.outcome, event.subject) == ("failure", pseudonym_of(person))
    assert event.details == {"hook": f"{HERE}.refuse"}
    assert events.personal_details(event)["reason"] == "Come back on Monday."


def test_what_was_refused_is_over_and_no_step_goes_on_with_it(ostiary, browser, person):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code"], BEFORE_SIGNIN_HOOKS=[f"{HERE}.refuse"])
    sign_in(browser, person)
    browser.post("/code/")

    assert browser.get("/code/").status_code == 403


@pytest.mark.parametrize("path", [f"{HERE}.fail", "nowhere.hook"])
def test_a_hook_that_fails_refuses_and_says_nothing_of_why(path, ostiary, browser, person, caplog):
    ostiary(BEFORE_SIGNIN_HOOKS=[path])

    answer = sign_in(browser, person)

    assert answer.status_code == 403
    assert "directory" not in answer.content.decode()
    assert "Try again in a few minutes." in answer.content.decode()
    assert who(browser)["user"] is None
    assert path in caplog.text
    assert Event.objects.filter(kind="signin.refused").count() == 1


# --- after a sign-up ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_after_sign_up_waits_for_the_commit_and_survives_a_hook_that_fails(
    ostiary, person, rf, caplog
):
    ostiary(AFTER_SIGNUP_HOOKS=[f"{HERE}.fail", "nowhere.hook", "tests.ostiary.test_hooks.welcome"])
    request = rf.post("/")

    with transaction.atomic():
        hooks.after_signup(request, person)
        assert called == []

    assert called == [(request, person)]
    assert "the directory is away" in caplog.text


def welcome(request, user):
    called.append((request, user))


@pytest.mark.django_db(transaction=True)
def test_after_a_sign_up_that_was_rolled_back_comes_nothing(ostiary, person, rf):
    ostiary(AFTER_SIGNUP_HOOKS=[f"{HERE}.welcome"])

    with transaction.atomic():
        hooks.after_signup(rf.post("/"), person)
        transaction.set_rollback(True)

    assert called == []


# --- after an event ----------------------------------------------------------------------------


def test_an_event_is_told_by_the_worker_and_only_of_the_kinds_wanted(ostiary, person):
    ostiary(AFTER_EVENT_HOOKS=[f"{HERE}.hear", f"{HERE}.HearsOfDropped"])

    events.record("outbox.retried", user=person)
    events.record("outbox.dropped", user=person)

    assert called == []
    outbox.deliver_due()
    assert sorted(called) == ["only outbox.dropped", "outbox.dropped", "outbox.retried"]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_was_rolled_back_is_told_to_nobody(ostiary):
    ostiary(AFTER_EVENT_HOOKS=[f"{HERE}.hear"])

    with transaction.atomic():
        events.record("outbox.dropped")
        transaction.set_rollback(True)

    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_without_hooks_is_still_one_statement(person, django_assert_num_queries):
    events.record("outbox.dropped", user=person)
    with django_assert_num_queries(1):
        events.record("outbox.dropped", user=person)


def test_a_hook_that_fails_is_tried_again_and_the_others_are_not(ostiary, caplog):
    ostiary(AFTER_EVENT_HOOKS=[f"{HERE}.fail", f"{HERE}.hear"])
    caplog.set_level(logging.WARNING)

    events.record("outbox.dropped")
    outbox.deliver_due()

    assert called == ["outbox.dropped"]
    [waiting] = OutboxMessage.objects.filter(state="pending")
    assert waiting.attempts == 1
    assert waiting.last_error.startswith("LookupError")


def test_a_hook_that_is_not_there_keeps_no_event_from_being_written(ostiary):
    ostiary(AFTER_EVENT_HOOKS=["nowhere.hook"])

    events.record("outbox.dropped")
    outbox.deliver_due()

    assert OutboxMessage.objects.get().state == "pending"


def test_a_hook_taken_out_of_the_settings_hears_no_more(ostiary):
    ostiary(AFTER_EVENT_HOOKS=[f"{HERE}.hear"])
    events.record("outbox.dropped")
    ostiary(AFTER_EVENT_HOOKS=[])
    outbox.deliver_due()

    assert called == []
    assert OutboxMessage.objects.get().state == "done"


@pytest.mark.parametrize(
    "setting", ["BEFORE_SIGNIN_HOOKS", "AFTER_SIGNUP_HOOKS", "AFTER_EVENT_HOOKS"]
)
@pytest.mark.parametrize("path", ["nowhere.hook", f"{HERE}.HERE"])
def test_a_wrong_path_is_told_before_the_site_starts(ostiary, setting, path):
    ostiary(**{setting: [path]})

    [problem] = [each for each in checks.check_settings(None) if each.id == "ostiary.E018"]
    assert setting in problem.msg
