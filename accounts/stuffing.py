"""Signs that a program tries many accounts or comes from many places.

Three counts in the hour that runs, of sign-ins that failed, of sign-ups and of recoveries each:
accounts tried from one network, networks that tried one account, and tries in all. At its limit a
count is a sign, on which ``challenge`` asks for a sum before the form is taken: that costs a person
a second, and a program what makes its work too dear. Nobody is shut out by a sign.
"""

from __future__ import annotations

from django.http import HttpRequest

from ostiary import events, known_device
from ostiary.client_address import client_ip, network_of
from ostiary.email_addresses import rate_limit_key
from ostiary.throttling import count, counted

from .conf import accounts_settings

WINDOW_SECONDS = 3600


def _counts(form: str, network: str, account: str) -> dict[str, tuple[str, int]]:
    """Each sign with what is counted for it, and the limit; of a limit of 0 there is none."""
    return {
        "many_accounts_from_one_source": (
            f"{form} accounts tried from {network}",
            accounts_settings.CHALLENGE_ACCOUNTS_PER_SOURCE,
        ),
        "many_sources_on_one_account": (
            f"{form} sources of {account}",
            accounts_settings.CHALLENGE_SOURCES_PER_ACCOUNT,
        ),
        "many_tries": (f"{form} tries", accounts_settings.CHALLENGE_TRIES_IN_ALL),
    }


def _who(request: HttpRequest, identifier: str) -> tuple[str, str]:
    return network_of(client_ip(request)), rate_limit_key(identifier)


def note(request: HttpRequest, form: str, identifier: str) -> None:
    """Count a try. Whoever's device it is known to be is not taken for a program."""
    if known_device.name_for(request, identifier):
        return
    network, account = _who(request, identifier)
    counts = _counts(form, network, account)
    [times] = count(WINDOW_SECONDS, f"{form} {network} tried {account}")
    # Who tries the same again is counted apart, so that it costs the same statements.
    again = "" if times == 1 else " again"
    whats = [what if sign == "many_tries" else what + again for sign, (what, _) in counts.items()]
    numbers = count(WINDOW_SECONDS, *whats)
    for (sign, (_what, limit)), number in zip(counts.items(), numbers, strict=True):
        if number == limit and (not again or sign == "many_tries"):
            events.record(
                "attack.suspected",
                request=request,
                details={"form": form, "sign": sign},
                personal={"email": identifier},
            )


def signs(request: HttpRequest, form: str, identifier: str) -> list[str]:
    """The signs under which a try for this account would be made here and now."""
    if known_device.name_for(request, identifier):
        return []
    counts = _counts(form, *_who(request, identifier))
    hits = counted(*(what for what, _ in counts.values()))
    return [
        sign
        for (sign, (_what, limit)), hit in zip(counts.items(), hits, strict=True)
        if limit and hit >= limit
    ]
