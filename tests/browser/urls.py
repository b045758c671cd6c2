"""The site's addresses, and three that fail, so that the pages which tell of it can be seen."""

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

handler500 = "idp_site.database_outage.handler500"


def fail(request: HttpRequest, error: type[Exception]) -> HttpResponse:
    """Raise ``error``."""
    raise error


urlpatterns = [
    path("fails/bad-request/", fail, {"error": SuspiciousOperation}),
    path("fails/mistake/", fail, {"error": ZeroDivisionError}),
    path("fails/outage/", fail, {"error": OperationalError}),
    path("", include("idp_site.urls")),
]
