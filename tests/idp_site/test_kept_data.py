"""Each app tells the person what it keeps of them, why and until when, and of nobody else."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import User
from mfa.models import AuthenticatorApp, TextMessage, TrustedDevice
from oauth.models import Client, Consent
from ostiary import kept_data
from ostiary.models import SentMail
from passkeys.models import Credential

pytestmark = pytest.mark.django_db


def make_person(name: str) -> User:
    return User.objects.create(email=f"{name}@example.com")


def fill(user: User) -> None:
    client = Client.objects.create(name="Shop", user=user)
    Consent.objects.create(user=user, client=client)
    AuthenticatorApp.objects.create(
        user=user, name="App", key=AuthenticatorApp.new_key(), confirmed=True
    )
    TextMessage.objects.create(user=user, country="DE", ending="12")
    TrustedDevice.objects.create(user=user, expires_at=timezone.now(), token_hash=str(user.pk))
    Credential.objects.create(
        user=user,
        credential_id=user.pk.bytes,
        public_key=b"x",
        aaguid=user.pk,
        backed_up=False,
        user_verified=True,
    )
    SentMail.objects.create(user=user, provider_id="1", key="1", digest="1")


def test_each_kind_is_told_with_why_and_until_when_and_leads_to_its_page(client):
    fill(user := make_person("alice"))

    told = {each.what: each for each in kept_data.of(user)}

    assert list(told) == [
        "Your passkeys",
        "Your two-step verification methods",
        "Text messages sent to you",
        "Your trusted devices",
        "Your permissions for applications",
        "Your own applications",
        "That a message was sent to you",
    ]
    assert all(each.why and each.until.startswith("Kept ") for each in told.values())
    assert told["Your passkeys"].url == "/account/security/passkeys/"
    assert told["That a message was sent to you"].until == "Kept for 30 days."


def test_what_others_have_is_not_told(client):
    fill(make_person("alice"))

    assert kept_data.of(make_person("bob")) == []


def test_a_page_that_a_site_does_not_have_is_no_link():
    assert kept_data.KeptData("What", "Why", "Kept.", "no_such:page").url == ""
