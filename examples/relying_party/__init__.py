"""An OpenID Connect relying party on Authlib and Starlette. It runs against any provider."""
