"""What the other side says of when to come back (RFC 9110 §10.2.3)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.http import http_date

from ostiary import retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("86400", 3600),
        ("9" * 400, 3600),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("٣", 0),
        ("soon", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),  # that was
        ("Wed, 99 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
    ],
)
def test_seconds_are_taken_as_they_are_and_at_most_an_hour(header, seconds):
    assert retry_after.seconds(header) == seconds


def test_a_date_is_so_far_away(monkeypatch):
    now = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)

    assert retry_after.seconds(http_date((now + timedelta(minutes=7)).timestamp())) == 420
    assert retry_after.seconds("Mon, 30 Nov 2026 12:07:00 -0000") == 420
