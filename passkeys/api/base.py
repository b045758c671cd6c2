"""What the endpoints have in common: who asks, in what form, and how a refusal is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, cast

from django.contrib.auth.models import AnonymousUser
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ostiary import assurance, factors
from ostiary.assurance import Level
from ostiary.client_address import client_ip
from ostiary.conf import ostiary_settings
from ostiary.throttling import Throttled, throttle

from ..forms import ANSWER_MAX_LENGTH
from ..verification import CeremonyRefused
from ..views import confirm_url, words


class StepUpRequired(Exception):
    """The person has to prove again who they are."""


class CsrfProtectedSession(SessionAuthentication):
    """The site's session, with a CSRF token from visitors too: nobody may sign another's browser in
    (RFC 6749 §10.12 has the attack)."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """The signed-in person, ``None`` for a visitor. Raises ``PermissionDenied``."""
        self.enforce_csrf(request)
        user = getattr(request._request, "user", AnonymousUser())
        return (user, None) if user.is_authenticated else None


class BoundedJSONParser(JSONParser):
    """JSON of at most ``ANSWER_MAX_LENGTH`` bytes: what is parsed further grows in cost with it."""

    def parse(self, stream: IO[bytes], *args: Any, **kwargs: Any) -> Any:
        """An object. Raises ``ParseError``."""
        body = stream.read(ANSWER_MAX_LENGTH + 1)
        try:
            told = json.loads(body) if len(body) <= ANSWER_MAX_LENGTH else None
        except (ValueError, RecursionError) as problem:
            raise ParseError from problem
        if not isinstance(told, Mapping):
            raise ParseError
        return told


@method_decorator(never_cache, name="dispatch")
class CeremonyView(APIView):
    """An endpoint of ours, whatever a project's own have as defaults."""

    authentication_classes = [CsrfProtectedSession]
    parser_classes = [BoundedJSONParser]
    permission_classes = []
    renderer_classes = [JSONRenderer]
    throttle_classes = []

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal, as ``{"error": code, "detail": words}``."""
        if isinstance(exc, CeremonyRefused):
            told = {"error": exc.code, "detail": words(exc)}
            if exc.unknown_id:
                told["unknown_credential_id"] = exc.unknown_id
            return Response(told, status=400)
        if isinstance(exc, Throttled):
            headers = {"Retry-After": str(exc.retry_after)}
            return Response({"error": "throttled"}, status=429, headers=headers)
        if isinstance(exc, StepUpRequired):
            url = confirm_url("/")
            return Response({"error": "step_up_required", "url": url}, status=403)
        return super().handle_exception(exc)


def sent(request: Request) -> Mapping[str, Any]:
    """The object that was sent. Raises ``ParseError``."""
    return cast(Mapping[str, Any], request.data)


def spend(request: Request) -> None:
    """Count a challenge. Raises ``Throttled``."""
    throttle("passkey", ip=client_ip(request._request))


def signed_in(request: Request) -> Any:
    """The person. Raises ``NotAuthenticated``."""
    if not request.user.is_authenticated:
        raise NotAuthenticated
    return request.user


def stepped_up(request: Request) -> Any:
    """The person, who has shown just now the best that they have (SECURITY C8, E3). Raises
    ``NotAuthenticated``, ``StepUpRequired``."""
    person = signed_in(request)
    known = assurance.current(request._request)
    best = Level.AAL2 if factors.has_strong(person) else Level.AAL1
    is_fresh = known is not None and known.is_fresh(ostiary_settings.STEP_UP_SECONDS)
    if known is None or not is_fresh or not known.level.satisfies(best):
        raise StepUpRequired
    return person
