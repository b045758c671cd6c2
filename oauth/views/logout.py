"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0).

A request that can't lead back to an application still leads to a sign-out (§4): the page says why
it ends there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from ostiary import assurance as assurances
from ostiary import flow_language, sessions
from ostiary.signout import signed_out_page

from .. import claims, id_token, redirect_uri
from ..answer_page import RedirectToClient, answer_page, is_from_here
from ..authorization_request import MAX_LENGTHS, is_usable
from ..client_authentication import find_client
from ..explanation import explained
from ..models import Client
from ..parameters import pairs, read_as_utf8, single

FRAMES_SECONDS = 3
"""How long the frames have to load before the browser goes on to the client."""
HINT_MAX_LENGTH = 100_000
"""Longest ID token that is looked at, in characters."""
CARRIED = {
    "client_id": 255,
    "post_logout_redirect_uri": redirect_uri.MAX_LENGTH,
    "state": MAX_LENGTHS["state"],
    "ui_locales": 255,
}
"""What a request by POST is carried on with, each with the longest value that can be of use."""
SHOWN = "hint"
"""The parameter of ours with what an ID token said that was sent by POST."""
SALT = "ostiary.oauth.logout"


@dataclass(frozen=True)
class LogoutRequest:
    """Who asks, about which session, and where the person goes after (``""`` for our own page).

    ``problem`` is why it is our own page though another was asked for.
    """

    client: Client | None = None
    hinted_sid: str = ""
    return_to: str = ""
    problem: OAuth2Error | None = None


def read(params: QueryDict) -> LogoutRequest:
    """What a logout request asks for, as far as it may have it (§2)."""
    client, hinted_sid = None, ""
    try:
        given = single(pairs(params))
        client_id, hinted_sid = _asker(given)
        client = find_client(client_id)
        return_to = _return_to(given, client)
    except InvalidRequestError as problem:
        return LogoutRequest(client, hinted_sid, problem=problem)
    return LogoutRequest(client, hinted_sid, return_to)


def _asker(given: dict[str, str]) -> tuple[str, str]:
    """The ``client_id``, and the ``sid`` of the session that it means."""
    hinted: dict[str, str] = {}
    try:
        if SHOWN in given:
            hinted = signing.loads(given[SHOWN], salt=SALT)
        elif "id_token_hint" in given:
            hinted = _claims_of(given["id_token_hint"])
    except (jwt.InvalidTokenError, signing.BadSignature):
        raise explained(
            InvalidRequestError(description="id_token_hint is not an ID token of this server."),
            "id_token_hint",
        ) from None
    client_id = given.get("client_id", "")
    if hinted and client_id not in ("", hinted["aud"]):
        raise explained(
            InvalidRequestError(description="client_id is not the audience of id_token_hint."),
            "client_id",
            sent=client_id,
            allowed=[hinted["aud"]],
        )
    return hinted.get("aud", client_id), hinted.get("sid", "")


def _claims_of(token: str) -> dict[str, str]:
    """What counts of an ID token. Raises ``jwt.InvalidTokenError``."""
    if len(token) > HINT_MAX_LENGTH:
        raise jwt.InvalidTokenError("too long")
    hint = id_token.verify_hint(token)
    return {"aud": str(hint["aud"]), "sid": str(hint.get("sid", ""))}


def _return_to(given: dict[str, str], client: Client | None) -> str:
    """Where the request leads back to, ``""`` if it names nothing (§3)."""
    target, state = given.get("post_logout_redirect_uri", ""), given.get("state", "")
    if not target:
        return ""
    if client is None or not client.enabled:
        raise explained(
            InvalidRequestError(
                description="post_logout_redirect_uri is redirected to only with a client_id or an "
                "id_token_hint of the client that has registered it."
            ),
            "client_id",
            sent=given.get("client_id", ""),
        )
    if not client.post_logout_redirect_uri_allowed(target):
        raise explained(
            InvalidRequestError(
                description="post_logout_redirect_uri is not registered for this client."
            ),
            "post_logout_redirect_uri",
            sent=target,
            allowed=client.post_logout_redirect_uris.split(),
            client=client,
        )
    if not is_usable("state", state):
        raise explained(
            InvalidRequestError(
                description=f"state is too long or malformed: at most {MAX_LENGTHS['state']} "
                "characters, and no control characters."
            ),
            "state",
            sent=state,
        )
    if state:
        target += ("&" if "?" in target else "?") + urlencode({"state": state})
    return target


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Sign the person out, at the wish of a relying party.

    Without the ID token of this very session, the person is asked first (SECURITY B13): a link
    from anywhere must not sign people out. Pages are shown as ``ui_locales`` asks (§2).
    """
    read_as_utf8(request)
    language = flow_language.supported(request.GET.get("ui_locales", "").split())
    with translation.override(language or translation.get_language()):
        response = _answer(request)
    if language:
        response["Content-Language"] = language
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and "decision" in request.POST:
        return _decided(request)
    if request.method == "POST":
        return _as_navigation(request)
    asked = read(request.GET)
    assurance = assurances.current(request)
    if assurance is None:
        return _after(request, asked, [])
    client = asked.client
    if client is not None and asked.hinted_sid == claims.sid_for(assurance.sid, client):
        return _after(request, asked, sessions.sign_out(request))
    context = {"client": client, "problem": asked.problem}
    return render(request, "ostiary_oauth/logout.html", context)


def _as_navigation(request: HttpRequest) -> HttpResponse:
    """A request that was sent by POST becomes a navigation of its own: from another site it comes
    without our cookies. Its address may be longer than Django's redirects may."""
    response = HttpResponseRedirect(request.path)
    response["Location"] = f"{request.path}?{_as_query(request.POST).urlencode()}"
    return response


def _as_query(sent: QueryDict) -> QueryDict:
    """What of the request is carried on.

    An ID token may be longer than a query (§2), so what it says is carried instead. Nothing else
    that is longer than it may be gets any better by being carried whole.
    """
    query = QueryDict(mutable=True)
    for name, longest in CARRIED.items():
        query.setlist(name, [value[: longest + 1] for value in sent.getlist(name)[:2]])
    query.setlist(SHOWN, [_shown(token) for token in sent.getlist("id_token_hint")[:2] if token])
    return query


def _shown(token: str) -> str:
    try:
        return signing.dumps(_claims_of(token), salt=SALT)
    except jwt.InvalidTokenError:
        return "invalid"


@csrf_protect
def _decided(request: HttpRequest) -> HttpResponse:
    if request.POST["decision"] == "allow":
        return _after(request, read(request.GET), sessions.sign_out(request))
    return HttpResponseRedirect(resolve_url(settings.LOGIN_REDIRECT_URL))


def _after(request: HttpRequest, asked: LogoutRequest, frames: Sequence[str]) -> HttpResponse:
    """Back to the client, if it says where: over a page of ours while that has frames to load."""
    if asked.client and asked.return_to and not frames:
        if request.method == "POST" or is_from_here(request):
            return answer_page(request, asked.return_to, asked.client)
        return RedirectToClient(asked.return_to)
    response = signed_out_page(
        request,
        "ostiary_oauth/signed_out.html",
        frames,
        {"client": asked.client, "return_to": asked.return_to, "problem": asked.problem},
    )
    if asked.problem:
        response.status_code = 400
    if asked.return_to:
        response["Refresh"] = f"{FRAMES_SECONDS}; url={asked.return_to}"
    return response
