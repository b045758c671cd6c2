"""A relying party that stands on pyoidc (oic)."""

from urllib.parse import urlsplit

from conversation import ask, learn, told
from oic import rndstr
from oic.oic import Client
from oic.oic.message import AuthorizationResponse, RegistrationResponse
from oic.utils.authn.client import CLIENT_AUTHN_METHOD

client = Client(client_authn_method=CLIENT_AUTHN_METHOD, **told["settings"])
client.provider_config(told["issuer"])
client.store_registration_info(
    RegistrationResponse(client_id=told["client_id"], client_secret=told["client_secret"])
)
client.redirect_uris = [told["redirect_uri"]]

state, nonce = rndstr(), rndstr()
asks = {
    "client_id": client.client_id,
    "response_type": "code",
    "scope": ["openid", "email", "offline_access"],
    "redirect_uri": told["redirect_uri"],
    "state": state,
    "nonce": nonce,
}
verified = {}
if client.config.get("code_challenge"):
    challenge, verified["code_verifier"] = client.add_code_challenge()
    asks |= challenge
url = client.construct_AuthorizationRequest(request_args=asks).request(
    client.authorization_endpoint
)
answer = client.parse_response(
    AuthorizationResponse, info=urlsplit(ask(go_to=url)).query, sformat="urlencoded"
)
tokens = client.do_access_token_request(
    state=answer["state"],
    request_args={"code": answer["code"], **verified},
    authn_method="client_secret_basic",
)
userinfo = client.do_user_info_request(method="GET", state=state)
refreshed = client.do_access_token_refresh(state=state, authn_method="client_secret_basic")

learn(
    url=url,
    nonce=tokens["id_token"]["nonce"] == nonce,
    userinfo=userinfo.to_dict(),
    refreshed=refreshed["access_token"] != tokens["access_token"],
)
