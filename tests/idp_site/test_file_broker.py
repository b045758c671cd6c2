"""The broker of the demo, which is a folder: what others write into it while we read."""

import os
import threading
import time

import pytest
from kombu import Connection

from idp_site import file_broker
from idp_site.queues import celery_queues

[OF_THE_SITE] = [queue for queue in celery_queues("filesystem://") if "normal" in queue.name]
QUEUE = OF_THE_SITE.name


@pytest.fixture
def folder(tmp_path):
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def connect(folder):
    """Connections such as two processes have."""
    made = []
    file_broker.Transport.global_state.clear()  # of the folder before

    def new():
        messages = str(folder / "queue")
        options = {
            "data_folder_in": messages,
            "data_folder_out": messages,
            "control_folder": str(folder / "control"),
        }
        transport = "idp_site.file_broker:Transport"
        made.append(Connection("filesystem://", transport=transport, transport_options=options))
        return made[-1].SimpleQueue(OF_THE_SITE)

    yield new
    for each in made:
        each.release()


def take(queue):
    message = queue.get(block=False)
    message.ack()
    return message.payload


@pytest.mark.parametrize("text", ["", '{"body": "W1tdL', "\x00\x00\x00"])
def test_a_half_written_message_stops_nobody(connect, folder, text):
    queue = connect()
    half = folder / "queue" / f"0_first.{QUEUE}.msg"
    half.write_text(text)
    queue.put({"number": 1})

    assert take(queue) == {"number": 1}
    with pytest.raises(queue.Empty):
        take(queue)
    assert half.exists()


def test_a_message_that_is_written_slowly_arrives_when_it_is_whole(connect, folder):
    queue = connect()
    queue.put({"number": 1})
    [path] = (folder / "queue").glob("*.msg")
    text = path.read_text()
    path.write_text(text[:40])
    with pytest.raises(queue.Empty):
        take(queue)

    path.write_text(text)

    assert take(queue) == {"number": 1}


def test_one_that_nobody_goes_on_writing_is_dropped_and_told(connect, folder, caplog):
    queue = connect()
    half = folder / "queue" / f"0_first.{QUEUE}.msg"
    half.touch()
    past = time.time() - file_broker.PATIENCE_SECONDS - 1
    os.utime(half, (past, past))

    with pytest.raises(queue.Empty):
        take(queue)

    assert not half.exists()
    assert "can't be read was dropped" in caplog.text


def test_an_emptied_table_of_an_exchange_is_made_anew(connect, folder):
    connect().put({"number": 1})
    [table] = (folder / "control").glob("*.exchange")
    table.write_text("")
    file_broker.Transport.global_state.clear()  # as in a process that has just been started

    queue = connect()
    queue.put({"number": 2})

    assert [take(queue), take(queue)] == [{"number": 1}, {"number": 2}]


def test_messages_are_for_their_owner_alone(connect, folder):
    connect().put({"number": 1})
    [path] = (folder / "queue").glob("*.msg")
    assert path.stat().st_mode & 0o777 == 0o600


def test_of_many_readers_one_gets_each_message_of_many_writers(connect):
    writers, readers = [connect() for _ in range(3)], [connect() for _ in range(3)]
    expected = {f"{writer}-{number}" for writer in range(3) for number in range(40)}
    taken, problems = [], []

    def write(number):
        for each in range(40):
            writers[number].put(f"{number}-{each}")

    over = time.monotonic() + 60

    def read(queue):
        while len(taken) < len(expected) and not problems and time.monotonic() < over:
            try:
                taken.append(take(queue))
            except queue.Empty:
                continue
            except Exception as problem:
                problems.append(problem)

    threads = [threading.Thread(target=write, args=[number]) for number in range(3)]
    threads += [threading.Thread(target=read, args=[queue]) for queue in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert problems == []
    assert sorted(taken) == sorted(expected)
