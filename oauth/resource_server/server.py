"""A protected resource: what it takes to serve a request, and how it says no."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from .. import jwk
from . import bearer, confirmation, dpop, jws, step_up
from .access_token import AccessToken, Verifier
from .conf import ResourceServerSettings, problems, resource_server_settings
from .errors import AccessRefused, InsufficientScope, InvalidToken, Unavailable, challenge
from .issuer import Issuer
from .revocation.blocklist import Blocklist, NotWhole
from .revocation.introspection import Introspection
from .revocation.status_list import StatusLists
from .used_proofs import UsedProofs

log = logging.getLogger(__name__)

WELL_KNOWN = "/.well-known/oauth-protected-resource"
RETRY_AFTER = "5"
_SEEN = "_ostiary_access_tokens"


class ResourceServer:
    """One API: the tokens it takes, and what it has learned of their issuer. Safe to use from many
    threads; make one and keep it."""

    def __init__(self, settings: ResourceServerSettings) -> None:
        """Raises ``ImproperlyConfigured``."""
        if found := [*problems(settings)]:
            raise ImproperlyConfigured(" ".join(found))
        self.settings = settings
        self.issuer = Issuer(
            settings.ISSUER,
            settings.ALGORITHMS,
            jwks_uri=settings.JWKS_URI,
            introspection_endpoint=settings.INTROSPECTION_ENDPOINT,
        )
        self._verifier = Verifier(self.issuer, settings.AUDIENCE, settings.LEEWAY)
        self._used_proofs = UsedProofs(settings.DPOP_REPLAY_CACHE)
        self._blocklist = Blocklist(settings.BLOCKLIST_CACHE)
        self._status_lists = StatusLists(self.issuer, settings.LEEWAY)
        self._introspection = Introspection(
            self.issuer,
            settings.AUDIENCE,
            settings.CLIENT_ID,
            settings.CLIENT_SECRET,
            settings.INTROSPECTION_CACHE,
            settings.INTROSPECTION_SECONDS,
            settings.LEEWAY,
        )

    def authenticate(self, request: HttpRequest) -> AccessToken:
        """The token of a request, if it is a good one. Raises an ``AccessRefused``.

        Asked again, the same request has the same answer: a DPoP proof is used up by the first.
        """
        seen: dict[ResourceServer, AccessToken] = request.__dict__.setdefault(_SEEN, {})
        if (granted := seen.get(self)) is None:
            scheme, token = bearer.presented(request)
            granted = self._verified(token)
            confirmation.check(request, scheme, token, granted, self.settings, self._used_proofs)
            if self.settings.REVOCATION != "none":
                self._check_revocation(token, granted)
            seen[self] = granted
        return granted

    def _verified(self, token: str) -> AccessToken:
        """By ourselves where it is a JWT; an opaque token is for the issuer to tell."""
        if self.settings.REVOCATION == "introspection" and not jws.is_jwt(token):
            bearer.check_form(token)
            return self._introspection.introspect(token)
        return self._verifier.verify(token)

    def _check_revocation(self, token: str, granted: AccessToken) -> None:
        try:
            revoked = self._is_revoked(token, granted)
        except Unavailable:
            if not self.settings.REVOCATION_FAILS_OPEN:
                raise
            log.warning("taken without knowing whether it is revoked: a token of the issuer")
            return
        if revoked:
            raise InvalidToken("The access token was revoked.")

    def _is_revoked(self, token: str, granted: AccessToken) -> bool:
        how = self.settings.REVOCATION
        if how == "status_list":
            return self._status_lists.is_revoked(granted.claims)
        if how == "introspection" and jws.is_jwt(token):
            self._introspection.introspect(token)  # an opaque one was asked about already
        if how == "blocklist":
            try:
                return self._blocklist.is_revoked(str(granted.claims["jti"]))
            except NotWhole:
                log.warning("the blocklist was emptied, and the issuer has not filled it again")
                raise Unavailable from None
            except Exception:  # each backend has errors of its own
                log.exception("the cache of the blocklist does not answer")
                raise Unavailable from None
        return False

    def check(
        self,
        token: AccessToken,
        *,
        scopes: Sequence[str] = (),
        acr: Sequence[str] = (),
        max_age: int | None = None,
    ) -> None:
        """Raise ``InsufficientScope`` or ``InsufficientUserAuthentication`` unless the token allows
        what needs all of ``scopes``, one of ``acr``, and an authentication of at most ``max_age``
        seconds ago."""
        if scopes and not token.scopes.issuperset(scopes):
            raise InsufficientScope(scopes)
        if acr or max_age is not None:
            step_up.check(token, acr=acr, max_age=max_age, leeway=self.settings.LEEWAY)

    def user(self, token: AccessToken) -> Any:
        """Who calls, as ``USER`` tells it; ``None`` where there is no such setting. Raises
        ``InvalidToken`` for a token of nobody."""
        if not self.settings.USER:
            return None
        user = import_string(self.settings.USER)(token)
        if user is None:
            raise InvalidToken("The access token belongs to no user of this site.")
        return user

    # --- how it says no ------------------------------------------------------------------------

    def challenge(self, refused: AccessRefused, request: HttpRequest) -> str:
        """The value of ``WWW-Authenticate``; empty where authenticating would not help."""
        if isinstance(refused, Unavailable):
            return ""
        common = f'realm="{self.settings.AUDIENCE}"'
        if self._publishes_metadata():
            common += f', resource_metadata="{self.metadata_url}"'
        algorithms = jwk.spellings(self.settings.ALGORITHMS)
        return challenge(refused, bearer.scheme_of(request), common, algorithms)

    def headers(self, refused: AccessRefused | None = None) -> Mapping[str, str]:
        """What an answer carries beside its challenge: the nonce for the next proof (RFC 9449
        §8.2), and that a refusal is not to be stored."""
        headers: dict[str, str] = {}
        if self.settings.DPOP_NONCE_REQUIRED or (refused and refused.error == "use_dpop_nonce"):
            headers["DPoP-Nonce"] = dpop.new_nonce(confirmation.NONCE_SALT)
        if refused:
            headers["Cache-Control"] = "no-store"
        if isinstance(refused, Unavailable):
            headers["Retry-After"] = RETRY_AFTER
        return headers

    def refusal(self, refused: AccessRefused, request: HttpRequest) -> HttpResponse:
        """The answer to a request that is not served (RFC 6750 §3)."""
        body = {"error": refused.error, "error_description": refused.description}
        response = JsonResponse(
            {name: value for name, value in body.items() if value},
            status=refused.status,
            headers=dict(self.headers(refused)),
        )
        if told := self.challenge(refused, request):
            response["WWW-Authenticate"] = told
        return response

    # --- its metadata (RFC 9728) ---------------------------------------------------------------

    @property
    def metadata_path(self) -> str:
        """Where its metadata belongs: the well-known path, then that of the identifier (§3.1)."""
        path = urlsplit(self.settings.AUDIENCE).path
        return WELL_KNOWN + ("" if path == "/" else path)

    @property
    def metadata_url(self) -> str:
        """The address of its metadata."""
        parts = urlsplit(self.settings.AUDIENCE)
        return parts._replace(path=self.metadata_path, fragment="").geturl()

    @property
    def metadata_name(self) -> str:
        """The name of the URL pattern of its metadata."""
        digest = hashlib.sha256(self.settings.AUDIENCE.encode()).hexdigest()
        return f"oauth-protected-resource-{digest[:16]}"

    def _publishes_metadata(self) -> bool:
        try:
            return reverse(self.metadata_name) == self.metadata_path
        except NoReverseMatch:
            return False


@functools.cache
def resource_server() -> ResourceServer:
    """The API that ``settings.OSTIARY_RESOURCE_SERVER`` describes. Raises
    ``ImproperlyConfigured``."""
    return ResourceServer(resource_server_settings)


def _forget(*, setting: str, **_: object) -> None:
    if setting in ("OSTIARY_RESOURCE_SERVER", "CACHES"):
        resource_server.cache_clear()


setting_changed.connect(_forget)
