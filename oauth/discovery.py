"""What this server can do, as it tells it (OIDC Discovery §3, RFC 8414 §2).

Everything here is read from the module that does the thing, so that the document can't promise
what is not there.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from ostiary.assurance import ACR_ALIASES, Level

from . import (
    auth_methods,
    authorization_request,
    claims,
    client_assertion,
    dpop,
    keys,
    mtls,
    pkce,
    request_object,
    response_type,
    scopes,
)
from .client_metadata import HMAC_ALG, RESPONSE_TYPES
from .client_rules import GRANT_TYPES
from .conf import oauth_settings
from .issuer import endpoint, issuer
from .jwk import ENCRYPTION_ALGS, ENCRYPTION_ENCS
from .models import Client


def authorization_server_metadata() -> dict[str, Any]:
    """The document at ``/.well-known/oauth-authorization-server``."""
    assertion_algs = list(client_assertion.METHODS)
    return {
        "issuer": issuer(),
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "revocation_endpoint": endpoint("revoke"),
        "introspection_endpoint": endpoint("introspect"),
        "status_list_aggregation_endpoint": endpoint("status_lists"),
        "device_authorization_endpoint": endpoint("device_authorization"),
        "pushed_authorization_request_endpoint": endpoint("par"),
        "require_pushed_authorization_requests": oauth_settings.REQUIRE_PAR,
        "jwks_uri": endpoint("jwks"),
        "scopes_supported": scopes.supported(),
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(response_type.RESPONSE_MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": auth_methods.offered(),
        "token_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "revocation_endpoint_auth_methods_supported": auth_methods.offered(),
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "introspection_endpoint_auth_methods_supported": [
            # A public client can't prove who asks (RFC 7662 §2.1, §4).
            name
            for name in auth_methods.offered()
            if name != "none"
        ],
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "introspection_signing_alg_values_supported": keys.algorithms(),
        **_encryption("introspection"),
        "code_challenge_methods_supported": [pkce.METHOD],
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "authorization_signing_alg_values_supported": keys.algorithms(),
        **_encryption("authorization"),
        "tls_client_certificate_bound_access_tokens": bool(mtls.supported()),
        "authorization_response_iss_parameter_supported": True,
        **_registration(),
    }


def _encryption(what: str) -> dict[str, Any]:
    """By which algorithms an answer is encrypted, where a client has registered so."""
    return {
        f"{what}_encryption_alg_values_supported": list(ENCRYPTION_ALGS),
        f"{what}_encryption_enc_values_supported": list(ENCRYPTION_ENCS),
    }


def _registration() -> dict[str, Any]:
    """How clients come to be, where they may without an operator (RFC 7591, and the client ID
    metadata document draft)."""
    told: dict[str, Any] = {}
    if oauth_settings.REGISTRATION != "closed":
        told["registration_endpoint"] = endpoint("register")
    if oauth_settings.CLIENT_ID_METADATA_HOSTS:
        told["client_id_metadata_document_supported"] = True
    return told


def openid_configuration() -> dict[str, Any]:
    """The document at ``/.well-known/openid-configuration``."""
    told = authorization_server_metadata()
    return {
        **told,
        # Every client of an operator can have it; a REGISTRATION_SCOPES without it is no reason to
        # be taken for another kind of server (OIDC Discovery §3).
        "scopes_supported": [
            *([] if "openid" in told["scopes_supported"] else ["openid"]),
            *told["scopes_supported"],
        ],
        "userinfo_endpoint": endpoint("userinfo"),
        "end_session_endpoint": endpoint("logout"),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "subject_types_supported": list(Client.SubjectType.values),
        "id_token_signing_alg_values_supported": [*keys.algorithms(), HMAC_ALG],
        **_encryption("id_token"),
        "userinfo_signing_alg_values_supported": [*keys.algorithms(), HMAC_ALG],
        **_encryption("userinfo"),
        "acr_values_supported": [*(level.value for level in Level), *ACR_ALIASES],
        "prompt_values_supported": sorted(authorization_request.prompts()),
        "ui_locales_supported": [code for code, _ in settings.LANGUAGES],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid"),
            *claims.supported(),
        ],
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "request_object_signing_alg_values_supported": list(request_object.ALGORITHMS),
    }
