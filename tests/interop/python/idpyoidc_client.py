"""A relying party that stands on idpyoidc: discovery, sign-in, UserInfo, refresh."""

from urllib.parse import parse_qsl, urlsplit

from conversation import ask, learn, told
from idpyoidc.client.rp_handler import RPHandler

ISSUER = told["issuer"]
handler = RPHandler(
    base_url="https://rp.example",
    client_configs={
        ISSUER: {
            "issuer": ISSUER,
            "client_id": told["client_id"],
            "client_secret": told["client_secret"],
            "client_type": "oidc",
            "redirect_uris": [told["redirect_uri"]],
            "preference": {
                "response_types_supported": ["code"],
                "scopes_supported": ["openid", "email", "offline_access"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            },
            "client_authn_methods": ["client_secret_basic"],  # or it can't refresh
            "services": {
                "discovery": {
                    "class": "idpyoidc.client.oidc.provider_info_discovery.ProviderInfoDiscovery"
                },
                "authorization": {"class": "idpyoidc.client.oidc.authorization.Authorization"},
                "accesstoken": {"class": "idpyoidc.client.oidc.access_token.AccessToken"},
                "refresh_token": {
                    "class": "idpyoidc.client.oidc.refresh_access_token.RefreshAccessToken"
                },
                "userinfo": {"class": "idpyoidc.client.oidc.userinfo.UserInfo"},
            },
            **told["settings"],
        }
    },
)

url = handler.begin(ISSUER)
back = dict(parse_qsl(urlsplit(ask(go_to=url)).query))
result = handler.finalize(ISSUER, back)
refreshed = handler.refresh_access_token(back["state"])

learn(
    url=url,
    userinfo=result["userinfo"].to_dict(),
    claims=result["id_token"].to_dict(),
    refreshed=refreshed["access_token"] != result["token"],
)
