"""Addresses of the reference site."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from . import health, mailbox

handler500 = "idp_site.database_outage.handler500"

urlpatterns: list[URLPattern | URLResolver] = [
    *([path("", include("accounts.urls"))] if find_spec("accounts.urls") else []),
    *([path("", include("oauth.urls"))] if find_spec("oauth.urls") else []),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
if settings.DEMO:
    urlpatterns.append(path("dev/mailbox/", mailbox.mailbox, name="mailbox"))
