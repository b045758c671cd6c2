"""Addresses of the ground floor, for everybody. Mount at the root of the site."""

from django.urls import path, re_path

from . import branding_views, mail_webhook, receipt_views
from .regions import views as region_views

app_name = "ostiary"

urlpatterns = [
    re_path(r"^branding/(?P<colour>[0-9a-f]{6})\.css$", branding_views.accent, name="accent"),
    re_path(r"^branding/logo/(?P<digest>[0-9a-f]{16})$", branding_views.logo, name="logo"),
    path("mail/reports", mail_webhook.reports, name="mail_reports"),
    path("privacy/receipts/verify", receipt_views.verify, name="verify_receipt"),
    path("privacy/receipts/keys.json", receipt_views.keys, name="receipt_keys"),
    path("regions/erasures", region_views.erasures, name="region_erasures"),
    path("regions/keys.json", region_views.jwks, name="region_keys"),
]
