"""Trusted devices: the person sees them, and ends the trust in one, or in all."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe

from ostiary.device import describe

from .. import trusted_devices
from . import show


@never_cache
@login_required
@require_safe
def trusted(request: HttpRequest) -> HttpResponse:
    """The devices on which the person's second step is not asked for; this one is marked."""
    here = trusted_devices.of_this_browser(request, request.user)
    devices = [
        {
            "device": device,
            "name": describe(device.user_agent),
            "here": here is not None and device.pk == here.pk,
        }
        for device in trusted_devices.devices_of(request.user)
    ]
    return show(request, "trusted_devices", Form(), devices=devices)


@csrf_protect
@login_required
@require_POST
def end(request: HttpRequest, pk: uuid.UUID | None = None) -> HttpResponse:
    """From now on the second step is asked for there again: on one device, or on all."""
    ended = trusted_devices.end(request, request.user, pk)
    text = ngettext("%d device is no longer trusted.", "%d devices are no longer trusted.", ended)
    messages.success(request, text % ended)
    return redirect("ostiary_mfa:trusted_devices")
