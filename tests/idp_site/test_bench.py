"""The parts of ``make bench``: its driver sees wrong answers, its figures are told as they are."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench import (
    charts,
    comparison,
    goals,
    page,
    profile,
    reasons,
    report,
    sampling,
    serving,
)
from tests.bench.browser import Form
from tests.bench.driver import Driver
from tests.bench.processes import tree
from tests.bench.request import PLACE, SECOND, Request
from tests.bench.sides import floor, ours


class Handler(BaseHTTPRequestHandler):
    """Takes each token once and gives the next; refuses any other."""

    protocol_version = "HTTP/1.1"
    taken: set[str] = set()

    def do_POST(self) -> None:
        """Answer with the next token."""
        token = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = token not in self.taken
        self.taken.add(token)
        body = json.dumps({"next": f"{token}+"}).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Handler.taken = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def spend(port: int, *values: str, chained: bool = False) -> dict[str, Any]:
    request = Request("POST", "/", PLACE, values=values, taken='"next": "([^"]+)"', chained=chained)
    return Driver(port, request, 2, 0.05 if chained else 30).run()


def test_each_value_is_spent_once_and_what_it_gives_is_kept(port: int) -> None:
    found = spend(port, "a", "b", "c", "d", "e")

    assert (found["requests"], found["failures"]) == (5, 0)
    assert sorted(found["taken"]) == ["a+", "b+", "c+", "d+", "e+"]


def test_a_chain_sends_what_the_answer_before_gave(port: int) -> None:
    found = spend(port, "a", "b", chained=True)

    assert found["failures"] == 0
    assert len(Handler.taken) == found["requests"]
    assert {token.rstrip("+") for token in Handler.taken} == {"a", "b"}


def test_no_more_than_asked_for_is_sent(port: int) -> None:
    request = Request("POST", "/", PLACE, values=tuple("abcdef"), taken='"next": "([^"]+)"')

    assert Driver(port, request, 4, 30, most=3).run()["requests"] == 3


def test_values_that_are_cycled_are_sent_in_turn_and_what_is_of_them_goes_on_with_what_is_taken(
    port: int,
) -> None:
    request = Request(
        "POST",
        "/",
        PLACE,
        {"X-Of": SECOND},
        values=("a\tA", "b\tB"),
        taken='"next": "([ab])',
        cycled=True,
    )
    driver = Driver(port, request, 1, 30, most=2)

    assert driver.run()["taken"] == ["a\tA", "b\tB"]
    assert [driver._next_value() for _ in range(3)] == ["a\tA", "b\tB", "a\tA"]
    assert b"X-Of: A\r\n" in request.message("localhost", "a\tA")


def test_a_wrong_answer_is_counted_and_told(port: int) -> None:
    found = spend(port, "a", "a", "a")

    assert found["failures"] == 2
    assert "400" in str(found["first_failure"])


def test_a_form_is_found_by_its_fields() -> None:
    """Pages have others, in the footer."""
    text = """<form action="/in"><input name="who"><input type=hidden name="next" value="/x">
    </form><form action="/language"><select name="language"></select></form>"""

    form = Form(text, ["who"])

    assert (form.action, form.fields) == ("/in", {"who": "", "next": "/x"})


def row(side: str, cpu_ms: float, **more: object) -> dict[str, object]:
    figures = {"requests_per_second": 100.0, "p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0}
    costs = {"cpu_ms": cpu_ms, "database_cpu_ms": 0.0, "memory_mib": 50.0}
    return {"operation": "jwks", "side": side, "version": "1", **figures, **costs, **more}


def test_a_fall_of_more_than_15_percent_is_told() -> None:
    before = comparison.ratios([row(ours.NAME, 1.0), row("peer", 2.0)])
    little_worse = comparison.ratios([row(ours.NAME, 1.15), row("peer", 2.0)])
    worse = comparison.ratios([row(ours.NAME, 1.2), row("peer", 2.0)])

    assert comparison.falls(little_worse, before) == []
    assert len(comparison.falls(worse, before)) == 1


def sampled(*parts: str) -> dict[str, object]:
    looks = dict.fromkeys(parts, 50)
    return {"requests": 1000, "seconds": 0.1, "database_seconds": 0.05, "looks": looks}


def test_a_profile_tells_all_of_what_a_request_costs_over_http() -> None:
    found = profile.row_of("jwks", {"cpu_ms": 0.25}, sampled("middleware", "Django"))

    assert found["parts"] == {"middleware": 0.05, "Django": 0.05, "database": 0.05, "server": 0.15}
    assert {name for name, _ in sampling.PARTS if name} <= {*charts.PARTS}


def test_a_look_is_of_the_innermost_part_and_tools_are_of_who_called_them() -> None:
    looks = sampling.Looks()

    def frames(*files: str) -> Any:
        back = None
        for file in files:
            back = SimpleNamespace(f_code=SimpleNamespace(co_filename=file), f_back=back)
        return back

    looks.look(0, frames("/django/core/handlers/wsgi.py", "/x/oauth/views/token.py", "/json/x.py"))
    looks.look(0, frames("/x/oauth/views/token.py", "/django/db/models/query.py"))
    looks.look(0, frames("/django/template/base.py", "/django/utils/html.py"))
    looks.look(0, frames("/tests/bench/sampling.py", "/json/x.py"))

    assert dict(looks.found) == {
        "the endpoint itself": 1,
        "database client": 1,
        "templates and forms": 1,
        sampling.OWN: 1,
    }


def test_charts_are_well_formed() -> None:
    rows = [row(ours.NAME, 1.0), row("peer & co", 20.0), row("floor", 0.1)]
    grown = [row("few", 1.0, growth=True), row("many", 1.1, growth=True)]

    profiled = [profile.row_of("jwks", {"cpu_ms": 0.2}, sampled("middleware", "Django"))]

    for chart in (
        charts.of_ratios(rows),
        charts.of_growth(grown),
        charts.of_profile(profiled),
    ):
        root = ElementTree.fromstring(chart)  # noqa: S314  # it is our own
        assert root.tag.endswith("svg")


def test_the_page_says_what_was_measured() -> None:
    """Nobody has changed the one without the other."""
    told = comparison.committed()

    assert (report.DOCS / "performance.md").read_text() == page.of(told)
    assert told["ratios"] == comparison.ratios(told["rows"])


def test_a_worker_that_hangs_is_ended_and_the_run_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Though its server has ended."""
    monkeypatch.setattr(serving, "END", 2)
    worker = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('here', flush=True); time.sleep(60)"
    )
    server = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])"
    process = subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as printed:
        printed.readline()
    everything = tree(process.pid)
    assert len(everything) == 2

    serving.stop(process)

    assert not any(serving.is_running(pid) for pid in everything)
    assert "1 of 2 processes of python had to be killed" in capfd.readouterr().err


def test_a_goal_that_is_missed_comes_with_its_reason_in_figures_of_the_run() -> None:
    def rate(side: str, cpu_ms: float, rate: float) -> dict[str, object]:
        return row(side, cpu_ms, operation="userinfo", requests_per_second=rate)

    rows = [rate(ours.NAME, 0.8, 30), rate(floor.NAME, 0.1, 100), rate(floor.READING, 0.25, 45)]

    (goal,) = [goal for goal in goals.of(rows) if goal.of == "userinfo"]
    reason = goals.missed(rows)["userinfo"]

    assert (goal.reached, goal.found) == (False, "30% (by CPU 12%); 67% of floor with a read")
    assert "an empty view 0.10; one that reads a row 0.25; ours 0.80" in reason
    assert "reaches 45% of the empty one" in reason
    assert "no answer that can be revoked at once reaches the goal" in reason
    assert not goals.missed([*rows[1:], rate(ours.NAME, 0.1, 61)])


def test_every_goal_has_a_reason_ready() -> None:
    shares = {operation for operation, *_ in goals.SHARES}

    others = {"signin_post", "cold_start", "memory", "growth", "clean_up"}
    assert {*goals.RATES, *shares, *goals.PAGES, *others} == {*reasons.WHY}
