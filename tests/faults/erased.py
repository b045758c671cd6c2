"""People to erase, with an application that is to hear of it; and what has to be so afterwards."""

from __future__ import annotations

import base64
import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.test import Client as Browser
from django.utils import timezone

from oauth import keys
from oauth.models import Client, ClientSession, Consent, ErasureNotice, Grant
from ostiary import erasure, event_chain, outbox, receipts, scrubbing, tombstones
from ostiary.models import Erasure, ErasureStep, OutboxMessage
from tests import searching
from tests.oauth import flow
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client, make_person
from tests.oauth.far_end import FarEnd, far_end

MARK = "zqxmark.example"


class Place:
    """The site's application, and a file in which each mail is a line."""

    def __init__(self, folder: Path, receiver: FarEnd) -> None:
        self.receiver = receiver
        self.mails = folder / "mails"
        self.seen: set[Any] = set()
        keys.ensure()
        keys.forget()
        self.client = make_client(
            name="Web",
            client_type=Client.CLIENT_CONFIDENTIAL,
            first_party=True,
            redirect_uris="https://rp.example/callback",
            metadata={
                "backchannel_logout_uri": f"{receiver.url}logout",
                "security_event_uri": f"{receiver.url}events",
            },
            **SIGNS_PEOPLE_IN,
        )

    def person(self, name: str) -> Any:
        """Somebody who has signed in to the application."""
        person = make_person(f"{name}@{MARK}", name=f"Name-{name}-{MARK}")
        browser = Browser()
        browser.force_login(person)
        flow.sign_in_tokens(browser, self.client, scope="openid offline_access")
        Consent.objects.create(user=person, client=self.client, scopes=["openid"])
        return person

    def mailed(self, address: str) -> list[str]:
        """The message IDs of what was mailed there."""
        lines = self.mails.read_text().splitlines() if self.mails.exists() else []
        return [line.split(" ")[1] for line in lines if line.split(" ")[0] == address]

    def told(self, path: str, subject: str) -> list[dict[str, Any]]:
        """The claims of what the application was told of this person (``test_risc`` verifies)."""
        found = []
        for _, at, body in self.receiver.asked:
            if at == path:
                form = parse_qs(body.decode()).get("logout_token", [body.decode()])[0]
                claims = _claims_of(form)
                if subject in (claims.get("sub"), claims.get("sub_id", {}).get("sub")):
                    found.append(claims)
        return found

    def problems(self, subject: str, address: str, repeats: dict[str, int]) -> Iterator[str]:
        """What is not as it has to be once a person is erased; ``repeats`` says how often at most
        something is told again: a process was killed after it was told, before that was noted."""
        done = Erasure.objects.exclude(pk__in=self.seen)
        if done.count() != 1 or done.get().state != Erasure.State.DONE:
            yield f"erasures: {list(done.values_list('state', 'last_error'))}"
            return
        one = done.get()
        self.seen.add(one.pk)
        said = receipts.verify(one.receipt)
        names = list(erasure.steps())
        if [step["name"] for step in said["steps"]] != names[:-1]:
            yield f"the receipt's steps: {said['steps']}"
        counts: Counter[str] = Counter()
        for step in said["steps"]:
            counts.update(step["erased"])
        for model in (Consent, Grant, get_user_model()):
            if counts[model._meta.label] != 1:
                yield f"{model._meta.label} was erased {counts[model._meta.label]} times"
        if sorted(ErasureStep.objects.filter(erasure=one).values_list("name", flat=True)) != sorted(
            names
        ):
            yield "a step is not done, or twice"
        if not tombstones.is_buried(subject) or one.subject or one.emails:
            yield "no tombstone, or a name"
        if get_user_model().objects.filter(pk=subject).exists():
            yield "the person is there"
        if ClientSession.objects.exists() or ErasureNotice.objects.exists():
            yield "something is still to be told"
        # SQLite's files are rewritten later, once for all who are erased meanwhile.
        every = OutboxMessage.objects.exclude(kind=scrubbing.KIND)
        open_ones = every.exclude(state=OutboxMessage.State.DONE)
        if open_ones.exists() or every.exclude(payload__isnull=True).exists():
            yield f"messages: {list(open_ones.values_list('kind', 'state', 'last_error'))}"
        mailed = self.mailed(address)
        told = [claims["jti"] for claims in self.told("/events", subject)]
        ended = [claims["sid"] for claims in self.told("/logout", subject)]
        for kind, found in (
            ("email.send", mailed),
            ("oauth.account_purged", told),
            ("oauth.backchannel_logout", ended),
        ):
            if len(set(found)) != 1 or len(found) > 1 + repeats.get(kind, 0):
                yield f"{kind}: {found}"


def _claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def mail_into(file: Path) -> None:
    """Have this process, and its children, send mail by writing a line to the file."""

    def send(message: EmailMultiAlternatives, fail_silently: bool = False) -> int:
        line = f"{message.to[0]} {message.extra_headers['Message-ID']}\n"
        with file.open("a") as mails:
            mails.write(line)
            mails.flush()
            os.fsync(mails.fileno())
        return 1

    EmailMultiAlternatives.send = send  # type: ignore[method-assign]


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """The site for as long as the test goes on; its mail goes into the folder."""
    before = EmailMultiAlternatives.send
    with far_end() as receiver:
        receiver.status = 200
        found = Place(folder, receiver)
        mail_into(found.mails)
        try:
            yield found
        finally:
            EmailMultiAlternatives.send = before  # type: ignore[method-assign]


def ask_and_work(subject: str) -> None:
    """What a web server and a worker do of one erasure."""
    person = get_user_model().objects.filter(pk=subject).first()
    if person is not None and not Erasure.objects.filter(subject=subject).exists():
        erasure.request(person, grace=timedelta())
    erasure.run_due()
    while outbox.deliver_due():
        pass


def leases_run_out() -> None:
    """Minutes later."""
    past = timezone.now() - timedelta(seconds=1)
    Erasure.objects.filter(state=Erasure.State.RUNNING).update(leased_until=past, due_at=past)
    OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING).update(
        leased_until=None, next_attempt_at=past
    )


def recover(subject: str) -> None:
    """Another worker comes when the leases have run out; and once more, to nothing. Of a request
    that was never committed the person knows, and asks again."""
    leases_run_out()
    ask_and_work(subject)
    leases_run_out()
    assert erasure.run_due() == outbox.deliver_due() == 0


def nothing_is_left() -> None:
    """No marked value stands anywhere, and the log's chain verifies."""
    event_chain.seal()
    assert list(event_chain.verify()) == []
    assert searching.found({"address or name": MARK}, io.StringIO()) == []
