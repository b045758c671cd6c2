"""Addresses of the authorization server. Mount at the root of the site."""

from django.urls import path

from .views import (
    answer,
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
from .views.programs import for_programs
from .views.unavailable import or_unavailable_page

app_name = "ostiary_oauth"

urlpatterns = [
    path(
        ".well-known/openid-configuration",
        for_programs(discovery.openid_configuration),
        name="openid_configuration",
    ),
    path(
        ".well-known/oauth-authorization-server",
        for_programs(discovery.authorization_server_metadata),
        name="authorization_server_metadata",
    ),
    path(".well-known/jwks.json", for_programs(discovery.jwks), name="jwks"),
    path(".well-known/webfinger", for_programs(discovery.webfinger), name="webfinger"),
    path("oauth/authorize", or_unavailable_page(authorize.authorize), name="authorize"),
    path("oauth/continue", answer.proceed, name="continue"),
    path("oauth/par", for_programs(par.par), name="par"),
    path("oauth/token", for_programs(token.token), name="token"),
    path(
        "oauth/device_authorization",
        for_programs(device.device_authorization_endpoint),
        name="device_authorization",
    ),
    path("oauth/device", device.device, name="device"),
    path("oauth/device/qr", device.qr, name="device_qr"),
    path("oauth/userinfo", for_programs(userinfo.userinfo), name="userinfo"),
    path("oauth/revoke", for_programs(token.revoke), name="revoke"),
    path("oauth/introspect", for_programs(introspection.introspect), name="introspect"),
    path("oauth/status-lists", for_programs(status_list.every), name="status_lists"),
    path("oauth/status-lists/<int:number>", for_programs(status_list.one), name="status_list"),
    path("oauth/logout", or_unavailable_page(logout.logout), name="logout"),
    path("oauth/register", for_programs(registration.register), name="register"),
    path(
        "oauth/register/<str:client_id>",
        for_programs(registration.configuration),
        name="client_configuration",
    ),
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
    path(
        "account/applications/<uuid:client>/remove/",
        applications.remove_access,
        name="remove_access",
    ),
    path("account/applications/<uuid:client>/withdraw/", applications.withdraw, name="withdraw"),
]
