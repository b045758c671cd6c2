"""A Flask application whose people sign in by Flask-Dance."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = (
    "1"  # the provider of these tests is on http://localhost
)

import requests
from conversation import ask, learn, told
from flask import Flask, jsonify
from flask_dance.consumer import OAuth2ConsumerBlueprint

metadata = requests.get(f"{told['issuer']}/.well-known/openid-configuration", timeout=10).json()
app = Flask(__name__)
app.secret_key = "of an application in a test"
ostiary = OAuth2ConsumerBlueprint(
    "ostiary",
    __name__,
    client_id=told["client_id"],
    client_secret=told["client_secret"],
    scope=told["scope"],
    authorization_url=metadata["authorization_endpoint"],
    token_url=metadata["token_endpoint"],
    auto_refresh_url=metadata["token_endpoint"],
    redirect_url="/me",
    **told["settings"],
)
app.register_blueprint(ostiary, url_prefix="/login")


@app.get("/me")
def me():
    """Who the person is."""
    return jsonify(ostiary.session.get(metadata["userinfo_endpoint"]).json())


browser = app.test_client()
AT = {"base_url": "https://rp.example"}

left = browser.get("/login/ostiary", **AT)
back = browser.get(ask(go_to=left.location))
userinfo = browser.get(back.location, **AT).json
with browser.session_transaction(**AT) as session:
    first = session["ostiary_oauth_token"]["access_token"]
    session["ostiary_oauth_token"] = {**session["ostiary_oauth_token"], "expires_at": 1}
again = browser.get("/me", **AT).json
with browser.session_transaction(**AT) as session:
    second = session["ostiary_oauth_token"]["access_token"]

learn(url=left.location, userinfo=userinfo, again=again, refreshed=[second != first])
