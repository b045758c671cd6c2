"""A sum that a browser does before a form is taken, where a program seems to be at work.

Proof of work after ALTCHA (version 2, PBKDF2), served by this site alone: the challenge is signed,
lives ten minutes, is for one form and works once. A script of ours does it; where none runs, a code
that is mailed after a delay takes its place.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass

import altcha
from django.forms import CharField, Form
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ostiary import known_device
from ostiary.client_address import client_ip
from ostiary.code_input import CodeInput
from ostiary.encryption import ring
from ostiary.throttling import count, counted, throttle

from . import mailed_code, stuffing
from .conf import accounts_settings

ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 5000
"""Of each step of the sum; what a step costs a phone is some milliseconds."""
LIFETIME_SECONDS = 600
MOST_CHARACTERS = 4096
ANSWER = "altcha"
CODE = "challenge_code"
BY_MAIL = "challenge_by_mail"


@dataclass(frozen=True)
class Asked:
    """What a page shows of a challenge: its JSON, and whether a code was mailed instead."""

    parameters: str
    by_mail: bool = False


def _keys() -> tuple[bytes, bytes]:
    return ring().derive("accounts.challenge"), ring().derive("accounts.challenge.solution")


def new(form: str) -> altcha.Challenge:
    """A challenge for one form. Its solution is known here, so that to check it costs nothing."""
    signing, solution = _keys()
    most = accounts_settings.CHALLENGE_WORK
    return altcha.create_challenge(
        algorithm=ALGORITHM,
        cost=ITERATIONS,
        counter=most - secrets.randbelow((most + 1) // 2),
        expires_at=int(time.time()) + LIFETIME_SECONDS,
        data={"form": form},
        hmac_secret=signing,
        hmac_key_secret=solution,
    )


def is_solved(form: str, answer: str) -> bool:
    """Whether this is the answer to a challenge for ``form``, given for the first time."""
    if not answer or len(answer) > MOST_CHARACTERS:
        return False
    signing, solution = _keys()
    try:
        payload = altcha.Payload.from_base64(answer)
        verified = altcha.verify_solution(payload, signing, hmac_key_secret=solution).verified
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    given = payload.challenge.parameters
    if not verified or given.data != {"form": form}:
        return False
    return count(LIFETIME_SECONDS * 2, f"challenge used {given.nonce}") == [1]


def unmet(request: HttpRequest, form: Form, purpose: str, field: str) -> Asked | None:
    """What is to be done before ``form`` is taken, ``None`` if nothing is, or if it was done.

    ``purpose`` names the form, ``field`` the one with the account it is about: without an account
    nothing is asked. The form gets an error that says what to do. Raises ``Throttled``.
    """
    valid = form.is_valid()
    identifier = getattr(form, "cleaned_data", {}).get(field)
    if not identifier or not stuffing.signs(request, purpose, identifier):
        return None
    if BY_MAIL in request.POST:
        return _mailed(request, form, purpose, identifier)
    if not valid:
        return _by_mail(form, purpose) if CODE in request.POST else Asked(_json(purpose))
    if is_solved(purpose, request.POST.get(ANSWER, "")) or (
        CODE in request.POST and _is_code(request, purpose, identifier)
    ):
        _tell("passed")
        return None
    _tell("asked")
    if CODE in request.POST:
        asked = _by_mail(form, purpose)
        form.add_error(
            CODE, _("Wrong or expired code. Check your newest email, or request another code.")
        )
        return asked
    form.add_error(
        None,
        _(
            "We’re seeing unusual activity. Wait for the security check, then submit "
            "the form again."
        ),
    )
    return Asked(_json(purpose))


def another(request: HttpRequest, purpose: str) -> Asked | None:
    """The next one, for a form that has met its challenge and is refused for another reason."""
    return Asked(_json(purpose)) if request.POST.keys() & {ANSWER, CODE} else None


def _json(purpose: str) -> str:
    return json.dumps(new(purpose).to_dict())


def _mailed(request: HttpRequest, form: Form, purpose: str, identifier: str) -> Asked:
    throttle(
        "code",
        ip=client_ip(request),
        user=identifier,
        device=known_device.name_for(request, identifier),
    )
    mailed_code.ask(request, mailed_code.Purpose.CHALLENGE, identifier, form=purpose)
    form.errors.clear()
    return _by_mail(form, purpose)


def _by_mail(form: Form, purpose: str) -> Asked:
    """The form asks for the code that was mailed, too."""
    form.fields[CODE] = CharField(
        label=_("Code from the email"),
        help_text=_(
            "If this email address has an account, you’ll get a code within a minute. "
            "The code works for 10 minutes, in this browser."
        ),
        max_length=20,
        widget=CodeInput(None),
    )
    return Asked(_json(purpose), by_mail=True)


def _is_code(request: HttpRequest, purpose: str, identifier: str) -> bool:
    found = mailed_code.redeem(request, mailed_code.Purpose.CHALLENGE, request.POST[CODE])
    return found is not None and (found.form, found.address) == (purpose, identifier)


def _tell(outcome: str) -> None:
    count(stuffing.WINDOW_SECONDS, f"challenges {outcome}")


def told() -> dict[str, int]:
    """How many challenges were ``asked`` and ``passed`` in the hour that runs."""
    outcomes = ("asked", "passed")
    return dict(zip(outcomes, counted(*(f"challenges {o}" for o in outcomes)), strict=True))
