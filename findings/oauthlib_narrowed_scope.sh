#!/bin/sh
# oauthlib 4.0.1 raises on a token answer that grants less than was asked for, so requests-oauthlib
# and Flask-Dance do.
#
# RFC 6749 §3.3 lets a server grant less and tell it in ``scope``. What is raised is a plain
# ``Warning``, which ``except OAuth2Error`` does not catch. ``OAUTHLIB_RELAX_TOKEN_SCOPE=1`` in the
# environment, or asking only for what one gets, avoids it. Their order does not matter.
#
# Seen:
#
#     less granted: Warning: Scope has changed
#     another order: ['email', 'openid']
#     with OAUTHLIB_RELAX_TOKEN_SCOPE: ['openid']
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'oauthlib==4.0.1'
cat >show.py <<'PYTHON'
import json
import os

from oauthlib.oauth2 import WebApplicationClient

ASKED = ["openid", "email"]


def granted(scope: str) -> object:
    """What the client keeps of an answer that grants ``scope``, or what it raises."""
    answer = {"access_token": "a", "token_type": "Bearer", "scope": scope}
    try:
        return WebApplicationClient("app").parse_request_body_response(
            json.dumps(answer), scope=ASKED
        )["scope"]
    except Exception as raised:
        return f"{type(raised).__name__}: {str(raised).partition(' from')[0]}"


os.environ.pop("OAUTHLIB_RELAX_TOKEN_SCOPE", None)
said = granted("openid")
print("less granted:", said)
assert said == "Warning: Scope has changed"

said = granted("email openid")
print("another order:", said)
assert said == ["email", "openid"]

os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
said = granted("openid")
print("with OAUTHLIB_RELAX_TOKEN_SCOPE:", said)
assert said == ["openid"]
PYTHON
env/bin/python show.py
