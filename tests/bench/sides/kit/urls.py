"""The empty view, protected and not."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from oauth.resource_server.decorators import protected


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing."""
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("empty", empty), path("protected", protected()(empty))]
