"""The security headers of every answer (SECURITY C10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.apps import apps
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import reverse

from ostiary import signin

from .database_outage import OUTAGE

UNREADABLE = (
    *OUTAGE,
    BadRequest,
    MultiPartParserError,
    SuspiciousOperation,  # of too many parameters, say
    UnreadablePostError,
)
"""What reading a request may end in, when its answer is a page of ours already."""
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


def page_policy(form_action: Iterable[str] = (), frame_src: Iterable[str] = ()) -> str:
    """The policy of an HTML page whose forms may lead to ``form_action`` beside this site, and
    which may load ``frame_src``, and nothing else, in frames."""
    sources = " ".join(["'self'", *dict.fromkeys(form_action)])
    policy = {**POLICY, "form-action": sources}
    if framed := " ".join(dict.fromkeys(frame_src)):
        policy["frame-src"] = framed
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def _next_addresses(request: HttpRequest, response: HttpResponse) -> Iterator[str]:
    """The addresses of this site to which a form on this page may lead in the end."""
    if not hasattr(response, "form_action"):  # else the view has told already
        yield request.get_full_path()
    yield getattr(response, "next_url", "")
    yield request.GET.get("next", "")
    if request.method == "POST":
        yield request.POST.get("next", "")
    if hasattr(request, "session") and request.session.accessed:
        pending = request.session.get(signin.SESSION_KEY)
        yield pending["next_url"] if pending else ""


def form_targets(request: HttpRequest, response: HttpResponse) -> list[str]:
    """Where a form of this page may be redirected to, beyond this site.

    Browsers hold ``form-action`` against the redirects that follow a form too. A sign-in begun by
    an authorization request ends at the client's redirect URI: that origin, if it is registered
    for the client, is allowed on the pages of this sign-in and on no others.
    """
    if not apps.is_installed("oauth"):
        return []
    from oauth.form_action import form_action_sources  # its models need the app

    authorize = reverse("ostiary_oauth:authorize")
    try:
        return [
            source
            for address in dict.fromkeys(_next_addresses(request, response))
            if address.partition("?")[0] == authorize
            for source in form_action_sources(address)
        ]
    except UNREADABLE:  # the page that tells of it has its headers too
        return []


class SecurityHeadersMiddleware:
    """Sets the headers, the outermost of all, so that no answer goes without.

    A view may name where its form leads on within this site, ``response.next_url = "/…"``. It may
    widen its own form targets with ``response.form_action = ["https://…"]``, name what
    it frames with ``response.frame_src``, or set a whole ``Content-Security-Policy`` of its own,
    which stays as it is.
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
                own: list[str] = getattr(response, "form_action", [])
                response[CSP] = page_policy(
                    [*own, *form_targets(request, response)], getattr(response, "frame_src", [])
                )
            response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            response.setdefault("Permissions-Policy", PERMISSIONS)
        else:
            response.setdefault(CSP, BARE_POLICY)
        return response
