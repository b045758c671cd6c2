"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from ostiary.models import Event, Session

from .outbox_metrics import OutboxCollector
from .region_metrics import RegionCollector

_migrated = False  # once true it stays true for this process: its code expects no more


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of any other service."""
    return JsonResponse({"status": "ok"})


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if _migrated else "missing: run manage.py migrate"


def _cache() -> str:
    cache.set("readyz", "ok", 10)
    # Sign-in goes on without the cache (SECURITY G4), so this is told but stops nothing.
    return "ok" if cache.get("readyz") == "ok" else "unreachable"


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve people: 200, or 503 with the part that can't."""
    try:
        parts = {"database": _database(), "migrations": _migrations(), "cache": _cache()}
    except DatabaseError:
        parts = {"database": "unreachable"}
    ready = parts.get("database") == parts.get("migrations") == "ok"
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "parts": parts}, status=200 if ready else 503
    )


class AttackCollector(Collector):
    """How hard accounts are being tried, from the counters and the log that all processes share."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Two statements, or one where the counters are in Redis."""
        from accounts import challenge

        suspected = Event.objects.filter(
            kind="attack.suspected", at__gt=timezone.now() - timedelta(hours=1)
        )
        yield GaugeMetricFamily(
            "ostiary_attacks_suspected",
            "Signs of credential stuffing in the last hour.",
            suspected.count(),
        )
        challenges = GaugeMetricFamily(
            "ostiary_challenges",
            "Forms in this hour that needed proof of work.",
            labels=["outcome"],
        )
        for outcome, number in challenge.told().items():
            challenges.add_metric([outcome], number)
        yield challenges


class SessionCollector(Collector):
    """Read from the database at each scrape, so every worker process tells the same."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One statement, on a partial index."""
        yield GaugeMetricFamily(
            "ostiary_sessions_live",
            "Signed-in sessions that nobody has ended.",
            Session.objects.filter(ended_at__isnull=True).count(),
        )


class SmsCollector(Collector):
    """Text messages of today, beside what a day may cost."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Two statements, or one where the counters are in Redis."""
        from mfa.conf import mfa_settings
        from mfa.models import TextMessage
        from mfa.sms import budget

        yield GaugeMetricFamily("ostiary_sms_today", "Text messages of today.", budget.spent())
        yield GaugeMetricFamily(
            "ostiary_sms_budget",
            "Text messages that a day may have.",
            mfa_settings.SMS_DAILY_BUDGET,
        )
        yield GaugeMetricFamily(
            "ostiary_sms_failed",
            "Text messages of the last hour that were not delivered.",
            TextMessage.objects.filter(
                state=TextMessage.State.FAILED, created_at__gt=timezone.now() - timedelta(hours=1)
            ).count(),
        )


def _may_scrape(request: HttpRequest) -> bool:
    """The token if one is set; else this machine itself, and not a proxy on it."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    forwarded = "Forwarded" in request.headers or "X-Forwarded-For" in request.headers
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not forwarded


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; 404 for who may not read it."""
    if not _may_scrape(request):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OutboxCollector())
    registry.register(RegionCollector())
    registry.register(SessionCollector())
    if apps.is_installed("accounts"):
        registry.register(AttackCollector())
    if apps.is_installed("mfa"):
        registry.register(SmsCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


for _view in (healthz, readyz, metrics):  # no session is read for them
    _view.without_person = True  # type: ignore[attr-defined]
