"""The register of sessions: what ends one, and how soon."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import login
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import transaction
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import timezone

from ostiary import cleanup, sessions, signals
from ostiary.models import Session
from tests.ostiary.conftest import PASSWORD, sign_in, who

NEW = "another long passphrase"
pytestmark = pytest.mark.django_db


DJANGOS = "django.contrib.sessions.backends"
OURS = "ostiary.session_engines"


@pytest.fixture(
    params=[f"{DJANGOS}.db", f"{DJANGOS}.cache", f"{OURS}.db", f"{OURS}.cached_db"],
)
def engine(request, settings):
    """Session engines with a server side; the cached ones over a real Redis."""
    settings.SESSION_ENGINE = request.param
    if not request.param.endswith(".db"):
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": request.getfixturevalue("redis_url"),
                "KEY_PREFIX": uuid.uuid4().hex,
            }
        }


@pytest.fixture
def ended():
    """Every session whose end was told, with the reason."""
    told = []

    def listen(sender, session, reason, **_):
        told.append((str(session.pk), reason))

    signals.session_ended.connect(listen)
    yield told
    signals.session_ended.disconnect(listen)


def passes(session: Session, **past) -> None:
    """Let time pass: set the register's times back."""
    Session.objects.filter(pk=session.pk).update(
        **{name: timezone.now() - timedelta(seconds=seconds) for name, seconds in past.items()}
    )


# --- ending -------------------------------------------------------------------------------------


def test_a_session_that_was_ended_is_anonymous_at_the_next_request(engine, signed_in_browser):
    assert who(signed_in_browser)["user"]

    assert sessions.end(Session.objects.get(), "operator")

    assert who(signed_in_browser)["user"] is None
    assert signed_in_browser.get("/private/").status_code == 302


def test_it_is_anonymous_for_asynchronous_views_too(engine, signed_in_browser):
    assert signed_in_browser.get("/who/async/").json()["user"]
    sessions.end(Session.objects.get(), "operator")
    assert signed_in_browser.get("/who/async/").json()["user"] is None


def test_the_engines_data_goes_with_the_session(
    engine, signed_in_browser, django_capture_on_commit_callbacks
):
    key = signed_in_browser.session.session_key
    with django_capture_on_commit_callbacks(execute=True):
        sessions.end(Session.objects.get(), "operator")
    assert not signed_in_browser.session.exists(key)


def test_a_session_ends_though_the_engine_is_down(
    signed_in_browser, settings, django_capture_on_commit_callbacks
):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert sessions.end(Session.objects.get(), "operator")
    assert Session.objects.get().ended_at


def test_a_session_ends_once_and_says_why(signed_in_browser, ended):
    session = Session.objects.get()

    assert sessions.end(session, "operator")
    assert not sessions.end(session, "password")

    assert ended == [(str(session.pk), "operator")]
    assert Session.objects.get().end_reason == "operator"


def test_signing_out_ends_the_session_in_the_register_and_in_the_browser(signed_in_browser, ended):
    stolen = Browser()
    stolen.cookies = signed_in_browser.cookies.copy()

    signed_in_browser.post("/signout/")

    assert [reason for _, reason in ended] == ["signout"]
    assert who(signed_in_browser)["user"] is None
    assert who(stolen)["user"] is None


def test_all_sessions_of_a_person_end_but_the_one_that_is_kept(
    signed_in_browser, person, other_person, ended
):
    elsewhere, bobs = Browser(), Browser()
    sign_in(elsewhere, person)
    sign_in(bobs, other_person)

    assert sessions.end_all(person, "person", keep_sid=who(signed_in_browser)["sid"]) == 1

    assert who(elsewhere)["user"] is None
    assert who(signed_in_browser)["user"] == str(person.pk)
    assert who(bobs)["user"] == str(other_person.pk)


def test_a_key_that_was_given_up_is_worth_nothing_though_its_data_are_still_there(
    engine, signed_in_browser, person
):
    """As in a cache that was away when the key was rotated."""
    thief = Browser()
    thief.cookies = signed_in_browser.cookies.copy()
    old = signed_in_browser.session
    data, key = dict(old.items()), old.session_key
    sign_in(signed_in_browser, person)
    left = type(old)()
    left.update(data)
    left._session_key = key
    left.save(must_create=True)
    assert "_auth_user_id" in type(old)(key)

    assert who(thief)["user"] is None
    assert who(signed_in_browser)["user"] == str(person.pk)


def test_the_register_knows_the_key_that_django_gives_a_session_with_a_new_password(
    signed_in_browser, person
):
    before = signed_in_browser.session.session_key
    passwords = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}

    assert signed_in_browser.post("/password/", passwords).status_code == 302

    assert who(signed_in_browser)["user"] == str(person.pk)
    key = signed_in_browser.session.session_key
    assert Session.objects.get().session_key == key != before


def test_a_session_whose_end_was_rolled_back_goes_on(engine, signed_in_browser):
    with transaction.atomic():
        sessions.end(Session.objects.get(), "operator")
        transaction.set_rollback(True)

    assert who(signed_in_browser)["user"]


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "lives"),
    [
        ({"last_seen_at": 12 * 3600 - 60}, True),
        ({"last_seen_at": 12 * 3600 + 1}, False),
        ({"created_at": 24 * 3600 - 60}, True),
        ({"created_at": 24 * 3600 + 1}, False),
    ],
)
def test_a_session_ends_when_unused_for_12_hours_and_after_24_in_any_case(
    signed_in_browser, ended, past, lives
):
    passes(Session.objects.get(), **past)

    assert (who(signed_in_browser)["user"] is not None) is lives
    assert [reason for _, reason in ended] == ([] if lives else ["expired"])


@pytest.mark.parametrize(("days", "lives"), [(29, True), (31, False)])
def test_a_remembered_session_lives_for_30_days(browser, person, days, lives):
    sign_in(browser, person, remember="1")
    passes(Session.objects.get(), created_at=days * 86400, last_seen_at=days * 86400)
    assert (who(browser)["user"] is not None) is lives


def test_the_cookie_outlives_the_browser_only_if_the_person_asked_for_it(person):
    shared, own = Browser(), Browser()
    sign_in(shared, person)
    sign_in(own, person, remember="1")

    assert shared.cookies["ostiary_session"]["max-age"] == ""
    assert own.cookies["ostiary_session"]["max-age"] == 30 * 86400
    assert own.cookies["ostiary_session"]["httponly"]


def test_proving_again_who_one_is_does_not_prolong_a_session_for_ever(signed_in_browser, person):
    passes(Session.objects.get(), created_at=24 * 3600 - 60)
    sign_in(signed_in_browser, person)
    passes(Session.objects.get(), created_at=24 * 3600 + 1)
    assert who(signed_in_browser)["user"] is None


@pytest.mark.parametrize("engine", [f"{OURS}.db"], indirect=True)  # a cached session costs one less
def test_using_a_session_is_noted_and_at_most_every_five_minutes(
    engine, signed_in_browser, django_assert_num_queries
):
    passes(Session.objects.get(), last_seen_at=301)
    with django_assert_num_queries(3):  # Django's session, ours with the person, the note
        who(signed_in_browser)
    with django_assert_num_queries(2):
        who(signed_in_browser)
    assert timezone.now() - Session.objects.get().last_seen_at < timedelta(seconds=60)


def test_a_page_that_does_not_ask_who_looks_costs_no_statement(
    signed_in_browser, django_assert_num_queries
):
    with django_assert_num_queries(0):
        signed_in_browser.get("/silent/")


# --- people -------------------------------------------------------------------------------------


def test_a_disabled_persons_sessions_end(signed_in_browser, person, ended):
    person.is_active = False
    person.save()

    assert [reason for _, reason in ended] == ["disabled"]
    assert who(signed_in_browser)["user"] is None


def test_a_disabled_persons_session_does_not_come_back_with_them(signed_in_browser, person):
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    assert who(signed_in_browser)["user"] is None
    type(person).objects.filter(pk=person.pk).update(is_active=True)
    assert who(signed_in_browser)["user"] is None
    assert Session.objects.get().end_reason == "revoked"


def test_saving_something_else_of_a_person_ends_nothing(signed_in_browser, person, ended):
    person.save(update_fields=["password"])
    person.save()
    assert ended == []


def test_a_password_that_was_changed_elsewhere_ends_the_session(signed_in_browser, person, ended):
    person.set_password("another long passphrase")
    person.save()

    assert who(signed_in_browser)["user"] is None
    assert [reason for _, reason in ended] == ["revoked"]


def test_an_erased_person_is_nobody(signed_in_browser, person):
    person.delete()
    assert who(signed_in_browser)["user"] is None


def test_a_session_without_a_row_in_the_register_is_nobodys(signed_in_browser):
    Session.objects.all().delete()
    assert who(signed_in_browser)["user"] is None
    assert "_auth_user_id" not in signed_in_browser.session


def test_a_row_of_another_person_is_no_ticket(signed_in_browser, other_person):
    Session.objects.update(user=other_person)
    assert who(signed_in_browser)["user"] is None


# --- what is known ------------------------------------------------------------------------------


def test_the_register_says_who_when_where_and_how(signed_in_browser, person):
    session = Session.objects.get()
    assert session.user == person
    assert session.ip_address == "127.0.0.1"
    assert session.user_agent == "Mozilla/5.0 Firefox/130.0"
    assert session.amr == ["pwd"]
    assert str(session.pk) == who(signed_in_browser)["sid"]


def test_a_hostile_browser_name_is_no_error(person):
    browser = Browser(headers={"user-agent": "\x00" + "x" * 5000})
    sign_in(browser, person)
    assert Session.objects.get().user_agent == "x" * 400


@pytest.mark.parametrize(
    ("backend", "amr"),
    [
        ("django.contrib.auth.backends.ModelBackend", ["pwd"]),
        ("django.contrib.auth.backends.RemoteUserBackend", []),
    ],
)
def test_a_sign_in_by_djangos_own_means_is_registered_truthfully(person, backend, amr):
    request = RequestFactory().post("/login/")
    SessionMiddleware(lambda _: None).process_request(request)

    login(request, person, backend=backend)

    session = Session.objects.get()
    assert session.session_key == request.session.session_key
    assert session.amr == amr


def test_a_session_that_ends_while_it_is_renewed_stays_ended(signed_in_browser, person):
    request = RequestFactory().post("/")
    request.session = signed_in_browser.session
    session = Session.objects.get()
    original = request.session.cycle_key

    def ends_meanwhile():
        sessions.end(session, "operator")
        original()

    request.session.cycle_key = ends_meanwhile
    sessions.start(request, person, ["pwd"])

    assert Session.objects.get(pk=session.pk).end_reason == "operator"


# --- expiry by the clock ------------------------------------------------------------------------


def test_the_clean_up_ends_what_has_expired_and_tells_it(signed_in_browser, ended):
    session = Session.objects.get()
    passes(session, last_seen_at=12 * 3600 + 1)

    assert cleanup.end_expired_sessions() == 1
    assert cleanup.end_expired_sessions() == 0

    assert ended == [(str(session.pk), "expired")]
