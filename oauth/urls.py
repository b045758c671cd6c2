"""Addresses of the authorization server. Mount at the root of the site."""

from django.urls import path

from .views import (
    applications,
    authorize,
    device,
    discovery,
    introspection,
    logout,
    own_clients,
    par,
    registration,
    status_list,
    token,
    userinfo,
)
from .views.unavailable import or_unavailable, or_unavailable_page

app_name = "ostiary_oauth"

urlpatterns = [
    path(
        ".well-known/openid-configuration",
        or_unavailable(discovery.openid_configuration),
        name="openid_configuration",
    ),
    path(
        ".well-known/oauth-authorization-server",
        or_unavailable(discovery.authorization_server_metadata),
        name="authorization_server_metadata",
    ),
    path(".well-known/jwks.json", or_unavailable(discovery.jwks), name="jwks"),
    path(".well-known/webfinger", discovery.webfinger, name="webfinger"),
    path("oauth/authorize", or_unavailable_page(authorize.authorize), name="authorize"),
    path("oauth/par", or_unavailable(par.par), name="par"),
    path("oauth/token", or_unavailable(token.token), name="token"),
    path(
        "oauth/device_authorization",
        device.device_authorization_endpoint,
        name="device_authorization",
    ),
    path("oauth/device", device.device, name="device"),
    path("oauth/device/qr", device.qr, name="device_qr"),
    path("oauth/userinfo", or_unavailable(userinfo.userinfo), name="userinfo"),
    path("oauth/revoke", or_unavailable(token.revoke), name="revoke"),
    path("oauth/introspect", or_unavailable(introspection.introspect), name="introspect"),
    path("oauth/status-lists", status_list.every, name="status_lists"),
    path("oauth/status-lists/<int:number>", or_unavailable(status_list.one), name="status_list"),
    path("oauth/logout", or_unavailable_page(logout.logout), name="logout"),
    path("oauth/register", registration.register, name="register"),
    path("oauth/register/<str:client_id>", registration.configuration, name="client_configuration"),
    path("account/applications/own/", own_clients.own_clients, name="own_clients"),
    path("account/applications/own/register/", own_clients.register, name="own_client_register"),
    path("account/applications/own/<uuid:client>/", own_clients.change, name="own_client"),
    path(
        "account/applications/own/<uuid:client>/secret/",
        own_clients.new_secret,
        name="own_client_secret",
    ),
    path(
        "account/applications/own/<uuid:client>/delete/",
        own_clients.delete,
        name="own_client_delete",
    ),
    path("account/applications/", applications.connected_applications, name="applications"),
    path("account/applications/<uuid:client>/withdraw/", applications.withdraw, name="withdraw"),
]
