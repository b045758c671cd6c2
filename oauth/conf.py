"""The settings of the authorization server: each with its type, unit, default and reason.

A project writes ``OSTIARY_OAUTH = {"DPOP_NONCE_REQUIRED": True, ...}`` in its Django settings; code
reads ``oauth_settings.DPOP_NONCE_REQUIRED``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ostiary.typed_settings import read


@dataclass(frozen=True)
class OAuthSettings:
    """Every key that ``settings.OSTIARY_OAUTH`` may hold."""

    CLIENT_CERTIFICATE_HEADER: str = ""
    """The header in which your proxy passes on the certificate of a TLS client, such as
    ``Client-Cert`` (RFC 9440) or ``X-SSL-Client-Cert`` (nginx's ``$ssl_client_escaped_cert``);
    empty turns mutual TLS (RFC 8705) off. It is believed only in requests that came through
    ``OSTIARY["TRUSTED_PROXY_HOPS"]`` proxies, which have to set or remove it in every request."""

    CLIENT_CERTIFICATE_VERIFIED_HEADER: str = ""
    """The header in which your proxy says ``SUCCESS`` where it has verified the chain of that
    certificate (nginx's ``$ssl_client_verify``); empty: none counts as verified, and there is no
    ``tls_client_auth``, only ``self_signed_tls_client_auth``."""

    DPOP_NONCE_REQUIRED: bool = False
    """Whether every DPoP proof has to carry a nonce of ours (RFC 9449 §8), so that none can be made
    in advance; costs a client one more request now and then."""

    REQUIRE_PAR: bool = False
    """Whether every client has to push its authorization requests (RFC 9126 §5), so that browsers
    carry none; single clients can be held to it in the admin."""

    BLOCKLIST_CACHE: str = ""
    """The alias of a cache that this server shares with its APIs, for the tokens that were revoked
    before they expired (revocation policy `blocklist`); empty keeps them in the database, and APIs
    learn of them by the Token Status List."""

    PKCE_EXEMPTIONS_ALLOWED: bool = True
    """Whether operators may let a single confidential application go without PKCE, if each of its
    requests carries an OpenID nonce (RFC 9700 §2.1.1). ``False``: nobody goes without, whatever an
    application's page says."""

    SIGNUP_URL: str = ""
    """Where people make an account, in the way in which ``LOGIN_URL`` says where they sign in: an
    address or the name of a URL. It is given ``next``, to which it must lead once they are signed
    in. Empty: applications can't ask for it by ``prompt=create``."""

    SIGNER: str = ""
    """The dotted path of a class that holds the signing keys, such as in an HSM or a KMS
    (how-to: an external signer); empty keeps them in the database, encrypted."""

    SIGNING_KEY_ROTATION_DAYS: int = field(default=90, metadata={"minimum": 0})
    """Days for which a signing key signs, until the worker lets the next one; 0 for ever."""

    REFRESH_GRACE_SECONDS: int = 0
    """For how many seconds, at most 60, a refresh token that was just replaced gets the very same
    answer again, for a client whose answer was lost or whose windows refresh at the same time. 0:
    a replaced token ends its family at once. The answer is kept encrypted meanwhile."""

    PUBLIC_REFRESH_GRACE_SECONDS: int = 0
    """The same for public clients where it is more: pages in a browser, whose tabs share a token
    and renew it at the same time."""

    SCOPE_CLAIMS: dict[str, list[str]] = field(default_factory=dict)
    """Claims that a scope releases beyond those of OpenID Connect, each read from the field of the
    user model of its name: ``{"profile": ["nickname"], "staff": ["department"]}``."""

    CLAIMS_HOOKS: list[str] = field(default_factory=list)
    """Dotted paths of callables ``claims(user, client, scopes, target)`` that return further claims
    of a person as a dictionary; ``target`` is ``id_token``, ``userinfo`` or ``access_token``."""

    REGISTRATION: str = "closed"
    """Who may register applications at ``/oauth/register`` (RFC 7591): ``"closed"`` nobody,
    ``"initial_access_token"`` who was given a token in the admin, ``"open"`` anybody."""

    REGISTRATION_SCOPES: list[str] = field(
        default_factory=lambda: ["openid", "profile", "email", "offline_access"]
    )
    """The scopes of applications that no operator registered, at most."""

    REGISTRATION_AUDIENCES: list[str] = field(default_factory=list)
    """The APIs (RFC 8707 resource identifiers) for which such applications may get tokens."""

    PRIVATE_USE_SCHEMES: list[str] = field(default_factory=list)
    """Schemes of redirect URIs without a dot that applications may register, such as ``"cursor"``
    of ``cursor://…``. Any program on a device can claim such a scheme, and nobody owns its name
    (RFC 8252 §8.4): allow those of applications that you know. A scheme that is a domain name in
    reverse, such as ``com.example.app``, needs no entry."""

    LOOPBACK_LOCALHOST: bool = True
    """Whether the port of a registered ``http://localhost`` may differ, as that of
    ``http://127.0.0.1`` and ``http://[::1]`` may (RFC 8252 §7.3). Many programs on people's devices
    register that name and learn their port only when they start. False compares it as an exact
    string: the name could lead to another device where somebody changed how it resolves (§8.3)."""

    REGISTRATION_POLICY: str = ""
    """Dotted path of a callable ``policy(metadata, context)`` that returns the metadata to register
    or raises an error of ``oauth/registration.py`` (docs: "Register an application")."""

    REGISTRATION_UNUSED_DAYS: int = 30
    """An application that registered itself and that nobody has used for so long is removed."""

    SOFTWARE_STATEMENT_ISSUERS: dict[str, str] = field(default_factory=dict)
    """Whose software statements (RFC 7591 §2.3) are believed: each ``iss`` with the https address
    of its keys, or with a JWK Set as JSON."""

    CLIENT_ID_METADATA_HOSTS: list[str] = field(default_factory=list)
    """The hosts whose client ID metadata documents are fetched, so that an application whose client
    ID is their address needs no registration: ``"app.example.com"``, or ``"*.example.com"`` for all
    below it. Empty switches it off."""

    OWN_APPLICATIONS_MAX: int = 10
    """How many applications one person may register by themselves."""

    CLIENT_CACHE_SECONDS: int = 0
    """For how many seconds, at most 1, a process takes a client that it has read for what the
    database has. Whoever disables or deletes one, or changes its secret or keys, waits for so long,
    and it holds everywhere when they are answered; a bare SQL statement holds after that time. 0
    reads it for each request. Not for sites that keep several tenants under one database alias."""


oauth_settings = read("OSTIARY_OAUTH", OAuthSettings)
