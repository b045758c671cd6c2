"""A Flask application whose people sign in by Flask-OIDC."""

from conversation import ask, learn, told
from flask import Flask, jsonify, session
from flask_oidc import OpenIDConnect

app = Flask(__name__)
app.config.update(
    SECRET_KEY="of an application in a test",
    OIDC_CLIENT_SECRETS={
        "web": {name: told[name] for name in ("client_id", "client_secret", "issuer")}
    },
    OIDC_SCOPES="openid email profile",
)
oidc = OpenIDConnect(app)
oidc.oauth.oidc.client_kwargs.update(told["client_kwargs"])


@app.get("/me")
@oidc.require_login
def me():
    """Who the person is."""
    return jsonify(session["oidc_auth_profile"])


browser = app.test_client()
AT = {"base_url": "https://rp.example"}

login = browser.get("/me", **AT)
left = browser.get(login.location, **AT)
back = browser.get(ask(go_to=left.location))
page = browser.get(back.location, **AT)
browser.get("/logout", **AT)

learn(url=left.location, userinfo=page.json, signed_out=browser.get("/me", **AT).status_code)
