"""Sign-up and the verification of the address."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ostiary import signin as signins
from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, throttle

from .. import registration
from ..forms import SignUpForm
from ..links import TOKEN_MAX_LENGTH
from .signin import too_many

TOKEN_KEY = "ostiary.signup_token"  # noqa: S105  (the name of a session entry)
ASKED_KEY = "ostiary.signup_here"


@sensitive_post_parameters("password")
@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Ask for an account. What happens next is in the mail, whoever has the address (C1)."""
    next_url = signins.safe_next_url(request, request.POST.get("next", request.GET.get("next")))
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            throttle("signup", ip=client_ip(request), user=email)
        except Throttled as throttled:
            return too_many(request, throttled)
        registration.request_account(
            request,
            email=email,
            name=form.cleaned_data["name"],
            password=form.cleaned_data["password"],
            next_url=next_url,
        )
        request.session[ASKED_KEY] = email
        return redirect("ostiary_accounts:check_mail")
    return render(
        request,
        "ostiary_accounts/signup.html",
        {"form": form, "next": next_url},
        status=400 if form.errors else 200,
    )


@never_cache
@require_http_methods(["GET"])
def check_mail(request: HttpRequest) -> HttpResponse:
    """What to do now: the same words for everyone."""
    return render(request, "ostiary_accounts/check_mail.html")


@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Finish signing up. The link only opens the page: the button is what confirms.

    Mail scanners follow links; they don't press buttons. The token moves from the address to the
    session at once, so that it shows up in no history and no Referer (C4).
    """
    if "token" in request.GET:
        request.session[TOKEN_KEY] = request.GET["token"][:TOKEN_MAX_LENGTH]
        return redirect("ostiary_accounts:verify")
    found = registration.pending(request.session.get(TOKEN_KEY, ""))
    if found is None:
        return render(request, "ostiary_accounts/link_dead.html", {"what": "signup"}, status=400)
    if request.method == "GET":
        return render(request, "ostiary_accounts/verify.html", {"email": found.email})
    del request.session[TOKEN_KEY]
    user = registration.confirm(request, found)
    if user is None:
        return render(request, "ostiary_accounts/link_dead.html", {"what": "signup"}, status=400)
    if request.session.pop(ASKED_KEY, None) == found.email and not request.user.is_authenticated:
        return signins.begin(request, user, amr=["pwd"], next_url=found.next_url)
    # Another browser, or someone is signed in here: the password, known to who signed up, decides.
    query = request.GET.copy()
    query["login_hint"] = found.email
    if found.next_url:
        query["next"] = found.next_url
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query.urlencode()}")
