"""Who hammers an account never shuts its owner out of their passkey (SECURITY H5)."""

import pytest
from django.test import Client as Browser

from tests.passkeys import flow

pytestmark = [pytest.mark.django_db, pytest.mark.needs("accounts")]


def test_the_passkey_signs_in_though_every_try_for_the_account_is_spent(passkey, person, settings):
    few = {"ip": "3/hour", "pair": "3/hour", "user": "3/hour", "device": "3/hour"}
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"signin": few, "recovery": few}}
    wrong = {"identifier": person.email, "password": "a wrong password"}
    guesses = [Browser().post("/signin/", wrong).status_code for _ in range(8)]
    asked = [Browser().post("/recover/", {"email": person.email}).status_code for _ in range(8)]
    assert (guesses[-1], asked[-1]) == (429, 429)

    # From the same network even, in a browser that nobody knows.
    owner = Browser()
    assert flow.use(owner, passkey).status_code == 302

    assert flow.amr(owner) == ["hwk", "user", "mfa"]
