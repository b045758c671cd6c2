"""A Django project whose people sign in by django-allauth."""

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
        "django.contrib.messages",
        "django.contrib.sessions",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    LOGIN_REDIRECT_URL="/",
    SOCIALACCOUNT_LOGIN_ON_GET=True,
    SOCIALACCOUNT_PROVIDERS={
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "ostiary",
                    "name": "Ostiary",
                    "client_id": told["client_id"],
                    "secret": told["client_secret"],
                    "settings": {"server_url": told["issuer"], **told["settings"]},
                }
            ]
        }
    },
)
django.setup()
urlpatterns = [path("accounts/", include("allauth.urls"))]
call_command("migrate", verbosity=0)


def sign_in() -> None:
    """As a browser sees it."""
    from allauth.account.models import EmailAddress
    from django.test import Client

    browser = Client(SERVER_NAME="rp.example", secure=True)
    left = browser.get("/accounts/oidc/ostiary/login/", secure=True).headers["Location"]
    back = ask(go_to=left)
    landed = browser.get(back.removeprefix("https://rp.example"), secure=True)
    [address] = EmailAddress.objects.all()

    learn(
        url=left,
        landed=landed.headers.get("Location"),
        user=landed.wsgi_request.user.email,
        verified=address.verified,
    )


sign_in()
