"""Which regions are missing in erasures, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ostiary.models import RegionalReceipt
from ostiary.regions import configured


class RegionCollector(Collector):
    """By region: how many erasures wait for its receipt, and the oldest of them for how long."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One statement, on a partial index; nothing where the site has no regions."""
        if not configured.others():
            return
        unanswered = RegionalReceipt.objects.filter(answered_at=None).order_by()
        rows = unanswered.values("region").annotate(count=Count("pk"), oldest=Min("asked_at"))
        found = {row["region"]: row for row in rows}
        missing = GaugeMetricFamily(
            "ostiary_erasure_regions_missing",
            "Erasures that wait for the receipt of another region.",
            labels=["region"],
        )
        oldest = GaugeMetricFamily(
            "ostiary_erasure_region_oldest_seconds",
            "For how long the oldest of them has waited.",
            labels=["region"],
        )
        now = timezone.now()
        for name in sorted({*found, *(region.name for region in configured.others())}):
            row = found.get(name)
            missing.add_metric([name], row["count"] if row else 0)
            oldest.add_metric([name], (now - row["oldest"]).total_seconds() if row else 0)
        yield missing
        yield oldest
