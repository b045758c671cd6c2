"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import jwt
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from ostiary import assurance as assurances
from ostiary import sessions

from .. import id_token
from ..authorization_response import RedirectToClient
from ..client_authentication import find_client
from ..models import Client
from ..redirect_uri import form_action_source


@dataclass(frozen=True)
class LogoutRequest:
    """Who asks, about which session, and where the person goes after (``""`` for our own page)."""

    client: Client | None
    hinted_sid: str
    return_to: str


class BadLogoutRequest(Exception):
    """A parameter is not what it should be; the message is for the page."""


def read(params: QueryDict) -> LogoutRequest:
    """Check a logout request (§2). Raises ``BadLogoutRequest``: nothing is redirected then."""
    if any(len(values) > 1 for _, values in params.lists()):
        raise BadLogoutRequest("Duplicate parameter in the request.")
    client_id, hinted_sid = params.get("client_id", ""), ""
    if token := params.get("id_token_hint"):
        try:
            hint = id_token.verify_hint(token)
        except jwt.InvalidTokenError:
            raise BadLogoutRequest("id_token_hint is not an ID token of this server.") from None
        if client_id and client_id != hint["aud"]:
            raise BadLogoutRequest("client_id is not the audience of id_token_hint.")
        client_id, hinted_sid = hint["aud"], hint.get("sid", "")
    client = find_client(client_id)
    target = params.get("post_logout_redirect_uri", "")
    if not target:
        return LogoutRequest(client, hinted_sid, "")
    if client is None or not client.enabled or not client.post_logout_redirect_uri_allowed(target):
        raise BadLogoutRequest("post_logout_redirect_uri is not registered for this client.")
    if params.get("state"):
        separator = "&" if "?" in target else "?"
        target += separator + urlencode({"state": params["state"]})
    return LogoutRequest(client, hinted_sid, target)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Sign the person out, at the wish of a relying party.

    Without the ID token of this very session, the person is asked first (SECURITY B13): a link
    from anywhere must not sign people out.
    """
    if request.method == "POST" and "decision" in request.POST:
        return _decided(request)
    if request.method == "POST":
        return HttpResponseRedirect(f"{request.path}?{request.POST.urlencode()}")
    try:
        asked = read(request.GET)
    except BadLogoutRequest as error:
        return _bad(request, error)
    assurance = assurances.current(request)
    if assurance is None:
        return _after(request, asked)
    if assurance.sid == asked.hinted_sid:
        sessions.sign_out(request)
        return _after(request, asked)
    response = render(request, "ostiary_oauth/logout.html", {"client": asked.client})
    if asked.return_to:
        response.form_action = [form_action_source(asked.return_to)]  # type: ignore[attr-defined]
    return response


@csrf_protect
def _decided(request: HttpRequest) -> HttpResponse:
    try:
        asked = read(request.GET)
    except BadLogoutRequest as error:
        return _bad(request, error)
    if request.POST["decision"] == "allow":
        sessions.sign_out(request)
        return _after(request, asked)
    return HttpResponseRedirect("/")


def _after(request: HttpRequest, asked: LogoutRequest) -> HttpResponse:
    if asked.return_to:
        return RedirectToClient(asked.return_to)
    return render(request, "ostiary_oauth/signed_out.html")


def _bad(request: HttpRequest, error: BadLogoutRequest) -> HttpResponse:
    return render(
        request,
        "ostiary_oauth/error.html",
        {"error": "invalid_request", "description": str(error)},
        status=400,
    )
