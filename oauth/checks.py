"""System checks of the authorization server."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, router
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from django.utils.module_loading import import_string

from ostiary.conf import ostiary_settings
from ostiary.typed_settings import unknown_keys, wrong_values

from . import (
    claims,
    client_memory,
    pkce,
    provider_settings,
    redirect_uri,
    refresh_grace,
    registration,
    scopes,
    software_statement,
)
from .claims_hook import PROTOCOL
from .client_metadata import is_address
from .conf import OAuthSettings, oauth_settings
from .middleware import OpenerMiddleware
from .models import Client

REGISTRATION_MODES = ("closed", "initial_access_token", "open")
HOST_PATTERN = re.compile(
    r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE
)


@register()
def check_toolkit_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The toolkit must use our models and our server, or it would keep secrets its own way."""
    found: list[CheckMessage] = []
    hint = "Put `from ostiary.oauth.provider_settings import *` into the settings module."
    for name in dir(provider_settings):
        if name.endswith("_MODEL"):
            wanted = getattr(provider_settings, name)
            if getattr(settings, name, None) != wanted:
                found.append(
                    Error(f"{name} is not {wanted!r}.", hint=hint, id="ostiary_oauth.E001")
                )
    ours = provider_settings.OAUTH2_PROVIDER
    given = getattr(settings, "OAUTH2_PROVIDER", {})
    if given.get("OAUTH2_SERVER_CLASS") != ours["OAUTH2_SERVER_CLASS"]:
        found.append(
            Error(
                "OAUTH2_PROVIDER['OAUTH2_SERVER_CLASS'] is not the server of this app.",
                hint=hint,
                id="ostiary_oauth.E002",
            )
        )
    return found


TOOLKIT_VIEWS = {
    *("TokenView", "RevokeTokenView", "IntrospectTokenView", "UserInfoView"),
    *("DeviceAuthorizationView", "DeviceUserCodeView", "DeviceConfirmView"),
    *("DeviceGrantStatusView", "ApplicationRegistration", "ApplicationUpdate"),
}
"""The toolkit's views that need its own server, or its own models, and answer 500 over ours; those
of devices do so with oauthlib 4 in any case."""


@register(Tags.urls)
def check_toolkit_views(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """None of the toolkit's views that can't answer is mounted, under whatever name."""
    mounted = ", ".join(f"{address} ({view})" for view, address in _toolkit_views(get_resolver()))
    if not mounted:
        return []
    return [
        Warning(
            f"Views of django-oauth-toolkit are mounted that can't answer here: {mounted}.",
            hint=(
                "Leave `oauth2_provider.urls` out of the URLs, and mount the single views you "
                "need. `ostiary.oauth.urls` has an endpoint for whatever these would do."
            ),
            id="ostiary_oauth.W001",
        )
    ]


@register(Tags.database)
def check_pkce_exemptions(
    app_configs: Any, databases: Collection[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Applications that an operator lets go without PKCE: asked where a database is named, as by
    ``check --database default`` and ``migrate``."""
    alias = router.db_for_read(Client)
    if alias not in (databases or ()):
        return []
    try:
        exempt = Client.objects.using(alias).filter(pkce_exempt=True).order_by("client_id")
        names = [f"{client} ({client.client_id})" for client in exempt if pkce.is_exempt(client)]
    except DatabaseError:  # not migrated yet
        return []
    if not names:
        return []
    return [
        Warning(
            f"These applications may omit PKCE: {', '.join(names)}.",
            hint=(
                "Someone who steals one of their codes can use it in another session, unless the "
                "application checks the nonce. Switch on PKCE in its library (docs: Register an "
                "application), then clear 'May omit PKCE' on its page in the admin."
            ),
            id="ostiary_oauth.W010",
        )
    ]


@register()
def check_openers(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Applications that have people sign in in a pop-up may keep hold of it."""
    security, ours = "django.middleware.security.SecurityMiddleware", OpenerMiddleware
    policy = getattr(settings, "SECURE_CROSS_ORIGIN_OPENER_POLICY", None)
    if (
        security not in settings.MIDDLEWARE
        or policy in (None, "unsafe-none")
        or f"{ours.__module__}.{ours.__qualname__}" in settings.MIDDLEWARE
    ):
        return []
    return [
        Warning(
            f"Every page is sent with Cross-Origin-Opener-Policy: {policy}, the sign-in page too.",
            hint=(
                "Applications that have people sign in in a pop-up lose it. Put "
                f"'{ours.__module__}.{ours.__qualname__}' below '{security}' in MIDDLEWARE."
            ),
            id="ostiary_oauth.W003",
        )
    ]


def _toolkit_views(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, str]]:
    """Name and address of each of ``TOOLKIT_VIEWS`` below ``resolver``."""
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _toolkit_views(pattern, address)
            continue
        package, _, view = pattern.lookup_str.rpartition(".")
        if package.startswith("oauth2_provider.") and view in TOOLKIT_VIEWS:
            yield view, address


DISCOVERY = "/.well-known/openid-configuration"


@register(Tags.urls)
def check_mount(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Applications look for discovery right below the issuer (OIDC Discovery §4, RFC 8414 §3)."""
    try:
        address = reverse("ostiary_oauth:openid_configuration")
    except NoReverseMatch:
        return []  # one endpoint or another is mounted, and the project knows why
    if address == DISCOVERY:
        return []
    return [
        Error(
            f"Discovery is at {address}, where no application looks for it.",
            hint=f"It belongs at {DISCOVERY}: mount the endpoints at the root of the host, by "
            '`path("", include("ostiary.oauth.urls"))`, and set no FORCE_SCRIPT_NAME. Where the '
            "project lives below a path, give it a host name of its own.",
            id="ostiary_oauth.E010",
        )
    ]


@register()
def check_registration(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What ``OSTIARY_OAUTH`` says of registration can be followed."""
    if check_settings(None):
        return []
    found = [
        f"CLIENT_ID_METADATA_HOSTS: {host!r} isn't a host. Write a name such as 'app.example.com', "
        "or '*.example.com', without scheme or port."
        for host in oauth_settings.CLIENT_ID_METADATA_HOSTS
        if not HOST_PATTERN.fullmatch(host)
    ]
    found += [
        f"PRIVATE_USE_SCHEMES: {scheme!r} can't be allowed. Write the name of an application's own "
        "scheme in lower case, such as 'cursor', without '://'."
        for scheme in oauth_settings.PRIVATE_USE_SCHEMES
        if not redirect_uri.may_be_allowed(scheme)
    ]
    if oauth_settings.REGISTRATION not in REGISTRATION_MODES:
        found.append(f"REGISTRATION is not one of {', '.join(REGISTRATION_MODES)}.")
    try:
        if not callable(registration.policy() or callable):
            found.append("REGISTRATION_POLICY is not callable.")
    except ImportError as problem:
        found.append(f"REGISTRATION_POLICY can't be imported: {problem}.")
    for issuer, keys in oauth_settings.SOFTWARE_STATEMENT_ISSUERS.items():
        if not (is_address(keys) or software_statement.is_jwks(keys)):
            found.append(
                f"SOFTWARE_STATEMENT_ISSUERS[{issuer!r}] is neither an https address nor a JWK Set "
                "of public keys as JSON."
            )
    return [Error(text, id="ostiary_oauth.E004") for text in found]


@register()
def check_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """``OSTIARY_OAUTH`` holds known keys with values of their types."""
    found = [
        *unknown_keys("OSTIARY_OAUTH", OAuthSettings),
        *wrong_values("OSTIARY_OAUTH", OAuthSettings),
    ]
    given = getattr(settings, "OSTIARY_OAUTH", {})
    longest = refresh_grace.LONGEST_SECONDS
    for name in ("REFRESH_GRACE_SECONDS", "PUBLIC_REFRESH_GRACE_SECONDS"):
        if not found and given.get(name, 0) > longest:
            found.append(f"OSTIARY_OAUTH[{name!r}] is above {longest}. Write less.")
    longest = client_memory.LONGEST_SECONDS
    if not found and given.get("CLIENT_CACHE_SECONDS", 0) > longest:
        found.append(
            f"OSTIARY_OAUTH['CLIENT_CACHE_SECONDS'] is above {longest}. Write less: it's "
            "how long an administrator waits after disabling a client."
        )
    return [Error(text, id="ostiary_oauth.E003") for text in found]


@register()
def check_client_certificates(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A header in which anyone can claim a certificate must come from a proxy of ours."""
    try:
        certificate = oauth_settings.CLIENT_CERTIFICATE_HEADER
        verified = oauth_settings.CLIENT_CERTIFICATE_VERIFIED_HEADER
        hops = ostiary_settings.TRUSTED_PROXY_HOPS
    except ImproperlyConfigured:
        return []  # told by check_settings
    found: list[CheckMessage] = []
    if (certificate or verified) and not hops:
        found.append(
            Error(
                "OSTIARY_OAUTH['CLIENT_CERTIFICATE_HEADER'] is set, and no proxy is trusted.",
                hint=(
                    "Set OSTIARY['TRUSTED_PROXY_HOPS'] to the number of your proxies. Without, the "
                    "header is ignored, since anyone could write it."
                ),
                id="ostiary_oauth.E007",
            )
        )
    if verified and not certificate:
        found.append(
            Error(
                "OSTIARY_OAUTH['CLIENT_CERTIFICATE_VERIFIED_HEADER'] is set, and "
                "CLIENT_CERTIFICATE_HEADER is not.",
                hint="Name the header of the certificate too, or neither.",
                id="ostiary_oauth.E007",
            )
        )
    return found


@register()
def check_signer(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """``SIGNER`` is a class that has what is asked of it."""
    try:
        path = oauth_settings.SIGNER
    except ImproperlyConfigured:
        return []  # told by check_settings
    if not path:
        return []
    try:
        found = import_string(path)
    except ImportError:
        found = None
    if all(callable(getattr(found, name, None)) for name in ("public_jwks", "sign")):
        return []
    return [
        Error(
            f"OSTIARY_OAUTH['SIGNER'] is {path!r}, which isn't a signer.",
            hint="Write the dotted path of a class with public_jwks() and sign().",
            id="ostiary_oauth.E008",
        )
    ]


SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


@register()
def check_scopes(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The project's scopes are such as a request can name (RFC 6749 §3.3)."""
    own = getattr(settings, "OAUTH2_PROVIDER", {}).get("SCOPES", {})
    return [
        Error(
            f"OAUTH2_PROVIDER['SCOPES'] has {scope!r}, which can't be asked for.",
            hint="Write a name of ASCII characters with no space, quote or backslash in it.",
            id="ostiary_oauth.E009",
        )
        for scope in own
        if not SCOPE_TOKEN.fullmatch(scope)
    ]


NEVER_CLAIMS = PROTOCOL | {"password"}


@register(Tags.urls)
def check_signup_url(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """``SIGNUP_URL`` leads somewhere."""
    try:
        if oauth_settings.SIGNUP_URL:
            resolve_url(oauth_settings.SIGNUP_URL)
    except ImproperlyConfigured:
        return []  # told by check_settings
    except NoReverseMatch:
        text = (
            f"OSTIARY_OAUTH['SIGNUP_URL'] is {oauth_settings.SIGNUP_URL!r}, which isn't a URL "
            "name. Write one, or an address, such as '/signup/'."
        )
        return [Error(text, id="ostiary_oauth.E006")]
    return []


@register()
def check_claims(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """``CLAIMS_HOOKS`` are there, and ``SCOPE_CLAIMS`` names scopes of this site and fields of its
    people."""
    try:
        paths, by_scope = oauth_settings.CLAIMS_HOOKS, oauth_settings.SCOPE_CLAIMS
    except ImproperlyConfigured:
        return []  # told by check_settings
    problems = [_about_hook(path) for path in paths]
    for scope, names in by_scope.items():
        if scope not in scopes.of_settings():
            problems.append(
                f"OSTIARY_OAUTH['SCOPE_CLAIMS'] names the scope {scope!r}, which this site doesn't "
                "have. Add it to OAUTH2_PROVIDER['SCOPES']."
            )
        for name in names:
            if name in NEVER_CLAIMS:
                problems.append(f"OSTIARY_OAUTH['SCOPE_CLAIMS'] may not release {name!r}.")
            elif not claims.is_known(get_user_model(), name):
                problems.append(
                    f"OSTIARY_OAUTH['SCOPE_CLAIMS'] names {name!r}, which isn't a field of the "
                    "user model. Add the field, or make the claim in OSTIARY_OAUTH['CLAIMS_HOOKS']."
                )
    return [Error(text, id="ostiary_oauth.E005") for text in problems if text]


def _about_hook(path: str) -> str:
    try:
        if callable(import_string(path)):
            return ""
    except ImportError:
        pass
    return (
        f"OSTIARY_OAUTH['CLAIMS_HOOKS'] names {path!r}, which isn't a function. Write its dotted "
        "path, such as 'shop.claims.claims'."
    )
