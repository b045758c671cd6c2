"""A Django project with people and a sign-in of its own, which becomes an OpenID provider."""
