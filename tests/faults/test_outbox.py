"""What was committed is delivered, whatever is killed or down meanwhile (SECURITY F1).

With real processes, each broker and its database; ``tests/ostiary/test_outbox.py`` has the rest.
"""

from __future__ import annotations

from tests.faults.conftest import Mailroom, eventually


def test_a_message_whose_process_was_killed_between_commit_and_hand_over_is_delivered_once(
    mailroom: Mailroom,
) -> None:
    mailroom.commit("--killed", "letter")
    mailroom.start_worker()

    mailroom.wait_until_all_is_delivered()

    assert mailroom.letters() == ["letter"]


def test_a_message_whose_worker_was_killed_before_it_was_sent_is_delivered_once(
    mailroom: Mailroom,
) -> None:
    mailroom.stop("before")
    mailroom.start_worker()
    mailroom.commit("letter")
    mailroom.wait_until_it_is("before")

    mailroom.kill_worker()
    mailroom.go_on("before")
    mailroom.start_worker()
    mailroom.wait_until_all_is_delivered()

    assert mailroom.letters() == ["letter"]


def test_a_message_whose_worker_was_killed_after_it_was_sent_comes_again_with_the_same_key(
    mailroom: Mailroom,
) -> None:
    mailroom.stop("after")
    mailroom.start_worker()
    mailroom.commit("letter", "another")
    mailroom.wait_until_it_is("after")
    [(in_hand, _)] = mailroom.posted()

    mailroom.kill_worker()
    mailroom.go_on("after")
    mailroom.start_worker()
    mailroom.wait_until_all_is_delivered()

    assert mailroom.letters() == sorted(["letter", "another", in_hand])
    assert len(set(mailroom.posted())) == 2


def test_a_broker_that_is_down_at_the_commit_costs_little_and_loses_nothing(
    mailroom: Mailroom,
) -> None:
    letters = [f"letter-{number:02}" for number in range(20)]
    mailroom.start_worker()
    mailroom.commit("first")
    mailroom.wait_until_all_is_delivered()

    mailroom.broker.go_down()
    seconds = mailroom.commit(*letters)
    mailroom.commit("--rollback", "never")
    mailroom.broker.come_back()
    mailroom.wait_until_all_is_delivered()

    assert mailroom.letters() == ["first", *letters]
    # One time-out of a second for all of them, not one each: far below twenty.
    assert seconds < 10


def test_workers_killed_again_and_again_lose_nothing_and_repeat_only_what_was_in_hand(
    mailroom: Mailroom,
) -> None:
    letters = [f"letter-{number:02}" for number in range(12)]
    mailroom.start_worker()
    mailroom.commit(*letters)

    kills = (3, 6)
    for enough in kills:
        eventually(lambda enough=enough: len(mailroom.posted()) >= enough, f"{enough} are posted")
        mailroom.kill_worker()
        mailroom.start_worker()
    mailroom.wait_until_all_is_delivered()

    assert set(mailroom.letters()) == set(letters)
    assert len(mailroom.posted()) <= len(letters) + len(kills)
    assert len(set(mailroom.posted())) == len(letters)
