"""What operators see and do of passkeys."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from fido2.utils import websafe_encode

from ostiary import events, outbox
from ostiary.assurance import SESSION_KEY
from ostiary.models import Event, FactorReset
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

    assert "Enter a reason" in page.content.decode()
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


@pytest.fixture
def two(settings):
    """The site wants two operators."""
    settings.OSTIARY = {**settings.OSTIARY, "SUPPORT_RECOVERY_OPERATORS": 2}


@pytest.mark.usefixtures("two")
def test_where_two_operators_are_wanted_another_one_approves(passkey):
    credential = Credential.objects.get()
    page = remove(operator("view_credential", "change_credential"), credential, "Stolen.")
    assert "Another administrator has to approve" in page.content.decode()
    assert Credential.objects.exists()
    asked = FactorReset.objects.get()
    other = make_person("other@example.com", is_staff=True)
    other.user_permissions.add(Permission.objects.get(codename="change_credential"))
    desk = desk_of(other)
    address = f"/admin/ostiary/factorreset/{asked.pk}/decide/"
    assert credential.name in desk.get(address).content.decode()
    assert desk.post(address, {"approve": "1"}).status_code == 302
    assert not Credential.objects.exists()
    assert Event.objects.get(kind="passkey.removed").details["approved_by"]


@pytest.mark.parametrize("superuser", [True, False])
def test_operators_remove_neither_their_own_nor_those_of_a_greater_one(passkey, superuser):
    credential = Credential.objects.get()
    person = credential.user
    if not hasattr(person, "is_superuser"):
        pytest.skip("this user model has no superusers")
    desk = operator("view_credential", "change_credential")
    if superuser:
        person.is_superuser = True
        person.save()
    else:
        credential.user = get_user_model()._default_manager.get(pk=desk.session["_auth_user_id"])
        credential.save()
    page = remove(desk, credential, "I like to.")
    assert "remove your own passkeys" in page.content.decode()
    assert Credential.objects.exists()


def test_who_has_only_a_passkey_is_helped_by_the_page_of_all_methods(passkey):
    pytest.importorskip("mfa")
    if not apps.is_installed("mfa"):
        pytest.skip("mfa is not installed")
    credential = Credential.objects.get()
    boss = make_person("boss@example.com", is_staff=True, is_superuser=True)
    desk = desk_of(boss)
    address = f"/admin/ostiary_mfa/grouppolicy/person/{credential.user.pk}/"
    assert f"Remove Passkey: {credential.name}" in desk.get(address).content.decode()
    desk.post(address, {"reason": "Lost", "factor": f"ostiary_passkeys:{credential.pk}"})
    assert not Credential.objects.exists()
