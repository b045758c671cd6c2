"""Signing out in this browser, and the page that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import assurance, sessions
from .models import Session
from .signals import signed_out

CLEAR_SITE_DATA = '"cache"'
"""Pages of the account must not come back with the browser's back button. Cookies are left: the
session's is dead already, and a language choice is nobody's secret."""


def sign_out_in_browser(request: HttpRequest) -> list[str]:
    """End this browser's session, in the register and in the engine.

    Returns what the page that follows is to load in hidden frames (signal ``signed_out``).
    """
    known = assurance.current(request)
    sessions.sign_out(request)
    session = Session.objects.filter(pk=known.sid).first() if known else None
    if session is None or session.ended_at is None:
        return []
    told = signed_out.send(Session, session=session)
    return [address for _, addresses in told for address in addresses or []]


def signed_out_page(
    request: HttpRequest, template: str, frames: Sequence[str], context: dict[str, Any]
) -> HttpResponse:
    """``template``, which includes ``ostiary/frames.html``; its origins are noted for the
    Content-Security-Policy as ``response.frame_src``."""
    response = render(request, template, {**context, "frames": frames})
    response["Clear-Site-Data"] = CLEAR_SITE_DATA
    response.frame_src = [_origin(address) for address in frames]  # type: ignore[attr-defined]
    return response


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
