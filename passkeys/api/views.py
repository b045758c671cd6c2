"""The endpoints."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from fido2.utils import websafe_encode
from rest_framework.request import Request
from rest_framework.response import Response

from ostiary import signin as signins
from ostiary.second_step import SecondStep

from .. import changes
from ..ceremonies import (
    Authenticated,
    Purpose,
    begin_authentication,
    begin_registration,
    finish_registration,
)
from ..forms import NameForm
from ..models import Credential
from ..verification import CeremonyRefused
from ..views.signin import take_answer
from .base import CeremonyView, sent, signed_in, spend, stepped_up


def as_json(credential: Credential) -> dict[str, Any]:
    """A passkey, for its owner."""
    return {
        "id": str(credential.pk),
        "credential_id": websafe_encode(bytes(credential.credential_id)),
        "name": credential.name,
        "synced": credential.backup_eligible,
        "transports": credential.transports,
        "created_at": credential.created_at.isoformat(),
        "last_used_at": credential.last_used_at and credential.last_used_at.isoformat(),
    }


class CsrfToken(CeremonyView):
    """The token that each request but a ``GET`` carries in the header ``X-CSRFToken``."""

    def get(self, request: Request) -> Response:
        """It, and its cookie."""
        return Response({"csrf_token": get_token(request._request)})


class Passkeys(CeremonyView):
    """The person's passkeys."""

    def get(self, request: Request) -> Response:
        """All of them, the oldest first."""
        own = Credential.objects.filter(user=signed_in(request))
        return Response({"passkeys": [as_json(each) for each in own]})


class Passkey(CeremonyView):
    """One of them."""

    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Give it another name."""
        credential = self._own(request, pk)
        form = NameForm(sent(request))
        if not form.is_valid():
            return Response({"error": "name", "detail": form.errors["name"][0]}, status=400)
        changes.rename(request._request, credential, form.cleaned_data["name"])
        credential.refresh_from_db()
        return Response(as_json(credential))

    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Remove it; the last way in stays."""
        try:
            changes.remove(request._request, self._own(request, pk))
        except changes.LastWayIn:
            return Response({"error": "last_way_in"}, status=409)
        return Response(status=204)

    def _own(self, request: Request, pk: uuid.UUID) -> Credential:
        person = stepped_up(request)
        return get_object_or_404(Credential.objects.select_related("user"), pk=pk, user=person)


class RegistrationOptions(CeremonyView):
    """``PublicKeyCredentialCreationOptionsJSON``."""

    def post(self, request: Request) -> Response:
        """A new challenge."""
        person = stepped_up(request)
        spend(request)
        return Response(begin_registration(request._request, person))


class Registration(CeremonyView):
    """``RegistrationResponseJSON``, in ``credential``."""

    def post(self, request: Request) -> Response:
        """The new passkey."""
        person = stepped_up(request)
        try:
            credential = finish_registration(
                request._request, person, sent(request).get("credential")
            )
        except CeremonyRefused as refused:
            changes.refused(request._request, refused, person)
            raise
        return Response(as_json(credential), status=201)


class AuthenticationOptions(CeremonyView):
    """``PublicKeyCredentialRequestOptionsJSON``, for ``purpose``."""

    def post(self, request: Request) -> Response:
        """A new challenge."""
        purpose, person = _purpose(request)
        spend(request)
        return Response(begin_authentication(request._request, person, purpose))


class Authentication(CeremonyView):
    """``AuthenticationResponseJSON``, in ``credential``, for ``purpose``."""

    def post(self, request: Request) -> Response:
        """Where the person goes next: on, signed in, or to what else the sign-in asks for."""
        purpose, person = _purpose(request)
        shown = take_answer(request._request, sent(request).get("credential"), purpose, person)
        went_on = _go_on(request, purpose, shown)
        if not 300 <= went_on.status_code < 400:
            return Response({"error": "refused"}, status=403)
        is_signed_in = signins.pending(request._request) is None
        return Response({"location": went_on["Location"], "signed_in": is_signed_in})


def _purpose(request: Request) -> tuple[Purpose, Any]:
    """What the answer is for, and whom it must come from. ``purpose``: there is nothing under way
    that it could be for."""
    found = signins.pending(request._request)
    told = sent(request).get("purpose", "signin")
    if told == "signin" and not request.user.is_authenticated:
        return Purpose.SIGN_IN, None
    if told == "step_up" and request.user.is_authenticated:
        return Purpose.STEP_UP, request.user
    if told == "second_step" and found:
        pending, person = found
        if SecondStep().is_required(request._request, person, pending):
            return Purpose.SECOND_STEP, person
    raise CeremonyRefused("purpose")


def _go_on(request: Request, purpose: Purpose, shown: Authenticated) -> HttpResponse:
    if purpose is Purpose.SECOND_STEP:
        return signins.advance(request._request, SecondStep.name, amr=shown.amr)
    told = {name: sent(request).get(name) for name in ("next", "acr_values")}
    text = {name: value if isinstance(value, str) else "" for name, value in told.items()}
    return signins.begin(
        request._request,
        shown.user,
        amr=shown.amr,
        next_url=text["next"],
        acr_values=text["acr_values"].split(),
        remember=sent(request).get("remember") is True,
    )
