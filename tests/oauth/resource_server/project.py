"""The views of an API: Django's own, and those of the REST framework."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from oauth.resource_server import AccessToken, protected
from oauth.resource_server.drf import AccessTokenAuthentication, HasScopes, RequiresStepUp
from oauth.resource_server.metadata import metadata_url

ACR = ["urn:ostiary:aal2", "urn:ostiary:aal2:phr"]


class Person:
    """A user that the project makes of a token."""

    is_authenticated = True

    def __init__(self, name: str) -> None:
        self.name = name


def user_of(token: AccessToken) -> Person | None:
    """The person, unless it is nobody."""
    return None if token.subject == "nobody" else Person(token.subject)


def say(request: HttpRequest) -> HttpResponse:
    """Who calls, by the middleware."""
    token = request.token  # type: ignore[attr-defined]
    return JsonResponse({"sub": token.subject if token else None})


@protected()
def plain(request: HttpRequest) -> HttpResponse:
    """Any good token will do."""
    user = getattr(request, "user", None)
    return JsonResponse(
        {"sub": request.token.subject, "user": getattr(user, "name", None)}  # type: ignore[attr-defined]
    )


@protected(scopes=["api:read", "api:write"])
def scoped(request: HttpRequest) -> HttpResponse:
    """Two scopes are needed."""
    return HttpResponse("written")


@protected(acr=ACR, max_age=300)
def step_up(request: HttpRequest) -> HttpResponse:
    """A strong and recent authentication is needed."""
    return HttpResponse("done")


class Drf(APIView):
    """Any good token will do."""

    authentication_classes = [AccessTokenAuthentication]
    permission_classes = [HasScopes]

    def get(self, request: Request) -> Response:
        """Who calls."""
        user = request.user
        return Response(
            {"sub": request.auth.subject, "user": getattr(user, "name", getattr(user, "pk", None))}
        )

    post = get


class DrfScoped(Drf):
    """Two scopes are needed."""

    permission_classes = [HasScopes.of("api:read", "api:write")]


class DrfStepUp(Drf):
    """A strong and recent authentication is needed."""

    permission_classes = [HasScopes.of("api:read"), RequiresStepUp.of(acr=ACR, max_age=300)]


urlpatterns = [
    path("say", say),
    path("django/plain", plain),
    path("django/scoped", scoped),
    path("django/step-up", step_up),
    path("drf/plain", Drf.as_view()),
    path("drf/scoped", DrfScoped.as_view()),
    path("drf/step-up", DrfStepUp.as_view()),
]


class WithMetadata:
    """The same URLs, and the metadata of the API."""

    def __init__(self) -> None:
        self.urlpatterns = [*urlpatterns, metadata_url()]
