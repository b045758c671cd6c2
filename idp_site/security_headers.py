"""The security headers of every answer (SECURITY C10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse

CSP = "Content-Security-Policy"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    # Held against every redirect that follows a form, too: an answer that leaves the site is a page
    # (``oauth.answer_page``).
    "form-action": "'self'",
}
# An answer for programs loads nothing, whatever a browser takes it for.
BARE_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


def page_policy(frame_src: Iterable[str] = ()) -> str:
    """The policy of an HTML page, which may load ``frame_src``, and nothing else, in frames."""
    policy = dict(POLICY)
    if framed := " ".join(dict.fromkeys(frame_src)):
        policy["frame-src"] = framed
    return "; ".join(f"{name} {value}" for name, value in policy.items())


class SecurityHeadersMiddleware:
    """Sets the headers, the outermost of all, so that no answer goes without.

    A view may name what it frames with ``response.frame_src``, or set a whole
    ``Content-Security-Policy`` of its own, which stays as it is. The ``Cross-Origin-Opener-Policy``
    is Django's, or that of ``oauth.middleware.OpenerMiddleware``.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("Referrer-Policy", "same-origin")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and not 300 <= response.status_code < 400:
            if CSP not in response:
                response[CSP] = page_policy(getattr(response, "frame_src", []))
            response.setdefault("Permissions-Policy", PERMISSIONS)
        else:
            response.setdefault(CSP, BARE_POLICY)
        return response
