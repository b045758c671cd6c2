"""What a project puts into its settings so that django-oauth-toolkit uses our models and classes.

Write ``from ostiary.oauth.provider_settings import *`` in the settings module, and then add the
scopes of your own APIs: ``OAUTH2_PROVIDER["SCOPES"] = {"api:read": "Read your things"}``.
"""

OAUTH2_PROVIDER_APPLICATION_MODEL = "ostiary_oauth.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "ostiary_oauth.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "ostiary_oauth.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "ostiary_oauth.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "ostiary_oauth.IDToken"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "ostiary_oauth.DeviceGrant"

OAUTH2_PROVIDER = {
    "OAUTH2_SERVER_CLASS": f"{__package__}.server.Server",
    "APPLICATION_ADMIN_CLASS": f"{__package__}.admin.ClientAdmin",
    "GRANT_ADMIN_CLASS": f"{__package__}.admin.GrantAdmin",
    "REFRESH_TOKEN_ADMIN_CLASS": f"{__package__}.admin.RefreshTokenAdmin",
    "ACCESS_TOKEN_ADMIN_CLASS": f"{__package__}.admin.AccessTokenAdmin",
    "ID_TOKEN_ADMIN_CLASS": f"{__package__}.admin.IDTokenAdmin",
    "SCOPES": {},
    "DEFAULT_SCOPES": [],
    "OIDC_ENABLED": True,
    "PKCE_REQUIRED": True,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 14 * 24 * 3600,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 900,
    "ID_TOKEN_EXPIRE_SECONDS": 900,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    # The recommendations of RFC 9700, each of them enforced.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}
