"""A JupyterHub whose people sign in by oauthenticator, told by its environment (``TOLD``, JSON)."""

import json
import os

from jupyterhub.proxy import Proxy

told = json.loads(os.environ["TOLD"])
issuer = told["issuer"]


class NoProxy(Proxy):
    """The hub stands alone: nobody starts a notebook here."""

    should_start = False

    async def get_all_routes(self):
        """None."""
        return {}

    async def add_route(self, routespec, target, data):
        """Not needed."""

    async def delete_route(self, routespec):
        """Not needed."""


c = get_config()  # noqa: F821
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_port = told["port"]
c.JupyterHub.bind_url = f"http://127.0.0.1:{told['port']}"
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.log_level = "WARN"
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = told["client_id"]
c.GenericOAuthenticator.client_secret = told["client_secret"]
c.GenericOAuthenticator.oauth_callback_url = told["redirect_uri"]
c.GenericOAuthenticator.authorize_url = f"{issuer}/oauth/authorize"
c.GenericOAuthenticator.token_url = f"{issuer}/oauth/token"
c.GenericOAuthenticator.userdata_url = f"{issuer}/oauth/userinfo"
c.GenericOAuthenticator.scope = ["openid", "email"]
c.GenericOAuthenticator.username_claim = "email"
c.GenericOAuthenticator.allow_all = True
