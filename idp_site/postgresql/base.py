"""The database backend: ``ENGINE = "idp_site.postgresql"``."""

from __future__ import annotations

import select

import psycopg
from django.db.backends.postgresql import base

STATUS = psycopg.pq.TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, which before the first query of each request asks the server whether it is there.

    That question costs as much as a query. A server that has gone, or was restarted, has closed
    its end: then there is something to read where nobody has asked anything. So only where there
    is, or the system can't tell, Django's question is put.
    """

    def is_usable(self) -> bool:
        """Whether the connection can be used, for ``CONN_HEALTH_CHECKS``."""
        return self._is_quiet() or super().is_usable()

    def _is_quiet(self) -> bool:
        """Whether the server has said nothing since its last answer, and not hung up."""
        if self.connection is None or self.connection.closed:
            return False
        # In a transaction that has failed, nothing can be asked.
        if self.connection.info.transaction_status not in (STATUS.IDLE, STATUS.INTRANS):
            return False
        try:
            poll = select.poll()
            poll.register(self.connection.fileno(), select.POLLIN)
            return not poll.poll(0)
        except (AttributeError, OSError, psycopg.Error):
            return False
