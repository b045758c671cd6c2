"""Whether the caller holds the key that a token is bound to: ``cnf`` (RFC 7800)."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence

from django.http import HttpRequest

from .. import jwk
from . import dpop, mtls
from .access_token import AccessToken
from .conf import ResourceServerSettings
from .errors import InvalidDpopProof, InvalidToken, Unavailable, UseDpopNonce
from .used_proofs import Forgotten, UsedProofs

log = logging.getLogger(__name__)

NONCE_SALT = "ostiary.resource_server.dpop.nonce"
KNOWN = frozenset({"jkt", "x5t#S256"})


def check(
    request: HttpRequest,
    scheme: str,
    token: str,
    granted: AccessToken,
    settings: ResourceServerSettings,
    used: UsedProofs,
) -> None:
    """Raise an ``AccessRefused`` unless the request proves every key that ``granted`` is bound to.

    A bound token is taken with its proof alone, and no other under the DPoP scheme (RFC 9449 §7.1,
    §7.2). A binding that we don't know is one that we can't check.
    """
    bound = granted.confirmation
    if not bound and scheme == "bearer":
        return
    if not bound.keys() <= KNOWN:
        raise InvalidToken("The access token is bound in a way that is not supported.")
    if ("jkt" in bound) != (scheme == "dpop"):
        raise InvalidToken("The access token and the scheme do not go together.")
    if "x5t#S256" in bound and not dpop.equal(
        bound["x5t#S256"], certificate_thumbprint(request, settings)
    ):
        raise InvalidToken("The access token is bound to another certificate.")
    if "jkt" in bound and not dpop.equal(bound["jkt"], _proven(request, token, settings, used)):
        raise InvalidToken("The access token is bound to another key.")


def _proven(
    request: HttpRequest, token: str, settings: ResourceServerSettings, used: UsedProofs
) -> str:
    """The thumbprint that the DPoP proof proves; the proof is used up by this."""
    try:
        proof = dpop.check(
            request.headers.get("DPoP", ""),
            method=str(request.method),
            url=url_of(request, settings),
            algorithms=jwk.spellings(settings.ALGORITHMS),
            access_token=token,
        )
    except dpop.InvalidProof as problem:
        raise InvalidDpopProof(str(problem)) from None
    wanted = settings.DPOP_NONCE_REQUIRED or proof.nonce is not None
    if wanted and not dpop.is_live_nonce(proof.nonce, NONCE_SALT):
        raise UseDpopNonce
    try:
        first = used.first_use(proof)
    except Forgotten:
        log.warning("the cache of used DPoP proofs was emptied, or is away")
        raise Unavailable from None
    except Exception:
        # Each backend has errors of its own. A use that can't be remembered is none.
        log.exception("the cache of used DPoP proofs does not answer")
        raise Unavailable from None
    if not first:
        raise InvalidDpopProof("The DPoP proof was used before.")
    return proof.jkt


def url_of(request: HttpRequest, settings: ResourceServerSettings) -> str:
    """The address of the request as its sender knows it, without the query."""
    path = request.get_full_path().partition("?")[0]
    return (settings.BASE_URL or f"{request.scheme}://{request.get_host()}") + path


def certificate_thumbprint(request: HttpRequest, settings: ResourceServerSettings) -> str:
    """The ``x5t#S256`` of the certificate that the TLS proxy tells of. Raises ``InvalidToken``."""
    name = settings.CLIENT_CERTIFICATE_HEADER
    value = request.headers.get(name, "") if name else ""
    if not value or not is_from(request, settings.TRUSTED_PROXIES):
        raise InvalidToken("The access token is bound to a certificate, and none is shown.")
    try:
        return mtls.thumbprint(mtls.certificate_in(value))
    except ValueError:
        raise InvalidToken("The certificate can't be read.") from None


def is_from(request: HttpRequest, networks: Sequence[str]) -> bool:
    """Whether the request came straight from one of ``networks``; ``unix`` is a Unix socket."""
    remote = str(request.META.get("REMOTE_ADDR", ""))
    if not remote:
        return "unix" in networks
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ipaddress.ip_network(each) for each in networks if each != "unix")
