"""What waits in which queue: nothing that somebody sits and waits for behind what can hang."""

import pytest
from django.apps import apps
from django.conf import settings

from idp_site.celery import app
from idp_site.queues import celery_queues
from ostiary import mail, outbox
from ostiary.models import OutboxMessage
from ostiary.tasks import BEAT_SCHEDULE

QUEUES = {
    "accounts.factor_recovery_link": "urgent",
    "accounts.mailed_code": "urgent",
    "accounts.recovery_link": "urgent",
    "email.send": "normal",
    "events.hook": "bulk",
    "exports.collect": "bulk",
    "mfa.sms": "sms",
    "mfa.sms_budget": "normal",
    "oauth.account_purged": "bulk",
    "oauth.backchannel_logout": "bulk",
    "regions.erase": "bulk",
}


def test_what_calls_the_servers_of_others_waits_apart_from_codes_and_notices():
    installed = {config.label.removeprefix("ostiary_") for config in apps.get_app_configs()}
    for kind, queue in QUEUES.items():
        room = kind.split(".")[0]
        if room in ("email", "events", "exports", "regions") or room in installed:
            assert kind in outbox.kinds()
            assert outbox._queue_of(kind) == queue


@pytest.mark.django_db
def test_a_mail_that_somebody_waits_for_is_urgent():
    for urgent in (False, True):
        mail.send_email("a@example.com", "ostiary/mail/erased", {"receipt": "x"}, urgent=urgent)
    found = OutboxMessage.objects.filter(kind="email.send").order_by("pk")
    assert [message.queue for message in found] == ["normal", "urgent"]


@pytest.mark.django_db
@pytest.mark.needs("accounts")
def test_codes_and_links_for_whoever_signs_in_are_urgent(client):
    from django.contrib.auth import get_user_model

    get_user_model().objects.create_user("alice@example.com", "correct horse battery staple")
    client.post("/recover/", {"email": "alice@example.com"})
    outbox.deliver_due()
    assert {*OutboxMessage.objects.values_list("kind", "queue")} == {
        ("accounts.recovery_link", "urgent"),
        ("email.send", "urgent"),
    }


def test_a_worker_takes_from_all_of_them_and_each_is_swept_where_it_waits():
    taken = {queue.name for queue in app.conf.task_queues}
    assert taken == {*settings.OSTIARY["OUTBOX_QUEUES"].values(), app.conf.task_default_queue}
    for queue in outbox.Queue:
        entry = BEAT_SCHEDULE[f"ostiary.outbox.sweep.{queue}"]
        assert entry["args"] == (queue,)
        assert entry["options"]["queue"] == f"ostiary.{queue}"


@pytest.mark.parametrize(("url", "kind"), [("amqp://x", "quorum"), ("redis://x", None)])
def test_in_rabbitmq_they_are_quorum_queues(url, kind):
    arguments = [queue.queue_arguments or {} for queue in celery_queues(url)]
    assert {each.get("x-queue-type") for each in arguments} == {kind}


def test_no_task_outlives_its_lease_or_is_given_to_a_second_worker_while_it_runs():
    from ostiary.conf import ostiary_settings

    limit = settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < limit < ostiary_settings.OUTBOX_LEASE_SECONDS
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_WORKER_PREFETCH_MULTIPLIER == 1
