"""Pictures of addresses for a phone's camera, and keys for who types them."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def svg(uri: str) -> SafeString:
    """``uri`` as a QR code, black on white in any theme, for a page: SVG without any style."""
    code = segno.make(uri, micro=False, error="m")
    # Drawn by segno from the modules alone: nothing of the address stands in it.
    return mark_safe(  # noqa: S308
        code.svg_inline(
            scale=5, border=4, light="#fff", unit="px", svgclass="qr-code", lineclass=None
        )
    )


def grouped(key: str) -> str:
    """A key in groups of four, which people copy without losing their place."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))
