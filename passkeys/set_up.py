"""Making a passkey within a pending sign-in, for who has to show one, or two factors, and has none,
and for who signs up by one.

Where mfa asks for a second factor, a passkey is the first of the ways that it offers. This step
asks where only a passkey will do, and where no other step has people set anything up.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ostiary import factor_set_up, factors, signin_methods
from ostiary.assurance import Level, level_of
from ostiary.factor_set_up import SetUpStep
from ostiary.operators import is_operator
from ostiary.signin import PendingSignIn

from .keeper import has_passkey


class PasskeySetUp(SetUpStep):
    """For ``OSTIARY["SIGNIN_STEPS"]``, after ``ostiary.second_step.SecondStep`` and before the
    step of mfa."""

    name = "passkey-set-up"

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Whether the person has no passkey, and an application wants what only one can prove, or
        nobody else sees to it that an operator has a second factor (SECURITY G1), or they could not
        come back without one."""
        if is_only_way_in(user, pending):
            return True
        if not (_is_policy(user, pending) or _is_wished(pending)) or has_passkey(request, user):
            return False
        # Who went without the strong factor that they have makes no other.
        return level_of(pending.amr) is not Level.AAL1 or not factors.has_strong(user)

    def url(self, request: HttpRequest) -> str:
        """The page on which one is made."""
        return reverse("ostiary_passkeys:set_up")


def may_put_off(user: Any, pending: PendingSignIn) -> bool:
    """Whether the person may go on without a passkey: where only an application wants it."""
    return not _is_policy(user, pending) and not is_only_way_in(user, pending)


def is_only_way_in(user: Any, pending: PendingSignIn) -> bool:
    """Whether the person has signed up by a passkey and has not made it: so far they have shown
    their mailbox, and there is nothing else to sign in by."""
    return "email" in pending.amr and not signin_methods.has_way_in(user)


def _is_policy(user: Any, pending: PendingSignIn) -> bool:
    by_one_factor = level_of(pending.amr) is Level.AAL1
    return by_one_factor and is_operator(user) and factor_set_up.is_only_one(PasskeySetUp.name)


def _is_wished(pending: PendingSignIn) -> bool:
    wished = factor_set_up.wished_level(pending)
    if wished is None or factor_set_up.was_put_off(pending):
        return False
    return wished is Level.AAL2_PHR or factor_set_up.is_only_one(PasskeySetUp.name)
