"""A script that signs a person in by requests-oauthlib, and refreshes."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = (
    "1"  # the provider of these tests is on http://localhost
)

import requests
from conversation import ask, learn, told
from requests_oauthlib import OAuth2Session

metadata = requests.get(f"{told['issuer']}/.well-known/openid-configuration", timeout=10).json()
kept: list[dict] = []
session = OAuth2Session(
    told["client_id"],
    redirect_uri=told["redirect_uri"],
    scope=told["scope"],
    **told["settings"],
    auto_refresh_url=metadata["token_endpoint"],
    token_updater=kept.append,
)

url, state = session.authorization_url(metadata["authorization_endpoint"], **told["asks"])
tokens = session.fetch_token(
    metadata["token_endpoint"],
    authorization_response=ask(go_to=url),
    client_secret=told["client_secret"],
)
userinfo = session.get(metadata["userinfo_endpoint"]).json()

session.token = {**session.token, "expires_in": -1, "expires_at": 1}
again = session.get(
    metadata["userinfo_endpoint"],
    client_id=told["client_id"],
    client_secret=told["client_secret"],
).json()

learn(
    url=url,
    userinfo=userinfo,
    again=again,
    refreshed=[token["access_token"] != tokens["access_token"] for token in kept],
)
