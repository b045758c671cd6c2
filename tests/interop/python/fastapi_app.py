"""A FastAPI application whose people sign in by Authlib."""

from authlib.integrations.starlette_client import OAuth
from conversation import ask, learn, told
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from fastapi.testclient import TestClient
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="of an application in a test")
oauth = OAuth()
oauth.register(
    "ostiary",
    client_id=told["client_id"],
    client_secret=told["client_secret"],
    server_metadata_url=f"{told['issuer']}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid email profile", **told["client_kwargs"]},
)


@app.get("/login")
async def login(request: Request):
    """Leads to the provider."""
    return await oauth.ostiary.authorize_redirect(request, request.url_for("callback"))


@app.get("/callback")
async def callback(request: Request):
    """Where the provider leads back to."""
    token = await oauth.ostiary.authorize_access_token(request)
    request.session["person"] = dict(token["userinfo"])
    request.session["asked"] = dict(await oauth.ostiary.userinfo(token=token))
    return RedirectResponse("/me")


@app.get("/me")
def me(request: Request):
    """Who the person is."""
    return {name: request.session[name] for name in ("person", "asked")}


browser = TestClient(app, base_url="https://rp.example", follow_redirects=False)

left = browser.get("/login").headers["location"]
back = browser.get(ask(go_to=left))

learn(url=left, **browser.get(back.headers["location"]).json())
