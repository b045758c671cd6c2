"""What is kept of telephones and messages: told to the person, erased with them, shown to operators
without anything personal (SECURITY F3, F4, G5, H14)."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from mfa import personal_data, tasks
from mfa.models import EmailDevice, Phone, SentCode, TextMessage
from tests.mfa import texting

pytestmark = pytest.mark.django_db

LIST = "/admin/ostiary_mfa/textmessage/"


def write(person, **fields):
    return TextMessage.objects.create(
        user=person, country="DE", ending="89", name_at_gateway="SM1", **fields
    )


def test_the_person_is_told_their_number_and_the_messages_to_it(person, phone):
    write(person)
    told = personal_data.export(person)
    assert told["second_factors"][0]["kind"] == "sms"
    assert told["telephones"][0]["number"] == texting.NUMBER
    assert next(told["text_messages"])["country"] == "DE"


def test_erasure_leaves_how_many_messages_went_where(person, phone):
    EmailDevice.objects.create(user=person, confirmed=True)
    write(person)
    personal_data.erase(person)
    assert not Phone.objects.exists()
    assert not EmailDevice.objects.exists()
    [kept] = TextMessage.objects.all()
    assert (kept.user, kept.ending, kept.name_at_gateway, kept.country) == (None, "", "", "DE")


def test_what_has_had_its_time_is_forgotten(person, phone):
    now = timezone.now()
    old = write(person, created_at=now - timedelta(days=91))
    new = write(person)
    live = {"user": person, "channel": "sms", "purpose": "signin", "bound_to": "", "code_hash": ""}
    SentCode.objects.create(**live, expires_at=now - timedelta(seconds=1))
    SentCode.objects.create(**live, expires_at=now + timedelta(minutes=5))
    proposed = texting.make_phone(person, texting.NEW_NUMBER)
    Phone.objects.filter(pk=proposed.pk).update(
        confirmed=False, usable_from=None, created_at=now - timedelta(hours=2)
    )

    tasks.clean_up()

    assert list(TextMessage.objects.all()) == [new]
    assert old not in TextMessage.objects.all()
    assert SentCode.objects.count() == 1
    assert list(Phone.objects.all()) == [phone]


@pytest.mark.needs("accounts")
def test_operators_see_what_went_where_and_no_number(person, phone):
    from tests.operators import desk_of

    write(person, state=TextMessage.State.FAILED, reason="Twilio answers 400 21211")
    write(person, state=TextMessage.State.DELIVERED)
    model = get_user_model()
    desk = desk_of(
        model.objects.create(email="operator@example.com", is_staff=True, is_superuser=True)
    )
    page = desk.get(LIST).content.decode()
    for shown in ("SIM swap", "of today’s 1000 text messages", "Twilio answers 400 21211"):
        assert shown in page
    assert "<td>2</td>" in page.replace(" ", "").replace("\n", "")
    assert texting.NUMBER[1:] not in page
    one = desk.get(f"{LIST}{TextMessage.objects.first().pk}/change/").content.decode()
    assert texting.NUMBER[1:] not in one
    assert desk.get(f"{LIST}add/").status_code == 403


@pytest.mark.needs("accounts")
def test_operators_find_a_person_by_the_whole_number(person, other_person, phone):
    from tests.operators import desk_of

    texting.make_phone(other_person, texting.NEW_NUMBER)
    model = get_user_model()
    desk = desk_of(
        model.objects.create(email="operator@example.com", is_staff=True, is_superuser=True)
    )
    for typed in (texting.NUMBER, "+49 1512 345-6789"):
        page = desk.get("/admin/ostiary_mfa/phone/", {"q": typed}).content.decode()
        assert "••89" in page
        assert "••80" not in page
    nobody = desk.get("/admin/ostiary_mfa/phone/", {"q": "+49 1512 0000000"}).content.decode()
    assert "••89" not in nobody
