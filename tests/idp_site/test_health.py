"""Health, readiness and metrics, also while the database is away (SECURITY G4)."""

import json

import pytest
from django.db import connection
from django.test import RequestFactory

from tests.machine import free_port

from .site import PRODUCTION, environment, python


def test_healthz_asks_the_database_nothing(client):
    # Without the `db` mark a query would be an error.
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_names_its_parts(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["parts"] == {"database": "ok", "migrations": "ok", "cache": "ok"}


ASK = """
import json, sys, time, django
from django.test import Client
import idp_site.wsgi
client = Client(raise_request_exception=False)
answers = {}
for path in sys.argv[1:]:
    started = time.monotonic()
    response = client.get(path, headers={"Host": "localhost", "Accept": "text/html"}, secure=True,
        **({"HTTP_COOKIE": "__Host-ostiary-session=abcdefghijklmnopqrstuvwxyz012345"}))
    answers[path] = {
        "status": response.status_code,
        "page": response.content.decode(),
        "policy": response.headers.get("Content-Security-Policy", ""),
        "seconds": time.monotonic() - started,
    }
print(json.dumps(answers))
"""


def asked_without_database(production_folder, *paths, **chosen):
    url = f"postgres://nobody@127.0.0.1:{free_port()}/nowhere"
    env = environment(
        production_folder,
        **{**PRODUCTION, "DATABASE_URL": url, "ALLOWED_HOSTS": "localhost", **chosen},
    )
    result = python(env, "-c", ASK, *paths)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("pool", ["0", "10"])
def test_without_its_database_the_site_says_so_quickly(production_folder, pool):
    authorize = "/signin/?next=/oauth/authorize%3Fclient_id=a%26redirect_uri=b"
    answers = asked_without_database(
        production_folder,
        "/healthz",
        "/readyz",
        "/account/",
        authorize,
        DATABASE_POOL_SIZE=pool,
    )
    assert answers["/healthz"]["status"] == 200
    assert answers["/readyz"]["status"] == 503
    assert json.loads(answers["/readyz"]["page"])["parts"] == {"database": "unreachable"}
    assert answers["/account/"]["status"] == 503
    assert answers[authorize]["status"] == 503
    for answer in answers.values():
        assert "Traceback" not in answer["page"]
        assert "nobody" not in answer["page"]
        assert "default-src 'none'" in answer["policy"]
        # The wait for a pooled connection is 4 seconds; a hanging one would be 30 and more.
        assert answer["seconds"] < 20


RESTART = """
import django; django.setup()
from django.db import connection, connections
def pid():
    with connection.cursor() as cursor:
        return cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
from django.core.signals import request_finished, request_started
with connections.create_connection("default").cursor() as other:
    request_started.send(sender=None)
    first = pid()
    request_finished.send(sender=None)
    request_started.send(sender=None)
    kept = pid() == first or "pool" in connection.settings_dict["OPTIONS"]
    request_finished.send(sender=None)
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    request_started.send(sender=None)
    print(kept and pid() != first)
"""


@pytest.mark.django_db
@pytest.mark.parametrize("pool", ["0", "2"])
def test_a_restarted_database_costs_nobody_an_error(postgresql, tmp_path, pool):
    found = connection.settings_dict
    at = f"{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}"
    env = environment(
        tmp_path,
        DATABASE_POOL_SIZE=pool,
        **{**PRODUCTION, "DATABASE_URL": f"postgres://{at}/{found['NAME']}"},
    )
    result = python(env, "-c", RESTART)
    assert result.stdout == "True\n", result.stderr


@pytest.mark.django_db
def test_metrics_are_for_this_machine_or_for_who_has_the_token(client, settings):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    settings.METRICS_TOKEN = "scraper-token"
    assert client.get("/metrics").status_code == 404
    for given, status in (("scraper-token", 200), ("other", 404)):
        answer = client.get(
            "/metrics",
            REMOTE_ADDR="203.0.113.9",
            headers={"Authorization": f"Bearer {given}"},
        )
        assert answer.status_code == status


@pytest.mark.django_db
@pytest.mark.needs("mfa")
def test_metrics_tell_what_text_messages_cost(client):
    from mfa.models import TextMessage
    from mfa.sms import budget

    before = budget.spent()
    budget.spend()
    TextMessage.objects.create(country="DE", state="failed")
    text = client.get("/metrics").content.decode()
    assert f"ostiary_sms_today {before + 1}.0" in text
    assert "ostiary_sms_budget 1000.0" in text
    assert "ostiary_sms_failed 1.0" in text


def test_a_programs_request_gets_the_outage_as_json():
    from idp_site.database_outage import unavailable

    response = unavailable(RequestFactory().get("/", headers={"Accept": "application/json"}))
    assert response.status_code == 503
    assert response["Retry-After"]
    assert json.loads(response.content) == {"error": "temporarily_unavailable"}
