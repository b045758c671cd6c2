"""A project that keeps Django's own sign-in, and has pages of its own."""

from django.apps import apps
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.urls import include, path
from django_otp.decorators import otp_required

from ostiary.second_step import exempt


def public(request):
    return HttpResponse("public")


@login_required
def private(request):
    return HttpResponse("private")


@otp_required
def guarded(request):
    return HttpResponse("guarded")


@exempt
def open_to_all(request):
    return HttpResponse("open")


urlpatterns = [
    path("login/", LoginView.as_view()),
    path("logout/", LogoutView.as_view()),
    path("public/", public),
    path("private/", private),
    path("guarded/", guarded),
    path("open/", open_to_all),
    path("", include("mfa.urls")),
]
if apps.is_installed("passkeys"):
    urlpatterns.append(path("", include("passkeys.urls")))
