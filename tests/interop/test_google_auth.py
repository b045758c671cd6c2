"""google-auth's identity_pool: how programs exchange the token of their platform (RFC 8693)."""

import pytest

from tests.oauth import flow

from .conftest import API_OF_A_WORKLOAD

pytestmark = pytest.mark.django_db(transaction=True)


def test_google_auth_exchanges_the_token_of_a_job(run_python_client, github, issuer, tmp_path):
    file = tmp_path / "token"
    file.write_text(github.token())

    learned = run_python_client(
        "google_auth_pool.py",
        {
            "credentials": {
                "type": "external_account",
                "audience": API_OF_A_WORKLOAD,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": f"{issuer}/oauth/token",
                "credential_source": {"file": str(file)},
            },
            "scopes": ["api:read"],
        },
    )

    assert learned["valid"] is True
    for token in learned["tokens"]:
        assert flow.said_by(token)["aud"] == API_OF_A_WORKLOAD
        assert flow.said_by(token)["scope"] == "api:read"
