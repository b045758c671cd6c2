"""A gateway that hangs holds up its own queue and no other (SECURITY F1)."""

from __future__ import annotations

import pytest
from amqp.exceptions import PreconditionFailed
from kombu import Connection

from idp_site.queues import celery_queues
from tests.faults.brokers import Wire
from tests.faults.conftest import Mailroom, eventually


def test_a_code_gets_out_while_a_gateway_that_hangs_fills_another_queue(mailroom: Mailroom) -> None:
    """One worker for what is bulk, and one for the rest."""
    mailroom.start_worker("bulk", scheduler=False)
    mailroom.commit(*(f"hang:{number}" for number in range(5)))
    eventually(lambda: [*mailroom.folder.glob("hangs-*")], "the gateway hangs")

    mailroom.start_worker("urgent", "sms", "normal", "jobs")
    mailroom.commit("code:493027", "notice")

    eventually(lambda: len(mailroom.posted()) == 2, "both are posted")
    assert mailroom.letters() == ["493027", "notice"]
    assert len([*mailroom.folder.glob("hangs-*")]) == 1
    (mailroom.folder / "answers").touch()
    mailroom.wait_until_all_is_delivered()


def test_rabbitmq_keeps_them_in_quorum_queues(rabbitmq_url: str) -> None:
    queues = celery_queues(rabbitmq_url, "test-quorum")
    with Connection(rabbitmq_url) as connection:
        for queue in queues:
            queue.bind(connection.default_channel).declare()
            with pytest.raises(PreconditionFailed, match="x-queue-type"):
                connection.channel().queue_declare(queue.name, durable=True, auto_delete=False)
    Wire(rabbitmq_url).clean_up("test-quorum")
