"""The connections to PostgreSQL that the site keeps."""

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.backends.postgresql import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postgresql")]


def test_one_that_stands_is_usable_without_a_question(monkeypatch):
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda _: pytest.fail("it was asked"))
    assert connection.is_usable()


def test_one_whose_transaction_has_failed_is_not_usable():
    with transaction.atomic():
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")
        assert not connection.is_usable()
        transaction.set_rollback(True)
    assert connection.is_usable()
