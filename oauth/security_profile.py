"""The FAPI 2.0 Security Profile, per client (FAPI 2.0 Security Profile, Final, §5.3 and §5.4).

Each rule is held twice: a client that lacks something can't be registered with the profile, and
the endpoints hold every request of such a client to it, whatever its registration says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from .client_metadata import SIGNING_ALGS
from .jwk import canonical, spellings
from .redirect_uri import LOOPBACK_LITERALS

if TYPE_CHECKING:
    from .models import Client

FAPI2 = "fapi2"
RESPONSE_TYPES_OF_ALL = ("code",)
"""What every client may ask for, unless it has registered others."""
AUTH_METHODS = ("private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth")
"""§5.3.2.1, 6."""
ALGORITHMS = ("PS256", "ES256", "EdDSA")
"""§5.4.1, 1."""
_FALLBACK_ALGORITHM = "PS256"
_OUR_ALGORITHMS = ("id_token_signed_response_alg", "access_token_signing_alg")
_REGISTERED_ALGORITHMS = (
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "authorization_signed_response_alg",
    "userinfo_signed_response_alg",
    "introspection_signed_response_alg",
)


def is_fapi2(client: Client) -> bool:
    """Whether the client is held to the profile."""
    return bool(client.registered("security_profile") == FAPI2)


def signing_algs(client: Client) -> tuple[str, ...]:
    """The algorithms with which the client may sign, by all their names."""
    return spellings(ALGORITHMS if is_fapi2(client) else SIGNING_ALGS)


def answer_alg(client: Client, alg: str) -> str:
    """The algorithm by which we sign for the client: ``alg``, as registered or by default, or
    PS256 where its profile does not allow that."""
    return _FALLBACK_ALGORITHM if is_fapi2(client) and alg not in ALGORITHMS else alg


def response_types(client: Client) -> tuple[str, ...]:
    """The response types that the client may ask for (§5.3.2.2)."""
    registered = () if is_fapi2(client) else tuple(client.registered("response_types"))
    return registered or RESPONSE_TYPES_OF_ALL


def missing(client: Client) -> list[str]:
    """What keeps ``client`` from the profile, each in words; empty where nothing does.

    PKCE, ``iss`` in every answer, codes of 60 seconds and one use, and no open redirects hold for
    every client here and are not asked for.
    """
    found = []
    if client.is_public:
        found.append(_("The application must be confidential."))
    elif not set(client.registered_auth_methods) <= set(AUTH_METHODS):
        found.append(_("Client authentication must only be: %s.") % ", ".join(AUTH_METHODS))
    if not client.registered("require_pushed_authorization_requests"):
        found.append(_("Requests must be pushed (PAR)."))
    if not (
        client.registered("dpop_bound_access_tokens")
        or client.registered("tls_client_certificate_bound_access_tokens")
    ):
        found.append(_("Access tokens must be bound to a key: by DPoP or by its certificate."))
    algorithms = {name: getattr(client, name) for name in _OUR_ALGORITHMS}
    algorithms |= {name: client.registered(name) for name in _REGISTERED_ALGORITHMS}
    found += [
        _("%(name)s is %(alg)s: choose from %(choices)s.")
        % {"name": name, "alg": alg, "choices": ", ".join(ALGORITHMS)}
        for name, alg in algorithms.items()
        if alg and canonical(alg) not in ALGORITHMS
    ]
    if set(client.registered("response_types")) - set(RESPONSE_TYPES_OF_ALL):
        found.append(_("Response types: code alone, since others send tokens through the browser."))
    found += [
        _("%s: redirect URIs are https, or http on a loopback address.") % uri
        for uri in client.redirect_uris.split()
        if not _is_encrypted(uri)
    ]
    return found


def _is_encrypted(redirect_uri: str) -> bool:
    """§5.3.2.2, 8."""
    try:
        parts = urlsplit(redirect_uri)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_LITERALS)
