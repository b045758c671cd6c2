"""Trusted devices: the person ends the trust in one, or in all."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from .. import trusted_devices
from . import security_url


@csrf_protect
@login_required
@require_POST
def end(request: HttpRequest, pk: uuid.UUID | None = None) -> HttpResponse:
    """From now on the second step is asked for there again: on one device, or on all."""
    ended = trusted_devices.end(request, request.user, pk)
    text = ngettext("%d device is trusted no longer.", "%d devices are trusted no longer.", ended)
    messages.success(request, text % ended)
    return HttpResponseRedirect(security_url())
