"""A web application that signs people in by msal, and asks for a token of its own."""

from urllib.parse import parse_qsl, urlsplit

import msal
from conversation import ask, learn, told

application = msal.ConfidentialClientApplication(
    told["client_id"],
    client_credential=told["client_secret"],
    oidc_authority=told["authority"],
)

flow = application.initiate_auth_code_flow(scopes=["email"], redirect_uri=told["redirect_uri"])
answer = dict(parse_qsl(urlsplit(ask(go_to=flow["auth_uri"])).query))
signed_in = application.acquire_token_by_auth_code_flow(flow, answer)
[account] = application.get_accounts()
renewed = application.acquire_token_silent(["email"], account=account, force_refresh=True)
own = application.acquire_token_for_client(scopes=["api:read"])

learn(
    url=flow["auth_uri"],
    signed_in=signed_in,
    renewed=renewed,
    own=own,
    username=account["username"],
)
