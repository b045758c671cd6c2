"""Addresses of passkeys. Mount at the root of the site."""

from django.urls import include, path

from .api import urls as api_urls
from .views import account, signin, well_known, within_signin

app_name = "ostiary_passkeys"

urlpatterns = [
    path("api/passkeys/", include(api_urls)),
    path(".well-known/webauthn", well_known.related_origins, name="related_origins"),
    path(".well-known/passkey-endpoints", well_known.passkey_endpoints, name="endpoints"),
    path(".well-known/assetlinks.json", well_known.asset_links, name="asset_links"),
    path(
        ".well-known/apple-app-site-association",
        well_known.site_association,
        name="site_association",
    ),
    path("signin/passkey/", signin.signin, name="signin"),
    path("signin/second-step/passkey/", signin.second, name="second_step"),
    path("signin/passkey-offer/", within_signin.offer, name="offer"),
    path("signin/passkey-set-up/", within_signin.set_up, name="set_up"),
    path("account/security/passkeys/", account.passkeys, name="passkeys"),
    path("account/security/passkeys/<uuid:pk>/", account.rename, name="rename"),
    path("account/security/passkeys/<uuid:pk>/remove/", account.remove, name="remove"),
]
