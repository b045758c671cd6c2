"""A person gets a copy of their data, and nobody else gets it (SECURITY F4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from ostiary import events, outbox, privacy
from ostiary.models import Event, Export, OutboxMessage
from tests.accounts import flow
from tests.accounts.conftest import make_operator, make_person
from tests.operators import desk_of
from tests.ostiary import zips

pytestmark = pytest.mark.django_db
PAGE, PRIVACY = "/account/privacy/export/", "/account/privacy/"
COPIES = "/admin/ostiary/export/"


@pytest.fixture
def offered(signed_in_browser, person):
    """Alice has asked, and it is ready."""
    signed_in_browser.post(PAGE)
    outbox.deliver_due()
    return Export.objects.get()


def path_of(export):
    return f"{PAGE}{export.pk}/"


def age(browser):
    """An hour passes since the person proved who they are."""
    session = browser.session
    session["ostiary.assurance"]["auth_time"] -= 3600
    session.save()


def test_the_page_of_privacy_leads_to_a_copy_and_to_erasure(signed_in_browser, person):
    page = signed_in_browser.get(PRIVACY).text

    assert f'href="{PAGE}"' in page
    assert 'href="/account/privacy/erase/"' in page


def test_who_asks_is_told_by_mail_and_fetches_it_on_the_page(signed_in_browser, person, offered):
    assert "was requested" in flow.delivered()[-2].subject
    mailed = flow.delivered()[-1]
    assert "is ready" in mailed.subject
    assert f"http://localhost:8000{PAGE}" in mailed.body
    assert str(offered.pk) not in mailed.body, "no link to the file"
    assert f'href="{path_of(offered)}"' in signed_in_browser.get(PAGE).text

    answer = signed_in_browser.get(path_of(offered))

    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith('attachment; filename="personal-data-20')
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    data = answer.getvalue()
    assert int(answer["Content-Length"]) == len(data)
    copy = zips.Opened(data)
    copy.must_follow_its_schema()
    assert copy.said["data"]["ostiary"]["account"]["email"] == person.email
    event = Event.objects.get(kind="export.fetched")
    assert events.person_id_of(event) == str(person.pk)
    offered.refresh_from_db()
    assert offered.fetched_at


def test_f4_it_takes_a_fresh_proof_to_ask_and_to_fetch(signed_in_browser, person, offered):
    age(signed_in_browser)

    for answer in (
        signed_in_browser.get(PAGE),
        signed_in_browser.post(PAGE),
        signed_in_browser.get(path_of(offered)),
        signed_in_browser.head(path_of(offered)),
    ):
        assert answer.status_code == 302
        assert "reauthenticate" in answer["Location"]
    assert Export.objects.count() == 1
    assert not Event.objects.filter(kind="export.fetched").exists()


def test_f4_nobody_else_gets_it(signed_in_browser, person, offered):
    assert Browser().get(path_of(offered))["Location"].startswith("/signin/")
    bob = Browser()
    flow.sign_in(bob, make_person("bob@example.com").email)
    operator = desk_of(make_operator("root", is_superuser=True))

    for other in (bob, operator):
        assert other.get(path_of(offered)).status_code == 404
    assert ">Download</a>" not in bob.get(PAGE).text


def test_f4_what_is_offered_no_more_is_gone(signed_in_browser, person, offered):
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = signed_in_browser.get(path_of(offered))

    assert answer.status_code == 410
    assert "This download has expired." in answer.text
    assert ">Download</a>" not in answer.text


def test_while_it_is_collected_the_page_says_so_and_asking_again_is_nothing_new(
    signed_in_browser, person
):
    for _ in range(7):
        page = signed_in_browser.post(PAGE, follow=True).text
    assert "You requested your data on" in page
    assert Export.objects.count() == 1
    assert Export.objects.get().message.state == "pending"


def test_a_job_that_failed_for_good_lets_the_person_ask_again(signed_in_browser, person):
    signed_in_browser.post(PAGE)
    OutboxMessage.objects.filter(kind="exports.collect").update(state="parked")
    assert "couldn’t collect your data yet" in signed_in_browser.get(PAGE).text

    signed_in_browser.post(PAGE)
    outbox.deliver_due()

    assert ">Download</a>" in signed_in_browser.get(PAGE).text


def test_who_asks_too_often_is_told_when_to_come_back(signed_in_browser, person, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"export": {"user": "1/day"}}}
    signed_in_browser.post(PAGE)
    outbox.deliver_due()

    answer = signed_in_browser.post(PAGE)

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 3600


# --- operators ------------------------------------------------------------------------------------


@pytest.fixture
def desk(db):
    return desk_of(make_operator("operator", "view_export", "add_export"))


def ask(desk, address="alice@example.com", why="Wrote to us, ticket 7"):
    return desk.post(f"{COPIES}add/", {"person": address, "why": why})


def test_an_operator_has_it_made_for_who_writes_in_and_never_reads_it(desk, person):
    assert ask(desk).status_code == 302

    asked = Export.objects.get()
    assert (asked.user, asked.requested_by, asked.reason) == (
        person,
        "operator",
        "Wrote to us, ticket 7",
    )
    assert "was requested" in flow.delivered()[-2].subject, "it is told, and made"
    event = Event.objects.get(kind="export.requested")
    assert event.details == {"by": "operator", "operator": asked.operator}
    assert privacy.subjects_of([asked.operator])
    copy = zips.of(asked)
    shown = desk.get(f"{COPIES}{asked.pk}/change/").text
    assert "Wrote to us, ticket 7" in shown
    for name in ("data.json", "export_download", PAGE):
        assert name not in shown
    assert "Wrote to us, ticket 7" in copy.all
    assert desk.get(f"{COPIES}{asked.pk}/delete/").status_code == 403


def test_without_a_reason_a_person_or_the_permission_nothing_is_asked_for(desk, person):
    assert ask(desk, why=" ").status_code == 200
    assert (
        "No account has this email address, or more than one"
        in ask(desk, "nobody@example.com").text
    )
    assert ask(desk_of(make_operator("helper", "view_export"))).status_code == 403
    assert not Export.objects.exists()
    ask(desk)
    assert "already in progress" in ask(desk).text


def test_c8_an_operator_proves_anew_who_they_are(desk, person):
    age(desk)

    answer = ask(desk)

    assert "reauthenticate" in answer["Location"]
    assert not Export.objects.exists()
