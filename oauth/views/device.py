"""The device authorization endpoint and the page where a person enters the code (RFC 8628)."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from ostiary import assurance as assurances
from ostiary.assurance import Assurance
from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, refund, throttle

from .. import apis, application_ahead, claims, device_authorization, scopes
from ..client_authentication import while_registered
from ..grants.base import allowed_resource, check_grant_type
from ..models import DeviceGrant
from ..parameters import pairs, single, values
from ..user_code_form import PROBLEMS, USER_CODE_MAX_LENGTH, UserCodeForm
from .token import authenticated, form, json_answer, refused


def device_authorization_endpoint(request: HttpRequest) -> HttpResponse:
    """Begin an authorization for a device (§3.1)."""
    try:
        given = pairs(form(request))
        params = single(given)
        client = authenticated(request, params, at="device_authorization")
        check_grant_type(client, device_authorization.GRANT_TYPE)
        resource = allowed_resource(values(given, "resource"), client)
        asked = scopes.given_by_person(params.get("scope"), client, resource)
        throttle("device_authorization", ip=client_ip(request))
        with while_registered(client):
            answer = device_authorization.start(client, asked, resource, client_ip(request))
    except Throttled as throttled:
        body = json.dumps({"error": "temporarily_unavailable"})
        return json_answer(body, 429, {"Retry-After": str(throttled.retry_after)})
    except OAuth2Error as error:
        return refused(request, error)
    return json_answer(json.dumps(answer), 200, {})


@never_cache
@require_safe
def qr(request: HttpRequest) -> HttpResponse:
    """The page's address with a code in it, as an image that a device's own page may show (§3.3.1).

    Made of the code that is sent, whether or not there is such a one: it tells nobody anything.
    """
    user_code = request.GET.get("user_code", "")
    if not device_authorization.is_user_code(user_code):
        return HttpResponse("Not a user code.", status=400, content_type="text/plain")
    return HttpResponse(
        device_authorization.qr(user_code),
        headers={
            "Content-Type": "image/svg+xml",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


@never_cache
@require_http_methods(["GET", "POST"])
def device(request: HttpRequest) -> HttpResponse:
    """Take the code, show which application asks for what, and take the decision (§3.3)."""
    sent = request.POST if request.method == "POST" else request.GET
    user_code = sent.get("user_code", "")[:USER_CODE_MAX_LENGTH]
    assurance = assurances.current(request)
    if assurance is None:
        return HttpResponseRedirect(assurances.signin_url(_here(user_code)))
    if not user_code:
        return render(request, "ostiary_oauth/device_code.html", {"form": _code_form()})
    try:
        waiting = _look_up(request, user_code)
    except Throttled as throttled:
        response = _entry(request, user_code, "throttled", 429)
        response["Retry-After"] = str(throttled.retry_after)
        return response
    if waiting is None:
        return _entry(request, user_code, "unknown", 400)
    acr = waiting.application.required_acr
    if acr and not assurance.satisfies(acr):
        stronger_url = assurances.reauthentication_url(_here(user_code), acr=acr)
        return _confirm_page(request, waiting, user_code, stronger_url)
    decision = request.POST.get("decision")
    page = request.POST.get("page", "")
    if decision in ("allow", "deny") and constant_time_compare(page, _page_key(request, waiting)):
        return _decide(request, waiting, assurance, user_code, decision)
    return _confirm_page(request, waiting, user_code)


def _here(user_code: str) -> str:
    query = f"?{urlencode({'user_code': user_code})}" if user_code else ""
    return reverse("ostiary_oauth:device") + query


def _look_up(request: HttpRequest, user_code: str) -> DeviceGrant | None:
    """What waits under the code; only wrong codes are counted. Raises ``Throttled``."""
    tries = {"ip": client_ip(request), "user": claims.subject(request.user)}
    throttle("user_code", **tries)
    waiting = device_authorization.find(user_code)
    if waiting is not None:
        refund("user_code", **tries)
    return waiting


def _entry(request: HttpRequest, user_code: str, problem: str, status: int) -> HttpResponse:
    form = _code_form({"user_code": user_code})
    form.errors.clear()  # such as of a character that no code has
    form.add_error("user_code", PROBLEMS[problem])
    return render(request, "ostiary_oauth/device_code.html", {"form": form}, status=status)


def _code_form(given: dict[str, str] | None = None) -> UserCodeForm:
    return UserCodeForm(given, auto_id="%s")


def _page_key(request: HttpRequest, waiting: DeviceGrant) -> str:
    """Binds a decision to the person and the request that the page showed (SECURITY A7)."""
    shown = f"{claims.subject(request.user)} {waiting.pk}"
    return salted_hmac("ostiary.oauth.device", shown, algorithm="sha256").hexdigest()


def _confirm_page(
    request: HttpRequest, waiting: DeviceGrant, user_code: str, stronger_url: str = ""
) -> HttpResponse:
    return render(
        request,
        "ostiary_oauth/device_confirm.html",
        {
            "client": waiting.application,
            "application": application_ahead.described(waiting.application),
            "scopes": scopes.described(waiting.scope.split(), waiting.resource),
            "resource": [(uri, apis.name(uri)) for uri in waiting.resource],
            "ip_address": waiting.ip_address,
            "user_code": device_authorization.shown(user_code),
            "page": _page_key(request, waiting),
            "stronger_url": stronger_url,
            "other_url": assurances.other_account_url(_here(user_code)),
        },
    )


def _decide(
    request: HttpRequest,
    waiting: DeviceGrant,
    assurance: Assurance,
    user_code: str,
    decision: str,
) -> HttpResponse:
    allowed = decision == "allow"
    done = (
        device_authorization.allow(request, waiting, assurance)
        if allowed
        else device_authorization.deny(request, waiting)
    )
    if not done:
        return _entry(request, user_code, "unknown", 400)
    context = {
        "client": waiting.application,
        "application": application_ahead.described(waiting.application),
        "allowed": allowed,
    }
    return render(request, "ostiary_oauth/device_done.html", context)
