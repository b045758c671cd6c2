"""A program without a browser that signs a person in by msal."""

import msal
from conversation import ask, learn, told

application = msal.PublicClientApplication(told["client_id"], oidc_authority=told["authority"])
flow = application.initiate_device_flow(scopes=["email"])
ask(confirm=flow["verification_uri_complete"])
signed_in = application.acquire_token_by_device_flow(flow)
[account] = application.get_accounts()
renewed = application.acquire_token_silent(["email"], account=account, force_refresh=True)

learn(signed_in=signed_in, renewed=renewed)
