"""Addresses of the reference site."""

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from . import health, home, mailbox

handler500 = "idp_site.database_outage.handler500"

MOUNTED = ("oauth", "ostiary", "accounts", "mfa", "passkeys")
"""The apps that bring addresses of their own, the busiest first, since they are searched in turn;
no two have one in common. One that is not installed is not mounted."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    *(path("", include(f"{app}.urls")) for app in MOUNTED if apps.is_installed(app)),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
if settings.DEMO:
    urlpatterns.append(path("dev/mailbox/", mailbox.mailbox, name="mailbox"))
