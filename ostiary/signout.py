"""The page that says "you are signed out"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def signed_out_page(
    request: HttpRequest, template: str, frames: Sequence[str], context: dict[str, Any]
) -> HttpResponse:
    """``template``, which includes ``ostiary/frames.html``, with the ``frames`` that
    ``sessions.sign_out`` has returned; their origins are noted for the Content-Security-Policy as
    ``response.frame_src``."""
    response = render(request, template, {**context, "frames": frames})
    response.frame_src = [_origin(address) for address in frames]  # type: ignore[attr-defined]
    return response


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
