#!/bin/sh
# msal 1.39.0 takes no issuer without a path as ``oidc_authority``, though OpenID Connect
# Discovery §3 allows one. With ``/.`` behind it, it does, and its HTTP client takes the dot away
# again (RFC 3986 §5.2.4), so that it finds the metadata.
#
# Seen:
#
#     https://id.example.com ValueError
#     https://id.example.com/ ValueError
#     https://id.example.com/. asks https://id.example.com/.well-known/openid-configuration
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'msal==1.39.0'
cat >show.py <<'PYTHON'
import json
from types import SimpleNamespace

import msal
import requests

ISSUER = "https://id.example.com"


class Network:
    """Answers with the metadata of a provider that nobody has to run."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, url: str, **_: object) -> SimpleNamespace:
        """What requests would ask for."""
        self.asked.append(requests.Request("GET", url).prepare().url or "")
        metadata = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
        }
        return SimpleNamespace(status_code=200, text=json.dumps(metadata), headers={})


def tried(authority: str) -> str:
    """What comes of it."""
    network = Network()
    try:
        msal.PublicClientApplication("app", oidc_authority=authority, http_client=network)
    except ValueError:
        return "ValueError"
    return f"asks {network.asked[0]}"


for authority, wanted in {
    ISSUER: "ValueError",
    f"{ISSUER}/": "ValueError",
    f"{ISSUER}/.": f"asks {ISSUER}/.well-known/openid-configuration",
}.items():
    said = tried(authority)
    print(authority, said)
    assert said == wanted
PYTHON
env/bin/python show.py
