"""What operators see and do of passkeys."""

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from fido2.utils import websafe_encode

from ostiary import events, outbox
from ostiary.assurance import SESSION_KEY
from ostiary.models import Event
from passkeys.models import Credential
from tests.operators import desk_of
from tests.passkeys.conftest import make_person

pytestmark = pytest.mark.django_db

LIST = "/admin/ostiary_passkeys/credential/"


def operator(*permissions):
    """A browser in which an operator with these permissions is signed in."""
    person = make_person("operator@example.com", is_staff=True)
    for permission in permissions:
        person.user_permissions.add(
            Permission.objects.get(codename=permission, content_type__app_label="ostiary_passkeys")
        )
    return desk_of(person)


def remove(browser, credential, reason):
    chosen = {"action": "remove", "_selected_action": str(credential.pk), "reason": reason}
    return browser.post(LIST, chosen, follow=True)


def test_an_operator_removes_a_passkey_with_a_reason_and_its_person_is_told(passkey):
    credential = Credential.objects.get()
    desk = operator("view_credential", "change_credential")
    outbox.deliver_due()
    mail.outbox.clear()

    page = remove(desk, credential, "You told us that it was stolen.")

    assert "1 passkey was removed." in page.content.decode()
    assert not Credential.objects.exists()
    event = Event.objects.get(kind="passkey.removed")
    assert event.details["operator"]
    assert events.personal_details(event)["reason"] == "You told us that it was stolen."
    outbox.deliver_due()
    (told,) = mail.outbox
    assert "You told us that it was stolen." in told.body


def test_without_a_reason_nothing_is_removed(passkey):
    credential = Credential.objects.get()

    page = remove(operator("view_credential", "change_credential"), credential, "  ")

    assert "Say the reason" in page.content.decode()
    assert Credential.objects.exists()


def test_who_may_only_look_removes_nothing(passkey):
    credential = Credential.objects.get()
    desk = operator("view_credential")

    remove(desk, credential, "Because.")

    assert Credential.objects.exists()
    page = desk.get(f"{LIST}{credential.pk}/change/").content.decode()
    assert credential.name in page
    assert '<input type="text"' not in page


def test_no_key_is_shown(passkey):
    credential = Credential.objects.get()
    desk = operator("view_credential", "change_credential")

    for path in (LIST, f"{LIST}{credential.pk}/change/"):
        page = desk.get(path).content.decode()
        assert websafe_encode(bytes(credential.public_key)) not in page
        assert bytes(credential.public_key).hex() not in page
    assert desk.get(f"{LIST}add/").status_code == 403
    assert desk.get(f"{LIST}{credential.pk}/delete/").status_code == 403


def test_removing_asks_an_operator_who_signed_in_long_ago_to_prove_it_again(passkey):
    credential = Credential.objects.get()
    desk = operator("view_credential", "change_credential")
    session = desk.session
    shown = session[SESSION_KEY]
    session[SESSION_KEY] = {**shown, "auth_time": shown["auth_time"] - 3600}
    session.save()

    answer = desk.post(LIST, {"action": "remove", "_selected_action": str(credential.pk)})

    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert Credential.objects.exists()
