"""The operator's view of the ground floor: it shows no secret, and what is done is logged."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from ostiary import events, outbox
from ostiary.models import Event, OutboxMessage, Session
from ostiary.privacy import pseudonym_of
from tests.operators import desk_of
from tests.ostiary.conftest import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def whole_site(small_site, settings):
    """The admin stands on the reference site."""
    import idp_site.settings

    settings.ROOT_URLCONF = "idp_site.urls"
    settings.MIDDLEWARE = idp_site.settings.MIDDLEWARE


@pytest.fixture
def operator():
    return get_user_model().objects.create(
        email="operator@example.com", is_staff=True, is_superuser=True
    )


@pytest.fixture
def desk(operator):
    """The operator's browser."""
    return desk_of(operator)


def do(desk, model, action, *rows):
    return desk.post(
        f"/admin/ostiary/{model}/",
        {"action": action, "_selected_action": [str(row.pk) for row in rows]},
        follow=True,
    )


@pytest.fixture
def session(person):
    browser = Browser()
    browser.force_login(person)
    return Session.objects.get(user=person)


@pytest.fixture
def parked():
    message = outbox.enqueue("test", {"code": "493027"})
    OutboxMessage.objects.filter(pk=message.pk).update(state="parked", last_error="no")
    return message


def test_an_operator_ends_a_session_and_it_is_logged(desk, operator, person, session):
    answer = do(desk, "session", "end_session", session)

    assert "1 session was ended." in answer.text
    session.refresh_from_db()
    assert session.end_reason == "operator"
    told = Event.objects.get(kind="session.ended_by_operator")
    assert told.subject == pseudonym_of(person)
    assert told.details == {"operator": pseudonym_of(operator)}
    assert events.personal_details(told) == {"sid": str(session.pk)}


@pytest.mark.parametrize("model", ["session", "outboxmessage"])
def test_whoever_may_only_look_is_offered_no_action(model, session, parked):
    from django.contrib.auth.models import Permission

    clerk = make_person("clerk@example.com")
    clerk.is_staff = True
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(codename=f"view_{model}"))
    desk = desk_of(clerk)

    row = session if model == "session" else parked
    action = "end_session" if model == "session" else "drop"
    assert desk.get(f"/admin/ostiary/{model}/").status_code == 200
    do(desk, model, action, row)

    row.refresh_from_db()
    assert not getattr(row, "ended_at", None)
    assert getattr(row, "state", "parked") == "parked"


@pytest.mark.parametrize("model", ["session", "event", "outboxmessage"])
@pytest.mark.parametrize("change", ["add", "delete"])
def test_rows_are_neither_added_nor_deleted_by_hand(desk, session, parked, model, change):
    row = {"session": session, "event": events.record("keys.rotated"), "outboxmessage": parked}
    path = "add/" if change == "add" else f"{row[model].pk}/delete/"
    assert desk.get(f"/admin/ostiary/{model}/{path}").status_code == 403


def test_no_page_shows_a_session_key_or_the_content_of_a_message(desk, session, parked):
    for model, row in (("session", session), ("outboxmessage", parked)):
        page = desk.get(f"/admin/ostiary/{model}/{row.pk}/change/").text
        assert session.session_key not in page
        assert "493027" not in page


def test_personal_details_of_an_event_are_shown_until_the_person_is_erased(desk, person):
    from ostiary import privacy

    event = events.record("keys.rotated", user=person, personal={"ip": "198.51.100.7"})
    address = f"/admin/ostiary/event/{event.pk}/change/"
    assert "198.51.100.7" in desk.get(address).text
    privacy.shred(str(person.pk))
    assert "198.51.100.7" not in desk.get(address).text


@pytest.mark.parametrize("model", ["session", "event", "outboxmessage"])
@pytest.mark.parametrize("text", ["abc", "198.51.100.7", "%", "'", "\x00", "0" * 5000, "é"])
def test_a_search_for_anything_is_no_error(desk, session, parked, model, text):
    assert desk.get(f"/admin/ostiary/{model}/", {"q": text}).status_code == 200


def test_a_session_is_found_by_its_sid(desk, session):
    page = desk.get("/admin/ostiary/session/", {"q": str(session.pk)}).text
    assert "alice@example.com" in page
    assert "1 session" in page
