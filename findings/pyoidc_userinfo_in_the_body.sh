#!/bin/sh
# pyoidc (oic) 1.7.0 asks UserInfo by POST with the access token in the form, where
# ``method="GET"`` is not given; a provider's 401 is then no exception, but an answer without ``sub``.
#
# RFC 6750 §2.2 (the form) is a MAY for servers, §2.1 (the header) a MUST.
#
# Seen:
#
#     by default: POST, in the form -> {'error': 'invalid_token'}
#     method="GET": GET, in the header -> {'sub': 'grace'}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'oic==1.7.0'
cat >show.py <<'PYTHON'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from oic.oic import Client
from oic.oic.message import AccessTokenResponse

seen: list[str] = []


class UserInfo(BaseHTTPRequestHandler):
    """Takes a token from the header alone."""

    def answer(self) -> None:
        """Say who it is, or ask for a token."""
        form = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        in_header = self.headers.get("Authorization") == "Bearer a-token"
        where = "the header" if in_header else "the form" if b"a-token" in form else "nothing"
        seen.append(f"{self.command}, in {where}")
        body = json.dumps({"sub": "grace"} if in_header else {"error": "invalid_token"}).encode()
        self.send_response(200 if in_header else 401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


with HTTPServer(("127.0.0.1", 0), UserInfo) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Client()
    client.userinfo_endpoint = f"http://127.0.0.1:{server.server_port}/"
    client.grant["state"] = client.grant_class()
    client.grant["state"].add_token(
        AccessTokenResponse(access_token="a-token", token_type="Bearer", expires_in=900)
    )
    by_default = client.do_user_info_request(state="state").to_dict()
    by_get = client.do_user_info_request(method="GET", state="state").to_dict()
    server.shutdown()

print(f"by default: {seen[0]} -> {by_default}")
print(f'method="GET": {seen[1]} -> {by_get}')
assert (seen[0], by_default) == ("POST, in the form", {"error": "invalid_token"})
assert (seen[1], by_get) == ("GET, in the header", {"sub": "grace"})
PYTHON
env/bin/python show.py
