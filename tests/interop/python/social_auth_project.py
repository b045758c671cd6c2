"""A Django project whose people sign in by social-auth-app-django, with a refresh."""

import django
from conversation import ask, learn, told
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

settings.configure(
    SECRET_KEY="of a project in a test",
    ALLOWED_HOSTS=["rp.example"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "social_django",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
    LOGIN_REDIRECT_URL="/",
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=told["issuer"],
    SOCIAL_AUTH_OIDC_KEY=told["client_id"],
    SOCIAL_AUTH_OIDC_SECRET=told["client_secret"],
    SOCIAL_AUTH_OIDC_SCOPE=["offline_access"],
    **told["settings"],
)
django.setup()
urlpatterns = [path("", include("social_django.urls", namespace="social"))]
call_command("migrate", verbosity=0)


def sign_in() -> None:
    """As a browser sees it; then the access token is replaced."""
    from django.test import Client
    from social_django.models import UserSocialAuth
    from social_django.utils import load_strategy

    browser = Client(SERVER_NAME="rp.example")
    left = browser.post("/login/oidc/", secure=True).headers["Location"]
    back = ask(go_to=left)
    landed = browser.get(back.removeprefix("https://rp.example"), secure=True)
    [known] = UserSocialAuth.objects.all()
    first = known.extra_data["access_token"]
    known.refresh_token(load_strategy())

    learn(
        url=left,
        landed=landed.headers.get("Location"),
        user=known.user.email,
        username=known.user.username,
        refreshed=known.extra_data["access_token"] != first,
    )


sign_in()
