"""An erasure is complete when every region has returned its own signed receipt, and not before."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from ostiary import erasure, events, jws, notifications, outbox, privacy, receipts
from ostiary.models import Erasure, Event, OutboxMessage, RegionalReceipt
from ostiary.regions import alarms, asking, configured, homes, keys, link, tokens
from tests.ostiary.regions import EU, US, Peer

pytestmark = pytest.mark.django_db


@pytest.fixture
def us(ostiary: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """The other region, which answers as the test wants it to."""
    monkeypatch.setattr(privacy, "_erasers", {})
    monkeypatch.setattr(notifications, "_not_me_link", None)
    monkeypatch.setattr(erasure, "_cancel_link", None)
    peer = Peer(tmp_path)
    peer.answers = [peer.done]
    monkeypatch.setattr(link, "ask", peer.ask)
    ostiary(**peer.settings)
    return peer


@pytest.fixture
def person(person: Any) -> Any:
    """Alice, whose address is known to be hers, on any user model."""
    if hasattr(person, "email_verified_at"):
        person.email_verified_at = timezone.now()
        person.save()
    return person


def begin(person: Any) -> Erasure:
    """Erase her here: what is missing then is the other region."""
    asked = erasure.request(person, grace=timedelta())
    assert not erasure.run(asked.pk)
    return asked


def deliver() -> None:
    """Send what waits for regions, due or not."""
    of_regions = OutboxMessage.objects.filter(kind=asking.KIND)
    of_regions.update(next_attempt_at=timezone.now())
    for message in of_regions:
        outbox.deliver(message.pk)


def mails() -> list[dict[str, Any]]:
    """What is to be mailed."""
    found = OutboxMessage.objects.filter(kind="email.send").order_by("pk")
    return [json.loads(message.payload) for message in found]


def test_it_is_complete_with_the_receipt_of_the_other_region_and_not_before(us, person):
    key = str(person.pk)
    asked = begin(person)

    asked.refresh_from_db()
    assert (asked.state, asked.receipt) == ("running", "")
    assert asked.last_error == "Waits for the regions: us"
    assert not get_user_model().objects.filter(pk=key).exists()
    assert mails() == []

    deliver()
    assert erasure.run_due() == 1

    asked.refresh_from_db()
    said = receipts.verify(asked.receipt)
    assert (said["region"], said["home_region"]) == ("eu", "eu")
    assert [each["region"] for each in said["regions"]] == ["us"]
    assert "wait_for_regions" not in [step["name"] for step in said["steps"]]
    assert receipts.of_regions(said)["us"]["accounts"] == 1
    assert us.asked[0]["subject"] == key
    assert us.asked[0]["addresses"] == {"alice@example.com": True}
    assert asked.receipt in json.dumps(mails())
    assert (asked.subject, asked.emails) == (None, None)


def test_answered_twice_it_is_complete_once(us, person):
    asked = begin(person)
    deliver()
    message = OutboxMessage.objects.get(kind=asking.KIND)
    message.state = "pending"
    message.payload = json.dumps({"erasure": str(asked.pk), "region": "us"})
    message.save()
    deliver()
    assert erasure.run_due() == 1
    deliver()

    assert erasure.run_due() == 0
    assert len(mails()) == len(us.asked) == 1


def test_a_region_that_has_begun_is_asked_again_with_the_same_request(us, person):
    us.answers = [{"state": "running"}, {"state": "held"}, us.done]
    asked = begin(person)
    seen = []
    for _ in range(3):
        deliver()
        seen.append(RegionalReceipt.objects.get().last_error)

    assert seen == ["It has begun there, and is running.", "It has begun there, and is held.", ""]
    assert [each["erasure"] for each in us.asked] == [str(asked.pk)] * 3
    assert len({each["jti"] for each in us.asked}) == 3
    assert erasure.run_due() == 1


def test_it_is_asked_for_ever_with_bounded_pauses(us, person, ostiary):
    us.answers = [link.Answer(503, "text/html", b"")]
    ostiary(**us.settings, OUTBOX_MAX_ATTEMPTS=3)
    begin(person)
    OutboxMessage.objects.filter(kind=asking.KIND).update(attempts=1000)
    deliver()

    message = OutboxMessage.objects.get(kind=asking.KIND)
    assert message.state == "pending"
    assert message.next_attempt_at - timezone.now() <= timedelta(minutes=10)
    assert RegionalReceipt.objects.get().last_error == "NoReceiptError: HTTP 503"
    us.answers = [us.done]
    deliver()
    assert erasure.run_due() == 1


def test_a_region_that_is_silent_does_not_keep_a_worker(us, monkeypatch):
    monkeypatch.setattr(asking, "_spared_until", {})
    monkeypatch.setattr(asking, "SPARED", 10_000)
    asked = []

    def silent(*given: Any) -> link.Answer:
        asked.append(given)
        time.sleep(0.01)
        raise link.LinkError("TimeoutError")

    monkeypatch.setattr(link, "ask", silent)
    for _ in range(3):
        with pytest.raises(link.LinkError):
            asking._post(US, "x")
    assert len(asked) == 1
    monkeypatch.setattr(asking, "_spared_until", {US: time.monotonic() - 1})
    with pytest.raises(link.LinkError, match="Timeout"):
        asking._post(US, "x")


def test_an_answer_that_comes_while_an_erasure_is_put_off_is_not_waited_for(us, person):
    asked = begin(person)
    erasure.hasten(asked)
    assert erasure._claim(asked.pk)
    asked.refresh_from_db()
    with pytest.raises(erasure.Later) as waits:
        asking.hear_from_every_region(asked, None)
    deliver()
    erasure._put_off(asked, "wait_for_regions", waits.value)

    assert erasure.run_due() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "another erasure",
        "another region",
        "for another region",
        "another key",
        "our own key",
        "regions of its own",
        "no receipt",
        "another request",
        "an answer for another region",
        "an answer that is a request",
        "an answer by another key",
        "not signed",
        "a redirect",
    ],
)
def test_what_is_no_receipt_of_this_erasure_by_this_region_completes_nothing(us, person, wrong):
    other = Ed25519PrivateKey.generate()

    def receipt(**changed: Any) -> Any:
        return lambda asked: {
            "state": "done",
            "receipt": us.receipt(asked["erasure"], **changed),
        }

    def answer(**changed: Any) -> Any:
        return lambda asked: us.token(
            {"request": asked["jti"], **us.done(asked)}, **{"typ": tokens.ANSWER, **changed}
        )

    us.answers = [
        {
            "another erasure": receipt(answers={"region": "eu", "erasure": "1"}),
            "another region": receipt(region="ap"),
            "for another region": receipt(answers={"region": "ap", "erasure": "1"}),
            "another key": receipt(key=other),
            "our own key": receipt(key=receipts.private_keys()[0]),
            "regions of its own": receipt(regions=[]),
            "no receipt": {"state": "done"},
            "another request": answer(request="x" * 22),
            "an answer for another region": answer(aud=US.url),
            "an answer that is a request": answer(typ=tokens.REQUEST),
            "an answer by another key": answer(key=other),
            "not signed": link.Answer(200, "application/json", b'{"state": "done"}'),
            "a redirect": link.Answer(302, "text/html", b""),
        }[wrong]
    ]
    begin(person)
    deliver()

    late = RegionalReceipt.objects.get()
    assert (late.receipt, late.answered_at) == ("", None)
    assert late.last_error
    assert OutboxMessage.objects.get(kind=asking.KIND).state == "pending"
    assert erasure.run_due() == 0


def test_a_region_that_has_been_missing_for_long_is_told_once(us, person):
    us.answers = [link.Answer(503, "text/html", b"")]
    begin(person)
    assert alarms.tell() == 0
    RegionalReceipt.objects.update(asked_at=timezone.now() - timedelta(hours=25))

    assert (alarms.tell(), alarms.tell()) == (1, 0)

    event = Event.objects.get(kind=alarms.EVENT)
    assert event.details["region"] == "us"
    [mail] = mails()
    assert (mail["to"], "us" in mail["text"]) == ("alice@example.com", True)
    assert events.sentence(alarms.EVENT) != alarms.EVENT


def test_without_other_regions_nothing_is_asked(us, person, ostiary):
    ostiary(REGION="", REGIONS={})
    asked = erasure.request(person, grace=timedelta())
    assert erasure.run(asked.pk)
    asked.refresh_from_db()
    assert "regions" not in receipts.verify(asked.receipt)


def test_the_command_waits_for_the_regions(us, person):
    us.answers = [us.done]
    printed = StringIO()
    call_command(
        "erase_user", person.email, "--reason", "x", "--now", stdout=printed, stderr=printed
    )
    assert "us" in receipts.of_regions(receipts.verify(printed.getvalue().split()[-1]))


# --- receipts -------------------------------------------------------------------------------------


def test_a_receipt_is_verified_without_the_sites_by_the_keys_of_each(us, person, tmp_path):
    asked = begin(person)
    deliver()
    erasure.run_due()
    asked.refresh_from_db()
    file, own = tmp_path / "receipt", tmp_path / "eu.json"
    file.write_text(asked.receipt)
    own.write_text(json.dumps(receipts.public_keys()))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"keys": [jws.jwk(jws.x_of(Ed25519PrivateKey.generate()))]}))

    call_command("verify_receipt", file, stdout=StringIO())
    given = ("verify_receipt", file, "--keys", own)
    call_command(*given, "--region-keys", f"us={us.file}", stdout=StringIO())
    for wrong in ([], [f"us={own}"], [f"us={other}"], [f"ap={us.file}"]):
        with pytest.raises(CommandError, match="region us"):
            call_command(*given, *(part for each in wrong for part in ("--region-keys", each)))


def test_a_receipt_is_verified_also_when_the_region_has_another_key(us, person):
    asked = begin(person)
    deliver()
    erasure.run_due()
    asked.refresh_from_db()
    us.key = Ed25519PrivateKey.generate()
    us.file.write_text(json.dumps(us.jwks))

    assert receipts.verify(asked.receipt)


@pytest.mark.parametrize(
    "held",
    [
        "us",
        {"us": "x"},
        ["us"],
        [{"region": "us"}],
        [{"region": "us", "receipt": 1}],
        [{"region": "us", "receipt": "a.b.c"}],
    ],
    ids=str,
)
def test_what_holds_no_receipts_of_regions_where_they_belong_is_refused(us, held):
    with pytest.raises(receipts.InvalidReceipt):
        receipts.verify(receipts.sign({"jti": "1", "region": "eu", "regions": held}))


def test_the_same_region_twice_is_refused(us):
    each = {"region": "us", "receipt": us.receipt("1")}
    keys.keep(configured.every()["us"], each["receipt"])
    assert receipts.verify(receipts.sign({"jti": "1", "region": "eu", "regions": [each]}))
    with pytest.raises(receipts.InvalidReceipt, match="two receipts"):
        receipts.verify(receipts.sign({"jti": "1", "region": "eu", "regions": [each, each]}))


# --- keys and the way there -----------------------------------------------------------------------


def test_keys_are_asked_for_again_where_one_is_unknown_and_kept_while_the_region_is_away(
    us, monkeypatch
):
    monkeypatch.setattr(keys, "_told", {})
    told: list[Any] = [us.jwks]
    asked = []

    def ask(url: str, path: str, token: str = "", seconds: float = 0) -> link.Answer:
        asked.append((url, path))
        if isinstance(told[0], Exception):
            raise told[0]
        return link.Answer(200, "application/json", json.dumps(told[0]).encode())

    monkeypatch.setattr(link, "ask", ask)
    first = us.jwks["keys"][0]
    assert keys.of(US, first["kid"]) == keys.of(US, first["kid"]) == [first]
    assert asked == [(US.url, keys.PATH)]

    us.key = Ed25519PrivateKey.generate()
    told[0] = us.jwks
    second = us.jwks["keys"][0]
    assert keys.of(US, second["kid"]) == [first]  # it was asked just now
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 0)
    assert keys.of(US, second["kid"]) == [second]

    told[0] = link.LinkError("away")
    assert keys.of(US, "unknown") == [second]
    monkeypatch.setattr(keys, "WITHOUT_SECONDS", -1)
    with pytest.raises(link.LinkError):
        keys.of(US, "unknown")


def test_who_comes_with_strange_keys_while_the_region_is_away_makes_us_ask_once(us, monkeypatch):
    monkeypatch.setattr(keys, "_told", {})
    asked = []

    def away(*given: Any, **_: Any) -> link.Answer:
        asked.append(given)
        raise link.LinkError("away")

    monkeypatch.setattr(link, "ask", away)
    for kid in ("a", "b", ""):
        with pytest.raises(link.LinkError):
            keys.of(US, kid)
    assert len(asked) == 1


def test_a_receipt_may_be_older_than_the_key_by_which_its_region_speaks(us, monkeypatch, ostiary):
    monkeypatch.setattr(keys, "_told", {})
    old, us.key = us.key, Ed25519PrivateKey.generate()
    published = {
        keys.PATH: us.jwks,
        keys.RECEIPTS_PATH: {"keys": [jws.jwk(jws.x_of(key)) for key in (old, us.key)]},
    }

    def ask(url: str, path: str, token: str = "", seconds: float = 0) -> link.Answer:
        return link.Answer(200, "application/json", json.dumps(published[path]).encode())

    monkeypatch.setattr(link, "ask", ask)
    receipt = us.receipt("1", key=old)
    keys.keep(US, receipt)
    assert receipts.verify_regional(receipt, receipts.keys_of_region("us"), "us", "eu", "1")
    assert jws.jwk(jws.x_of(old)) not in keys.of(US, "x")


@pytest.mark.parametrize("told", [b"[]", b'{"keys": 1}', b'{"keys": [1, {"kty": "RSA"}]}', b"x"])
def test_what_is_no_key_set_holds_no_keys(us, monkeypatch, told):
    monkeypatch.setattr(keys, "_told", {})
    monkeypatch.setattr(link, "ask", lambda *_, **__: link.Answer(200, "application/json", told))
    try:
        assert keys.of(US, "x") == []
    except link.LinkError:
        assert told == b"x"


@pytest.fixture
def server() -> Any:
    """It redirects, answers too much, or takes its time."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/redirect" else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            if self.path == "/large":
                self.wfile.write(b"x" * (tokens.MAX_LENGTH + 1))
            if self.path == "/silent":
                over.wait(30)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    over = threading.Event()
    started = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=started.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{started.server_port}"
    over.set()
    started.shutdown()
    started.server_close()


def test_a_redirect_is_not_followed_and_what_is_too_much_or_too_slow_is_no_answer(server):
    assert link.ask(server, "/redirect").status == 302
    with pytest.raises(link.LinkError, match="too large"):
        link.ask(server, "/large")
    with pytest.raises(link.LinkError):
        link.ask(server, "/silent", seconds=0.2)
    with pytest.raises(link.LinkError):
        link.ask("http://127.0.0.1:1", "/")
    with pytest.raises(link.LinkError, match="not https"):
        link.ask("http://192.0.2.1", "/")


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://eu.id.example.com", True),
        ("https://eu.id.example.com/", True),
        ("https://10.0.0.7:8443", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://eu.id.example.com", False),
        ("https://eu.id.example.com/path", False),
        ("https://eu.id.example.com?query", False),
        ("https://me@eu.id.example.com", False),
        ("https://eu.id.example.com:port", False),
        ("ftp://localhost", False),
        ("https://", False),
        ("", False),
    ],
)
def test_a_region_is_reached_by_https_or_on_this_machine(url, is_good):
    assert configured.is_secure(url) is is_good


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"REGION": "eu"}, "none of REGIONS"),
        ({"REGION": "ap", "REGIONS": {"eu": {"url": EU.url}}}, "none of REGIONS: eu"),
        ({"REGION": "EU", "REGIONS": {"EU": {"url": EU.url}}}, "a name is"),
        ({"REGION": "eu", "REGIONS": {"eu": {"url": "http://eu.example"}}}, "no https address"),
        ({"REGION": "eu", "REGIONS": {"eu": {"url": EU.url, "kid": "x"}}}, "there are 'url'"),
        ({"REGION": "eu", "REGIONS": {"eu": {"url": EU.url, "keys": "/nowhere"}}}, "no JWK Set"),
        ({"REGION": "eu", "REGIONS": {"eu": {"url": EU.url}, "us": {"url": EU.url}}}, "the same"),
    ],
)
def test_what_is_wrong_with_the_regions_is_told_at_the_start(ostiary, changes, told):
    from ostiary.checks import check_settings

    ostiary(**changes)
    [problem] = [each for each in check_settings(None) if each.id == "ostiary.E032"]
    assert told in problem.msg


def test_who_is_here_is_at_home_here(us, person):
    if not hasattr(person, "home_region"):
        assert configured.home_of(person) == "eu"
        return
    model = get_user_model()
    model.objects.update(home_region="")
    assert homes.name_homes(model, "ap") == 1
    assert configured.home_of(model.objects.get()) == "ap"
    assert homes.name_homes(model, "eu") == 0
    model.objects.update(home_region="")
    printed = StringIO()
    call_command("set_home_region", stdout=printed)
    assert "home region is now eu: 1" in printed.getvalue()
    assert model(email="new@example.com").home_region == "eu"
