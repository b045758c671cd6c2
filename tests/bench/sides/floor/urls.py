"""Views that do one thing each. Keys are made once; the claims are those of a small token."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time

import jwt
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from tests.bench.sides.floor.table import ROW

RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
OF_THREAD = threading.local()


def _commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO floor VALUES (%s, %s)", [secrets.token_hex(16), 1])


def _claims() -> dict[str, object]:
    now = int(time.time())
    whose = {"iss": "http://localhost", "sub": "1", "aud": "http://localhost", "jti": "1"}
    return {**whose, "iat": now, "exp": now + 900}


def _signed_by_p256() -> str:
    return jwt.encode(_claims(), P256, "ES256")


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing."""
    return HttpResponse(b"{}", content_type="application/json")


def read(request: HttpRequest) -> HttpResponse:
    """One row by its key: a statement that the server has prepared, on a connection of the thread's
    own, with nothing of Django's between."""
    if not hasattr(OF_THREAD, "cursor"):
        url = os.environ["DATABASE_URL"]
        OF_THREAD.cursor = psycopg.connect(url, autocommit=True, prepare_threshold=0).cursor()
    OF_THREAD.cursor.execute("SELECT id, at FROM floor WHERE id = %s", [ROW])
    if OF_THREAD.cursor.fetchone() is None:
        return HttpResponse(status=500)
    return empty(request)


def signature(request: HttpRequest) -> HttpResponse:
    """One ES256 signature."""
    body = json.dumps({"access_token": _signed_by_p256()})
    return HttpResponse(body, content_type="application/json")


def commit_both(request: HttpRequest) -> HttpResponse:
    """One committed row, an RS256 signature and an ES256 signature."""
    _commit()
    id_token = jwt.encode(_claims(), RSA, "RS256")
    body = json.dumps({"access_token": _signed_by_p256(), "id_token": id_token})
    return HttpResponse(body, content_type="application/json")


def commit_redirect(request: HttpRequest) -> HttpResponse:
    """One committed row and a redirect."""
    _commit()
    return HttpResponseRedirect("http://localhost/callback?code=1")


urlpatterns = [
    path(view.__name__, view) for view in (empty, read, signature, commit_both, commit_redirect)
]
