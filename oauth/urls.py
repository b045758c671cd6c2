"""Addresses of the authorization server. Mount at the root of the site."""

from django.urls import path

from .views import (
    applications,
    authorize,
    device,
    discovery,
    introspection,
    logout,
    par,
    registration,
    status_list,
    token,
    userinfo,
)

app_name = "ostiary_oauth"

urlpatterns = [
    path(
        ".well-known/openid-configuration",
        discovery.openid_configuration,
        name="openid_configuration",
    ),
    path(
        ".well-known/oauth-authorization-server",
        discovery.authorization_server_metadata,
        name="authorization_server_metadata",
    ),
    path(".well-known/jwks.json", discovery.jwks, name="jwks"),
    path("oauth/authorize", authorize.authorize, name="authorize"),
    path("oauth/par", par.par, name="par"),
    path("oauth/token", token.token, name="token"),
    path(
        "oauth/device_authorization",
        device.device_authorization_endpoint,
        name="device_authorization",
    ),
    path("oauth/device", device.device, name="device"),
    path("oauth/device/qr", device.qr, name="device_qr"),
    path("oauth/userinfo", userinfo.userinfo, name="userinfo"),
    path("oauth/revoke", token.revoke, name="revoke"),
    path("oauth/introspect", introspection.introspect, name="introspect"),
    path("oauth/status-lists", status_list.every, name="status_lists"),
    path("oauth/status-lists/<int:number>", status_list.one, name="status_list"),
    path("oauth/logout", logout.logout, name="logout"),
    path("oauth/register", registration.register, name="register"),
    path("oauth/register/<str:client_id>", registration.configuration, name="client_configuration"),
    path("account/applications/", applications.connected_applications, name="applications"),
    path("account/applications/<uuid:client>/withdraw/", applications.withdraw, name="withdraw"),
]
