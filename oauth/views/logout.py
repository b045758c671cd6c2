"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from ostiary import assurance as assurances
from ostiary import flow_language, sessions
from ostiary.signout import signed_out_page

from .. import claims, id_token
from ..authorization_request import is_usable
from ..authorization_response import RedirectToClient
from ..client_authentication import find_client
from ..models import Client
from ..parameters import is_too_long, pairs, read_as_utf8, single
from ..redirect_uri import form_action_source
from .error_page import error_page

FRAMES_SECONDS = 3
"""How long the frames have to load before the browser goes on to the client."""


@dataclass(frozen=True)
class LogoutRequest:
    """Who asks, about which session, and where the person goes after (``""`` for our own page)."""

    client: Client | None
    hinted_sid: str
    return_to: str


def read(params: QueryDict) -> LogoutRequest:
    """Check a logout request (§2). Raises ``InvalidRequestError``: nothing is redirected then."""
    given = single(pairs(params))
    client_id, hinted_sid = given.get("client_id", ""), ""
    if token := given.get("id_token_hint"):
        try:
            hint = id_token.verify_hint(token)
        except jwt.InvalidTokenError:
            raise _invalid("id_token_hint is not an ID token of this server.") from None
        if client_id and client_id != hint["aud"]:
            raise _invalid("client_id is not the audience of id_token_hint.")
        client_id, hinted_sid = hint["aud"], hint.get("sid", "")
    client = find_client(client_id)
    target = given.get("post_logout_redirect_uri", "")
    if not target:
        return LogoutRequest(client, hinted_sid, "")
    if client is None or not client.enabled or not client.post_logout_redirect_uri_allowed(target):
        raise _invalid("post_logout_redirect_uri is not registered for this client.")
    state = given.get("state", "")
    if not is_usable("state", state):
        raise _invalid("state is too long or malformed.")
    if state:
        target += ("&" if "?" in target else "?") + urlencode({"state": state})
    return LogoutRequest(client, hinted_sid, target)


def _invalid(description: str) -> InvalidRequestError:
    return InvalidRequestError(description=description)


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
        if is_too_long(request.POST):
            return error_page(request, _invalid("The request is too long."))
        return HttpResponseRedirect(f"{request.path}?{request.POST.urlencode()}")
    try:
        asked = read(request.GET)
    except InvalidRequestError as error:
        return error_page(request, error)
    assurance = assurances.current(request)
    if assurance is None:
        return _after(request, asked, [])
    client = asked.client
    if client is not None and asked.hinted_sid == claims.sid_for(assurance.sid, client):
        return _after(request, asked, sessions.sign_out(request))
    response = render(request, "ostiary_oauth/logout.html", {"client": client})
    if asked.return_to:
        response.form_action = [form_action_source(asked.return_to)]  # type: ignore[attr-defined]
    return response


@csrf_protect
def _decided(request: HttpRequest) -> HttpResponse:
    try:
        asked = read(request.GET)
    except InvalidRequestError as error:
        return error_page(request, error)
    if request.POST["decision"] == "allow":
        return _after(request, asked, sessions.sign_out(request))
    return HttpResponseRedirect(resolve_url(settings.LOGIN_REDIRECT_URL))


def _after(request: HttpRequest, asked: LogoutRequest, frames: Sequence[str]) -> HttpResponse:
    """Back to the client, if it says where: over a page of ours while that has frames to load."""
    if asked.return_to and not frames:
        return RedirectToClient(asked.return_to)
    response = signed_out_page(
        request,
        "ostiary_oauth/signed_out.html",
        frames,
        {"client": asked.client, "return_to": asked.return_to},
    )
    if asked.return_to:
        response["Refresh"] = f"{FRAMES_SECONDS}; url={asked.return_to}"
    return response
