"""A gateway that hangs holds up its own queue and no other (SECURITY F1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from amqp.exceptions import PreconditionFailed
from kombu import Connection

from idp_site.queues import celery_queues, queue_name
from ostiary.models import OutboxMessage
from tests.faults.brokers import Wire
from tests.faults.conftest import Mailroom, eventually

BASIC_ACK = bytes([0, 60, 0, 80])
"""How RabbitMQ says that it has a message: class and method (AMQP 0-9-1 §1.8.3.13)."""


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


@pytest.fixture
def rabbitmq(transactional_db: None, tmp_path: Path, rabbitmq_url: str) -> Iterator[Mailroom]:
    """A mailroom with RabbitMQ, whichever the database."""
    room = Mailroom(tmp_path, Wire(rabbitmq_url))
    yield room
    room.kill_worker()
    room.log.close()
    room.broker.clean_up(room.queue)


def waiting_in(room: Mailroom, rabbitmq_url: str, which: str = "normal") -> int:
    """How many messages the broker has in this queue."""
    with Connection(rabbitmq_url) as connection:
        name = queue_name(which, room.queue)
        return int(connection.channel().queue_declare(name, passive=True).message_count)


def test_what_rabbitmq_refuses_is_not_taken_for_handed_over(
    rabbitmq: Mailroom, rabbitmq_url: str
) -> None:
    """A queue that is full answers a publication by a negative confirm (``basic.nack``)."""
    letters = [f"letter-{number}" for number in range(10)]
    rabbitmq.environment["LONGEST_QUEUE"] = "1"

    rabbitmq.commit(*letters)

    assert "MessageNacked" in rabbitmq.said
    assert waiting_in(rabbitmq, rabbitmq_url) < len(letters)
    waiting = OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING, attempts=0)
    assert waiting.count() == len(letters)  # the sweep has all of them


def test_what_rabbitmq_took_and_did_not_confirm_is_not_taken_for_handed_over(
    rabbitmq: Mailroom, rabbitmq_url: str
) -> None:
    """It has it, and nobody knows: so the outbox keeps it, and a claim delivers it once."""
    rabbitmq.broker.go_down_at(BASIC_ACK)

    rabbitmq.commit("letter")

    assert "did not take a message" in rabbitmq.said
    assert waiting_in(rabbitmq, rabbitmq_url) == 1
    assert OutboxMessage.objects.get().state == OutboxMessage.State.PENDING
