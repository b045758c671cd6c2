"""The offer of a passkey to who has just signed in by a password, in a browser that can make one.

Our script tells on the sign-in page that the browser can, which a cookie keeps for a while; who
declines gets it with another value, and is left alone in that browser for 30 days.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ostiary import cookies, factor_set_up
from ostiary.signin import PendingSignIn

from .keeper import has_passkey

COOKIE = "passkey-offer"
ABLE, DECLINED = "able", "declined"
ABLE_SECONDS = 600
DECLINED_SECONDS = 30 * 24 * 3600


class PasskeyOffer:
    """For ``OSTIARY["SIGNIN_STEPS"]``, as the last: a person without a passkey is offered one."""

    name = "passkey-offer"

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Whether the person used a password, in a browser that can do better, and has not said
        no, here or just before. Who only confirms who they are is on their way to something
        else."""
        return (
            "pwd" in pending.amr
            and request.COOKIES.get(cookies.name_of(COOKIE)) == ABLE
            and not request.user.is_authenticated
            and not factor_set_up.was_put_off(pending)
            and not has_passkey(request, user)
        )

    def url(self, request: HttpRequest) -> str:
        """The page of the offer."""
        return reverse("ostiary_passkeys:offer")


def note_ability(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The same answer, with a note of what the script told of the browser."""
    if "able" in request.POST and request.COOKIES.get(cookies.name_of(COOKIE)) != DECLINED:
        cookies.give(response, COOKIE, ABLE, ABLE_SECONDS)
    return response


def decline(response: HttpResponse) -> HttpResponse:
    """The same answer, with a note not to ask again for a while."""
    cookies.give(response, COOKIE, DECLINED, DECLINED_SECONDS)
    return response
