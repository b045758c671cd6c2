"""``EMAIL_URL``: a server, or a provider by its name."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from idp_site.email_url import PROVIDERS, settings_of


def test_an_smtp_server_as_ever():
    found = settings_of("smtp://user:p%40ss@smtp.example.com:587/?tls=True", {})

    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("smtp.example.com", 587)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("user", "p@ss")
    assert found["EMAIL_USE_TLS"]
    assert "ANYMAIL" not in found


def test_of_a_provider_the_environment_has_the_settings():
    environ = {
        "ANYMAIL_MAILGUN_API_KEY": "key-1",
        "ANYMAIL_MAILGUN_SENDER_DOMAIN": "mg.example.com",
        "ANYMAIL_WEBHOOK_SECRET": "ostiary:new,ostiary:old",
        "ANYMAIL_MAILGUN_API_URL": "",
        "HOME": "/root",
    }
    assert settings_of("mailgun://", environ) == {
        "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
        "ANYMAIL": {
            "REQUESTS_TIMEOUT": 10,
            "MAILGUN_API_KEY": "key-1",
            "MAILGUN_SENDER_DOMAIN": "mg.example.com",
            "WEBHOOK_SECRET": ["ostiary:new", "ostiary:old"],
        },
    }


@pytest.mark.parametrize("name", sorted(set(PROVIDERS) - {"amazon_ses"}))
def test_each_provider_is_there(name):
    url = f"{name.replace('_', '-')}://"
    assert import_string(settings_of(url, {})["EMAIL_BACKEND"]).esp_name


def test_what_is_no_way_to_send_mail_is_told_with_those_there_are():
    with pytest.raises(ImproperlyConfigured, match=r"'mailgum'.*mailgun, .*smtp"):
        settings_of("mailgum://", {})
