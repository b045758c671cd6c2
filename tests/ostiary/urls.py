"""A site of a few lines, so that these tests need none of the house's other rooms."""

from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from ostiary import assurance, sessions, signin


def who(request: HttpRequest) -> JsonResponse:
    """Whom the site takes the visitor for, and how sure it is."""
    found = assurance.current(request)
    return JsonResponse(
        {
            "user": str(request.user.pk) if request.user.is_authenticated else None,
            "amr": list(found.amr) if found else None,
            "acr": found.acr if found else None,
            "sid": found.sid if found else None,
            "auth_time": found.auth_time if found else None,
        }
    )


async def who_asks_asynchronously(request: HttpRequest) -> JsonResponse:
    """The same, for a view that asks ``request.auser()``."""
    user = await request.auser()
    return JsonResponse({"user": str(user.pk) if user.is_authenticated else None})


def silent(request: HttpRequest) -> HttpResponse:
    """A page that doesn't care who looks at it."""
    return HttpResponse()


def sign_in(request: HttpRequest) -> HttpResponse:
    """The first factor: a password."""
    user = authenticate(
        request, username=request.POST["username"], password=request.POST["password"]
    )
    if user is None:
        return HttpResponse(status=400)
    return signin.begin(
        request,
        user,
        amr=["pwd"],
        next_url=request.POST.get("next", "/who/"),
        remember="remember" in request.POST,
    )


def code(request: HttpRequest) -> HttpResponse:
    """The second factor of ``steps.Code``: any code will do."""
    if request.method == "POST":
        return signin.advance(request, "code", amr=["otp"])
    return HttpResponse(status=200 if signin.pending(request) else 403)


def terms(request: HttpRequest) -> HttpResponse:
    """What ``steps.Terms`` asks for."""
    return signin.advance(request, "terms")


def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    sessions.sign_out(request)
    return HttpResponse()


urlpatterns = [
    path("", include("ostiary.urls")),
    path("who/", who),
    path("who/async/", who_asks_asynchronously),
    path("silent/", silent),
    path("signin/", sign_in),
    path("code/", code),
    path("terms/", terms),
    path("signout/", sign_out),
    path("password/", PasswordChangeView.as_view(success_url="/who/")),
    path("private/", login_required(silent)),
    path("sensitive/", assurance.step_up(max_age=300)(silent)),
    path("sensitive/aal2/", assurance.step_up(assurance.Level.AAL2)(silent)),
]
