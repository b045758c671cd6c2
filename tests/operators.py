"""Operators at work: they get into the administration by two factors only (SECURITY G1)."""

from __future__ import annotations

from typing import Any

from django.test import Client as Browser

from ostiary import assurance
from ostiary.models import Session


def prove_two_factors(browser: Any) -> Any:
    """Let the session of this browser be one that was begun by password and authenticator app."""
    session = browser.session
    shown = {**session[assurance.SESSION_KEY], "amr": ["pwd", "otp", "mfa"]}
    session[assurance.SESSION_KEY] = shown
    session.save()
    Session.objects.filter(pk=shown["sid"]).update(amr=shown["amr"])
    return browser


def desk_of(operator: Any) -> Browser:
    """A new browser in which the operator has signed in by two factors."""
    browser = Browser()
    browser.force_login(operator, "django.contrib.auth.backends.ModelBackend")
    return prove_two_factors(browser)
