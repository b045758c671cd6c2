"""What a client must not be registered with: each problem on its own field, in words.

Both the admin and the ways in which applications register themselves keep to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy as _

from ostiary.assurance import parse_acr

from . import (
    client_key_rules,
    client_metadata,
    pairwise,
    pkce,
    redirect_uri,
    scopes,
    security_profile,
    tls_client_auth,
)
from .client_key_rules import KEYS_OF_ITS_OWN
from .client_metadata import HMAC_ALG

if TYPE_CHECKING:
    from .models import Client

GRANT_TYPES = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
)
AUTH_METHODS = (
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "none",
)
AUDIENCE_MAX_LENGTH = 500
HEADER_MAX_LENGTH = 4000
_HEADER = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
_CLIENT_ID = re.compile(r"[\x21-\x7e]+")


def problems(client: Client) -> dict[str, list[str]]:
    """What is wrong with ``client``, by field; empty where nothing is."""
    errors: dict[str, list[str]] = {}

    def complain(field: str, message: Any) -> None:
        errors.setdefault(field, []).append(str(message))

    unusable = dict(client_metadata.problems(client.metadata))
    if client.name and (problem := client_metadata.problem_of_name(client.name)):
        complain("name", problem)
    if not _CLIENT_ID.fullmatch(client.client_id):
        complain("client_id", _("Use ASCII characters without spaces."))
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(client, field).split():
            problem = redirect_uri.why_not_registrable(uri)
            if problem:
                complain(field, f"{uri}: {problem}")
    for origin in client.allowed_origins.split():
        if redirect_uri.origin_of(origin) != origin:
            complain(
                "allowed_origins",
                _("%s isn’t an origin. Enter one such as https://app.example.com.") % origin,
            )
    for field, known in (
        ("grant_types", GRANT_TYPES),
        ("token_endpoint_auth_methods", AUTH_METHODS),
        ("scopes", tuple(scopes.descriptions())),
    ):
        values = getattr(client, field)
        if not isinstance(values, list) or not all(value in known for value in values):
            complain(field, _("Choose from: %s.") % ", ".join(known))
    for field in ("audiences", "serves"):
        values = getattr(client, field)
        if not isinstance(values, list) or not all(
            isinstance(uri, str)
            and redirect_uri.is_absolute(uri)
            and len(uri) <= AUDIENCE_MAX_LENGTH
            for uri in values
        ):
            complain(field, _("Enter absolute URIs without fragment."))
    if client.is_public and client.serves:
        complain("serves", _("A public client can’t introspect tokens."))
    if "authorization_code" in client.grant_types and not client.redirect_uris.strip():
        complain("redirect_uris", _("The authorization code grant needs a redirect URI."))
    if client.is_public and "client_credentials" in client.grant_types:
        complain("grant_types", _("A public client has no credentials."))
    if client.token_endpoint_auth_methods and (
        client.is_public != (client.token_endpoint_auth_methods == ["none"])
    ):
        complain(
            "token_endpoint_auth_methods",
            _("A public client must use only “none”, and a confidential client never."),
        )
    methods = client.token_endpoint_auth_methods
    if not isinstance(methods, list):
        methods = []
    if set(KEYS_OF_ITS_OWN) & set(methods) and not (
        client.registered("jwks") or client.registered("jwks_uri")
    ):
        complain(
            "token_endpoint_auth_methods",
            _("%s needs the application's keys: jwks or jwks_uri.")
            % " / ".join(f"“{name}”" for name in KEYS_OF_ITS_OWN if name in methods),
        )
    if tls_client_auth.METHOD in methods and not tls_client_auth.is_registrable(client.metadata):
        complain(
            "token_endpoint_auth_methods",
            _(
                "“tls_client_auth” needs exactly one of the certificate's subject (RFC 4514), "
                "DNS name, URI, IP address and email address."
            ),
        )
    if client.is_public and HMAC_ALG in (
        client.id_token_signed_response_alg,
        client.registered("userinfo_signed_response_alg"),
    ):
        complain(
            "id_token_signed_response_alg",
            _("HS256 needs a client secret, which a public client doesn’t have."),
        )
    if (
        client.subject_type == client.SubjectType.PAIRWISE
        and "sector_identifier_uri" not in unusable
        and not pairwise.sector_of(client)
    ):
        complain(
            "subject_type",
            _(
                "The redirect URIs have different hosts, so pairwise subjects need a "
                "sector_identifier_uri."
            ),
        )
    frame = client.registered("frontchannel_logout_uri")
    if (
        frame
        and "frontchannel_logout_uri" not in unusable
        and not redirect_uri.shares_origin(frame, client.redirect_uris.split())
    ):
        complain(
            NON_FIELD_ERRORS,
            _("frontchannel_logout_uri: must have the scheme, host and port of a redirect URI"),
        )
    header = client.security_event_secret or ""
    if len(header) > HEADER_MAX_LENGTH or not _HEADER.fullmatch(header):
        complain(NON_FIELD_ERRORS, _("Authorization header: use ASCII characters on one line."))
    for name, problem in unusable.items() if unusable else client_key_rules.problems(client):
        complain(NON_FIELD_ERRORS, f"{name}: {problem}")
    if not errors and security_profile.is_fapi2(client):
        for lack in security_profile.missing(client):
            complain(NON_FIELD_ERRORS, f"{security_profile.FAPI2}: {lack}")
    if client.pkce_exempt and not pkce.can_be_exempt(client):
        complain(
            "pkce_exempt",
            _(
                "Only a confidential application registered by an administrator can omit PKCE, "
                "without FAPI 2.0, and only if the settings allow it."
            ),
        )
    if client.required_acr and parse_acr(client.required_acr) is None:
        complain("required_acr", _("This site doesn’t support this acr value."))
    return errors
