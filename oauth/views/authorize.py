"""The authorization endpoint (RFC 6749 §3.1, OIDC Core §3.1.2)."""

from __future__ import annotations

import json
import uuid
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, CustomOAuth2Error, OAuth2Error

from ostiary import assurance as assurances
from ostiary import flow_language, prepared
from ostiary.assurance import Assurance
from ostiary.client_address import client_ip

from .. import (
    application_ahead,
    carried_request,
    claims,
    client_sessions,
    connected,
    consent,
    families,
    id_token,
    interaction,
    par,
    pkce,
    redirect_uri,
)
from ..answer_page import is_from_here
from ..authorization_request import AuthorizationRequest, as_pairs, parse
from ..authorization_response import respond
from ..client_authentication import while_registered
from ..conf import oauth_settings
from ..interaction import Interaction
from ..models import Grant
from ..models.grant import CODE_LIFETIME, new_token, token_hash
from ..parameters import only, read_as_utf8
from ..resolved_request import Resolved, resolve
from . import browser
from .error_page import error_page


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Answer an authorization request, after whatever the person still has to do.

    A POST with a decision comes from our own consent or account page. Any other POST is a request
    sent in the body (OIDC Core §3.1.2.1): it comes from another site and so without our cookies,
    and is moved to the query to become a navigation of its own.
    """
    read_as_utf8(request)
    if request.method == "POST" and "decision" in request.POST:
        return _decide(request)
    if request.method == "POST":
        return _moved_to_the_query(request)
    return _answer(request, request.GET, decision=None)


def _moved_to_the_query(request: HttpRequest) -> HttpResponse:
    """What is too long for a query has to be a good request to be kept."""
    params: QueryDict = request.POST
    if carried_request.is_long(params):
        try:
            found = resolve(params)
            if found.problem:
                raise found.problem
            asked = parse(found.params, found.to)
            params = carried_request.short(params, asked.client, client_ip(request))
        except OAuth2Error:
            return _answer(request, params, decision=None)
    return HttpResponseRedirect(f"{request.path}?{params.urlencode()}")


@csrf_protect
def _decide(request: HttpRequest) -> HttpResponse:
    return _answer(request, request.GET, decision=request.POST.get("decision", ""))


def _answer(request: HttpRequest, params: QueryDict, *, decision: str | None) -> HttpResponse:
    """Answer the request that ``params``, as they were sent, are or refer to."""
    secret = browser.secret_of(request)
    try:
        params = carried_request.whole(params)
        found = resolve(params)
        if found.pushed:
            par.bind(found.pushed, secret)
        response = _in_its_language(request, params, found, decision)
    except OAuth2Error as error:
        return error_page(request, error)
    if found.pushed:
        browser.remember(response, secret, par.BOUND_LIFETIME)
    return response


def _in_its_language(
    request: HttpRequest, params: QueryDict, found: Resolved, decision: str | None
) -> HttpResponse:
    """Show what there is to show as ``ui_locales`` asks, until there is an answer (OIDC Core
    §3.1.2.1). What this site doesn't have is no error."""
    language = flow_language.supported(only(found.params, "ui_locales").split())
    with translation.override(language) if language else nullcontext():
        outcome = _outcome(request, params, found, decision)
        if isinstance(outcome, HttpResponse):
            response = outcome
        else:
            by_page = decision is not None or _comes_by_our_pages(request, params, found)
            response = respond(request, found.to, outcome, by_page=by_page)
    if language:
        response["Content-Language"] = language
    if language and response is outcome:
        flow_language.remember(response, language)
    else:
        flow_language.forget(request, response)
    return response


def _comes_by_our_pages(request: HttpRequest, params: QueryDict, found: Resolved) -> bool:
    """Whether a form of ours may have led here: a ticket tells, or the browser. Where no page may
    be shown, none is."""
    if "none" in only(found.params, "prompt").split():
        return False
    return interaction.PARAMETER in params or is_from_here(request)


def _outcome(
    request: HttpRequest, params: QueryDict, found: Resolved, decision: str | None
) -> HttpResponse | list[tuple[str, str]]:
    """What the person still has to do, or the answer to the client.

    Every error is an answer, but for ``AlreadyAnsweredError``, which is raised.
    """
    try:
        if found.problem:
            raise found.problem
        asked = parse(found.params, found.to)
        with while_registered(asked.client):
            return _proceed(request, params, found, asked, decision)
    except par.AlreadyAnsweredError:
        raise
    except OAuth2Error as error:
        _use_up(found)
        return as_pairs(error)


def _use_up(found: Resolved) -> None:
    """A request that was pushed gets one answer. Raises ``AlreadyAnsweredError``."""
    if found.pushed:
        par.consume(found.pushed)


def _proceed(
    request: HttpRequest,
    params: QueryDict,
    found: Resolved,
    asked: AuthorizationRequest,
    decision: str | None,
) -> HttpResponse | list[tuple[str, str]]:
    if decision == "deny" and _is_of_this_page(request, params, asked):
        raise AccessDeniedError(description="The user denied access.")
    assurance = assurances.current(request)
    subject = claims.subject_for(request.user, asked.client) if assurance else ""
    next_step = interaction.needed(
        asked,
        assurance,
        found.ticket,
        subject=subject,
        hinted_other=bool(assurance) and _hints_another(asked, request.user),
        consented=_consented(request, asked, assurance),
    )
    if next_step and "none" in asked.prompt:
        raise CustomOAuth2Error(next_step.value, status_code=400)
    if next_step is Interaction.CREATE:
        return _to_signup(request, params, asked, assurance)
    if assurance is None or next_step is Interaction.LOGIN:
        return _to_signin(request, params, asked, assurance)
    if asked.subjects is not None and subject not in asked.subjects:
        raise CustomOAuth2Error(
            "login_required",
            description="A different user signed in than the request names.",
            status_code=400,
        )
    if not interaction.meets_requirements(asked, assurance):
        raise CustomOAuth2Error(
            "unmet_authentication_requirements",
            description="The person cannot authenticate as this client requires.",
            status_code=400,
        )
    if next_step and found.signed and not found.ticket.begun_at:
        # The page may stay open for longer than the object lives: the ticket says when it came.
        return HttpResponseRedirect(_here(request, params, asked, assurance))
    if next_step is Interaction.SELECT_ACCOUNT:
        return _select_account(request, params, asked, assurance, decision)
    if next_step is Interaction.CONSENT:
        if decision != "allow" or not _is_of_this_page(request, params, asked):
            return _consent_page(request, params, asked, assurance)
        consent.remember(request, asked.client, asked.consent_scopes, asked.resource)
    if "id_token" in asked.response_type:
        id_token.check(asked.client)
    _use_up(found)
    return _issue(request, asked, assurance, found.to.state)


# --- the person --------------------------------------------------------------------------------


def _consented(
    request: HttpRequest, asked: AuthorizationRequest, assurance: Assurance | None
) -> set[str]:
    if assurance is None or asked.client.first_party:
        return set()
    return consent.consented(request.user, asked.client, asked.resource)


def _hints_another(asked: AuthorizationRequest, user: Any) -> bool:
    """Whether a hint names someone else than the signed-in person (SECURITY A9)."""
    subject = claims.subject_for(user, asked.client)
    if asked.subjects is not None:
        return subject not in asked.subjects
    hint = asked.login_hint
    return assurances.names_another(hint, user) and hint.strip().casefold() != subject.casefold()


def _to_signin(
    request: HttpRequest,
    params: QueryDict,
    asked: AuthorizationRequest,
    assurance: Assurance | None,
) -> HttpResponse:
    anew = assurance is not None or interaction.asks_to_authenticate_anew(asked)
    url = assurances.reauthentication_url if anew else assurances.signin_url
    return HttpResponseRedirect(
        url(
            _here(request, params, asked, assurance),
            acr=" ".join([*asked.acr_values, asked.client.required_acr]).strip(),
            login_hint=asked.login_hint,
        )
    )


def _to_signup(
    request: HttpRequest,
    params: QueryDict,
    asked: AuthorizationRequest,
    assurance: Assurance | None,
) -> HttpResponse:
    query = {"next": _here(request, params, asked, assurance)}
    return HttpResponseRedirect(f"{resolve_url(oauth_settings.SIGNUP_URL)}?{urlencode(query)}")


def _here(
    request: HttpRequest,
    params: QueryDict,
    asked: AuthorizationRequest,
    assurance: Assurance | None,
    *,
    chosen_account: str = "",
) -> str:
    """The address of this very request, with a ticket for what has been asked already."""
    again = params.copy()
    again[interaction.PARAMETER] = interaction.issue_ticket(
        params, assurance, chosen_account=chosen_account
    )
    carried = carried_request.short(again, asked.client, client_ip(request))
    return f"{reverse('ostiary_oauth:authorize')}?{carried.urlencode()}"


def _select_account(
    request: HttpRequest,
    params: QueryDict,
    asked: AuthorizationRequest,
    assurance: Assurance,
    decision: str | None,
) -> HttpResponse:
    if decision == "continue":
        chosen = claims.subject_for(request.user, asked.client)
        return HttpResponseRedirect(_here(request, params, asked, assurance, chosen_account=chosen))
    other_url = assurances.other_account_url(_here(request, params, asked, assurance))
    return render(
        request,
        "ostiary_oauth/select_account.html",
        {
            "client": asked.client,
            "application": application_ahead.described(asked.client),
            "other_url": other_url,
        },
    )


# --- consent -----------------------------------------------------------------------------------


def _page_key(request: HttpRequest, params: QueryDict, asked: AuthorizationRequest) -> str:
    """Binds a decision to the person, the request, and what the page showed of it (SECURITY A7):
    what the client may have can have grown since, and with it what the request asks for."""
    shown = json.dumps(
        [
            claims.subject(request.user),
            params.urlencode(),
            sorted(asked.consent_scopes),
            sorted(asked.resource),
        ]
    )
    return salted_hmac("ostiary.oauth.consent", shown, algorithm="sha256").hexdigest()


def _is_of_this_page(request: HttpRequest, params: QueryDict, asked: AuthorizationRequest) -> bool:
    return constant_time_compare(request.POST.get("page", ""), _page_key(request, params, asked))


def _consent_page(
    request: HttpRequest, params: QueryDict, asked: AuthorizationRequest, assurance: Assurance
) -> HttpResponse:
    return render(
        request,
        "ostiary_oauth/consent.html",
        {
            "client": asked.client,
            "name": asked.client.name_in(get_language() or ""),
            "document_host": application_ahead.document_host(asked.client),
            "on_this_device": redirect_uri.is_loopback(asked.redirect_uri),
            "logo": application_ahead.logo(asked.client),
            "application": application_ahead.described(asked.client),
            "scopes": asked.consent_scopes,
            "resource": asked.resource,
            "permissions": connected.permissions(
                {" ".join(asked.resource): set(asked.consent_scopes)}
            ),
            "page": _page_key(request, params, asked),
            "other_url": assurances.other_account_url(_here(request, params, asked, assurance)),
            "redirect_origin": redirect_uri.shown(asked.redirect_uri),
        },
    )


# --- the answer --------------------------------------------------------------------------------


def _issue(
    request: HttpRequest, asked: AuthorizationRequest, assurance: Assurance, state: str
) -> list[tuple[str, str]]:
    """What the response type asks for: a code, and an ID token with it (OIDC Core §3.3.2.5)."""
    code, grant = _issue_code(request, asked, assurance)
    answer = [("code", code)]
    if "id_token" in asked.response_type:
        token = id_token.issue_with_code(asked.client, grant, code=code, state=state)
        client_sessions.note_sign_in(grant, asked.client)
        answer.append(("id_token", token))
    return answer


_insert = prepared.Insert(Grant)


def _issue_code(
    request: HttpRequest, asked: AuthorizationRequest, assurance: Assurance
) -> tuple[str, Grant]:
    """Keep what was authorized, by the hash of a new code; returns both (one statement)."""
    code = new_token()
    expires = timezone.now() + timedelta(seconds=CODE_LIFETIME)
    grant = Grant(
        user=request.user,
        application=asked.client,
        code_hash=token_hash(code),
        expires=expires,
        ends_at=expires,
        redirect_uri=asked.redirect_uri,
        scope=" ".join(asked.scopes),
        resource=list(asked.resource),
        code_challenge=asked.code_challenge,
        code_challenge_method=pkce.METHOD if asked.code_challenge else "",
        nonce=asked.nonce,
        jkt=asked.dpop_jkt,
        sid=uuid.UUID(assurance.sid),
        auth_time=assurance.auth_time,
        acr=assurance.answer([*asked.acr_values, asked.client.required_acr]),
        amr=list(assurance.amr),
        claims=asked.claims.stored(),
        offline="offline_access" in asked.scopes,
        credential_hash=families.credential_hash(request.user),
    )
    return code, _insert.run(grant)
