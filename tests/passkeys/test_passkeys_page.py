"""A person's passkeys: added, told apart, renamed, removed, and never the last way in."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone
from django.utils.module_loading import import_string

from ostiary import events, factors, outbox, privacy
from ostiary.models import Event
from passkeys.cleanup import remove_expired_ceremonies
from passkeys.models import Ceremony, Credential, UserHandle
from tests.parallel import at_once
from tests.passkeys import flow
from tests.passkeys.authenticator import SYNCED, Authenticator
from tests.passkeys.conftest import make_person, with_passkey

pytestmark = pytest.mark.django_db


def by_passkey(passkey):
    """A browser in which its owner has just signed in by it."""
    browser = Browser()
    assert flow.use(browser, passkey).status_code == 302
    return browser


def subjects():
    while outbox.deliver_due():
        pass
    return [message.subject for message in mail.outbox]


def test_a_passkey_is_kept_as_its_authenticator_told(person, signed_in_browser):
    passkey = Authenticator(flags=SYNCED, transports=("internal", "hybrid", "telepathy"))

    answer = flow.add(signed_in_browser, passkey)

    assert answer["Location"] == flow.MANAGE
    kept = Credential.objects.get()
    assert (kept.user, bytes(kept.credential_id)) == (person, passkey.credential_id)
    assert (kept.backup_eligible, kept.backed_up, kept.user_verified) == (True, True, True)
    assert kept.transports == ["hybrid", "internal"]
    assert kept.name == "Passkey"


def test_the_person_is_told_and_it_is_logged(person, signed_in_browser):
    flow.add(signed_in_browser, Authenticator())

    assert subjects() == ["A passkey was added at Ostiary"]
    assert events.of(person).filter(kind="passkey.added").count() == 1


def test_it_is_called_what_its_authenticator_is_known_as_and_told_apart(person):
    model = bytes.fromhex("bada5566a7aa401fbd9645619a55120d")
    with_passkey(person, aaguid=model)
    browser = by_passkey(with_passkey_of(person, aaguid=model))

    page = flow.said(browser.get(flow.MANAGE))

    assert ">1Password</p>" in page
    assert ">1Password 2</p>" in page


def with_passkey_of(person, **facts):
    """Another passkey of somebody who has one, added after signing in by that."""
    browser, passkey = Browser(), Authenticator(**facts)
    flow.sign_in_by_password(browser, person)
    session = browser.session
    session["ostiary.assurance"] = {**session["ostiary.assurance"], "amr": ["hwk", "user", "mfa"]}
    session.save()
    assert flow.add(browser, passkey).status_code == 302
    return passkey


def test_people_are_known_by_64_random_bytes(person, other_person, signed_in_browser):
    passkey = Authenticator()
    flow.add(signed_in_browser, passkey)
    another = with_passkey(other_person)

    assert len(passkey.user_handle) == 64
    assert passkey.user_handle != another.user_handle
    assert bytes(UserHandle.objects.get(user=person).handle) == passkey.user_handle


def test_passkeys_that_are_there_are_excluded(passkey):
    asked = flow.options(by_passkey(passkey), flow.MANAGE)

    assert [each["id"] for each in asked["excludeCredentials"]] == [passkey.id]
    assert {each["alg"] for each in asked["pubKeyCredParams"]} == {-7, -8, -257}
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["residentKey"] == "required"


def test_one_that_somebody_has_is_not_added_again(passkey, other_person):
    browser = Browser()
    flow.sign_in_by_password(browser, other_person)

    page = flow.add(browser, passkey)

    assert page.status_code == 400
    assert "already has a passkey for this site" in flow.said(page)
    assert Credential.objects.get().user != other_person


def test_who_has_a_passkey_shows_it_before_adding_another(passkey, signed_in_browser):
    assert signed_in_browser.get(flow.MANAGE).status_code == 200

    answer = signed_in_browser.post(flow.MANAGE, headers={"accept": "application/json"})

    assert answer["Location"].startswith(
        "/signin/passkey/?next=%2Faccount%2Fsecurity%2Fpasskeys%2F"
    )
    assert "reauthenticate=1" in answer["Location"]
    flow.use(signed_in_browser, passkey, answer["Location"])
    assert flow.add(signed_in_browser, Authenticator()).status_code == 302


def test_who_has_a_passkey_shows_it_before_removing_or_renaming(passkey, signed_in_browser):
    page = f"{flow.MANAGE}{Credential.objects.get().pk}/"

    for path in (page, f"{page}remove/"):
        assert "reauthenticate=1" in signed_in_browser.post(path, {"name": "Mine"})["Location"]

    assert Credential.objects.get().name == "Passkey"


@pytest.mark.needs("mfa")
def test_who_has_another_second_factor_shows_it_before_adding_a_passkey(person, signed_in_browser):
    from mfa.models import AuthenticatorApp  # the site without mfa has none

    AuthenticatorApp.objects.create(user=person, key=AuthenticatorApp.new_key(), confirmed=True)

    answer = signed_in_browser.post(flow.MANAGE, headers={"accept": "application/json"})

    assert "acr_values=urn%3Aostiary%3Aaal2" in answer["Location"]
    assert not answer["Location"].startswith(flow.SIGN_IN)


def test_an_old_sign_in_is_not_enough(settings, signed_in_browser):
    session = signed_in_browser.session
    known = session["ostiary.assurance"]
    session["ostiary.assurance"] = {**known, "auth_time": known["auth_time"] - 601}
    session.save()

    assert "reauthenticate=1" in signed_in_browser.get(flow.MANAGE)["Location"]
    assert signed_in_browser.post(flow.MANAGE, {"answer": "{}"}).status_code == 302


def test_a_passkey_gets_the_name_that_its_owner_gives_it(passkey):
    browser, kept = by_passkey(passkey), Credential.objects.get()
    page = f"{flow.MANAGE}{kept.pk}/"
    assert browser.get(page).status_code == 200

    assert browser.post(page, {"name": "Laptop"})["Location"] == flow.MANAGE

    kept.refresh_from_db()
    assert kept.name == "Laptop"
    assert Event.objects.filter(kind="passkey.renamed").count() == 1


def test_the_page_says_which_passkeys_are_synced_and_when_each_was_used_last(passkey, person):
    page = flow.said(by_passkey(passkey).get(flow.MANAGE))
    assert "On this device only." in page
    assert "Last used on" in page
    Credential.objects.all().delete()

    page = flow.said(by_passkey(with_passkey(person, flags=SYNCED)).get(flow.MANAGE))

    assert "Synced with your other devices." in page


def test_a_removed_passkey_signs_nobody_in_and_its_owner_is_told(passkey):
    browser, kept = by_passkey(passkey), Credential.objects.get()
    page = f"{flow.MANAGE}{kept.pk}/remove/"
    assert "Remove" in flow.said(browser.get(page))

    assert browser.post(page)["Location"] == flow.MANAGE

    assert not Credential.objects.exists()
    assert flow.use(Browser(), passkey).status_code == 400
    assert "A passkey was removed at Ostiary" in subjects()
    assert Event.objects.filter(kind="passkey.removed").count() == 1


def test_the_browser_is_told_which_passkeys_there_are(passkey):
    page = flow.said(by_passkey(passkey).get(flow.MANAGE))

    assert "signalAllAcceptedCredentials" in page
    assert "signalCurrentUserDetails" in page
    assert passkey.id in page


def test_of_one_that_is_refused_the_browser_is_told_to_forget_it(passkey):
    made = Authenticator()

    page = flow.add(by_passkey(passkey), made, flags=0)

    assert page.status_code == 400
    [shown] = re.findall(r'data-passkeys-signal="([^"]*)"', flow.said(page))
    told = json.loads(html.unescape(shown))
    assert told["signalUnknownCredential"] == {"rpId": "localhost", "credentialId": made.id}
    assert told["signalAllAcceptedCredentials"]["allAcceptedCredentialIds"] == [passkey.id]
    assert "Your passkey wasn’t saved" in flow.said(page)


def test_another_persons_passkey_can_be_neither_renamed_nor_removed(passkey, other_person):
    others = by_passkey(with_passkey(other_person))
    kept = Credential.objects.get(user__email="alice@example.com")

    assert others.get(f"{flow.MANAGE}{kept.pk}/").status_code == 404
    assert others.post(f"{flow.MANAGE}{kept.pk}/remove/").status_code == 404


def test_who_has_as_many_as_there_may_be_is_told_before_they_touch_anything(passkey, settings):
    browser = by_passkey(passkey)
    options = flow.options(browser, flow.MANAGE)
    settings.OSTIARY_PASSKEYS = {"MAX_PER_PERSON": 1}
    words = "You’ve reached the maximum number of passkeys."

    page = flow.said(browser.get(flow.MANAGE))
    asked = browser.post(flow.MANAGE, headers={"accept": "application/json"})
    too_late = flow.send(browser, flow.MANAGE, Authenticator().create(options))

    assert page.count(words) == 1
    assert "data-passkey=" not in page
    assert asked.status_code == 400
    assert asked.json() == {"error": "too_many", "detail": f"{words} Remove one first."}
    assert not Ceremony.objects.exists()
    assert too_late.status_code == 400
    assert flow.said(too_late).count(words) == 1
    assert Credential.objects.count() == 1


def test_the_last_way_in_stays(passkey, person):
    browser, kept = by_passkey(passkey), Credential.objects.get()
    person.set_unusable_password()
    person.save()
    browser = by_passkey(passkey)
    page = f"{flow.MANAGE}{kept.pk}/remove/"

    assert browser.post(page)["Location"] == page
    assert "your only way to sign in" in flow.said(browser.get(page))
    assert Credential.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_the_last_two_removed_at_once_one_stays():
    person = make_person("carol@example.com", password="!")
    passkey = with_passkey(person)
    with_passkey_of(person)
    browsers = [by_passkey(passkey), by_passkey(passkey)]
    paths = [f"{flow.MANAGE}{kept.pk}/remove/" for kept in Credential.objects.all()]
    work = list(zip(browsers, paths, strict=True))

    at_once(lambda: (lambda one: one[0].post(one[1]))(work.pop()), ways=2)

    assert Credential.objects.count() == 1


def test_passkeys_are_second_factors_and_can_be_reset(passkey, person):
    assert factors.factors_of(person) == ["Passkey"]
    assert factors.has_strong(person)

    assert factors.reset(person) == ["Passkey"]

    assert not Credential.objects.exists()


def test_what_is_kept_is_told_and_erased(passkey, person):
    told = [export(person) for export in privacy.exporters()]
    [kept] = [kept for one in told for kept in one.get("passkeys", [])]
    assert kept["name"] == "Passkey"

    import_string(dict(privacy.named_erasers())["ostiary_passkeys"])(person)

    assert not Credential.objects.exists()
    assert not UserHandle.objects.exists()


def test_challenges_that_nobody_answered_are_removed(browser):
    flow.options(browser, flow.SIGN_IN)
    assert remove_expired_ceremonies() == 0
    Ceremony.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert remove_expired_ceremonies() == 1
    assert not Ceremony.objects.exists()
