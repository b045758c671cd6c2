"""PyJWT, joserfc and python-jose, reading ID tokens and access tokens by the published keys."""

import pytest

from .conftest import register

pytestmark = pytest.mark.django_db(transaction=True)


def test_libraries_read_what_the_site_signs(run_python_client, person, django_user_model):
    told = register("client_secret_basic")

    learned = run_python_client("token_readers.py", told, person)

    sub = str(django_user_model.objects.get(email="grace@example.com").pk)
    assert learned == {
        reader: [sub, sub] for reader in ("by_pyjwt", "by_joserfc", "by_python_jose")
    }
