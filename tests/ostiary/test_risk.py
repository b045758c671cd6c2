"""How unusual a sign-in looks, and why."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ostiary import events, known_device, places, risk, throttling
from ostiary.models import Event, Session
from ostiary.risk import Assessment, Decision, weigh
from tests import mmdb
from tests.ostiary.conftest import sign_in, who

pytestmark = pytest.mark.django_db

HERE = __name__
PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "risk.md").read_text()


class Always:
    name, weight, sentence = "always", 50, "it is always unusual"

    def applies(self, circumstances):
        return True


class Never(Always):
    name = "never"

    def applies(self, circumstances):
        return False


class Failing(Always):
    name, weight, sentence = "failing", 7, "it can't be told"

    def applies(self, circumstances):
        raise LookupError("the directory is away")


class Negative(Always):
    name, weight = "negative", -100


class Night(Always):
    name, weight, sentence = "night", 10, "it is night"


@pytest.fixture
def before(person):
    """Alice has signed in once, wherever."""
    events.register_kinds({"signin.succeeded": "Signed in"})
    return events.record("signin.succeeded", user=person)


@pytest.fixture
def places_known(ostiary, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "_opened", None)
    ostiary(PLACES_DATABASE=str(mmdb.write(tmp_path / "places.mmdb", mmdb.PLACES)))


def look(person, ip=mmdb.PARIS, signals=(), known=False, amr=("pwd",)):
    """The reasons of a sign-in from there."""
    request = RequestFactory().get("/", REMOTE_ADDR=ip)
    request.session = SessionStore()
    if known:
        from django.http import HttpResponse

        response = HttpResponse()
        known_device.remember(request, response, person)
        request.COOKIES[known_device.cookie_name()] = response.cookies[
            known_device.cookie_name()
        ].value
    return dict(risk.assess(request, person, signals, amr=amr).reasons)


def session(person, ip, hours_ago=0.0):
    now = timezone.now() - timedelta(hours=hours_ago)
    return Session.objects.create(
        user=person,
        session_key="x",
        ip_address=ip,
        created_at=now,
        authenticated_at=now,
        last_seen_at=now,
    )


# --- the score ---------------------------------------------------------------------------------

REASONS = st.dictionaries(st.text(min_size=1, max_size=8), st.integers(-1000, 1000), max_size=8)


@given(REASONS)
def test_the_score_is_the_sum_of_its_reasons_and_never_negative(reasons):
    found = weigh(reasons.items())

    assert found.score == sum(found.reasons.values()) == sum(max(0, w) for w in reasons.values())
    assert found.score >= 0
    assert set(found.reasons) == set(reasons)


@given(REASONS, st.text(min_size=1, max_size=8), st.integers(-1000, 1000))
def test_one_more_reason_never_makes_it_less_unusual(reasons, name, weight):
    less = weigh((other, given) for other, given in reasons.items() if other != name)
    more = weigh([*less.reasons.items(), (name, weight)])

    assert more.score >= less.score
    assert list(Decision).index(more.decision) >= list(Decision).index(less.decision)


@pytest.mark.parametrize(
    ("score", "decision"),
    [(0, "nothing"), (29, "nothing"), (30, "notify"), (59, "notify"), (60, "step_up")],
)
def test_policy_is_two_thresholds(score, decision):
    assert Assessment({"x": score}).decision.value == decision


def test_a_threshold_of_zero_is_never_reached(ostiary):
    ostiary(RISK_STEP_UP_SCORE=0)
    assert Assessment({"x": 999}).decision is Decision.NOTIFY
    ostiary(RISK_STEP_UP_SCORE=0, RISK_NOTIFY_SCORE=0)
    assert Assessment({"x": 999}).decision is Decision.NOTHING


# --- the rules ---------------------------------------------------------------------------------


def test_the_very_first_sign_in_is_not_unusual(person):
    assert look(person) == {}


def test_a_new_device_is_and_a_known_one_is_not(person, before):
    assert look(person) == {"new_device": 35}
    assert look(person, known=True) == {}


def test_a_new_country_is_and_another_city_is_not(places_known, person):
    session(person, mmdb.PARIS, hours_ago=200)

    assert look(person, mmdb.LYON, known=True) == {}
    assert look(person, mmdb.TOKYO, known=True) == {"new_country": 25}
    session(person, mmdb.TOKYO, hours_ago=100)
    assert look(person, mmdb.TOKYO, known=True) == {}


@pytest.mark.parametrize(
    ("hours", "travelled"), [(0, True), (5, True), (9, True), (11, False), (48, False)]
)
def test_nobody_flies_from_paris_to_tokyo_in_less_than_ten_hours(
    places_known, person, hours, travelled
):
    session(person, mmdb.TOKYO, hours_ago=300)
    session(person, mmdb.PARIS, hours_ago=hours)

    assert look(person, mmdb.TOKYO, known=True) == ({"impossible_travel": 40} if travelled else {})


def test_what_is_near_is_within_the_error_of_the_database(places_known, person):
    session(person, mmdb.PARIS)
    assert look(person, mmdb.LYON, known=True) == {}


@pytest.mark.parametrize("ip", ["10.0.0.1", "2001:db8::1", ""])
def test_an_address_without_a_place_says_nothing(places_known, person, ip):
    session(person, mmdb.PARIS)
    assert look(person, ip, known=True) == {}


def test_another_persons_sessions_say_nothing(places_known, person, other_person):
    session(other_person, mmdb.PARIS)
    assert look(person, mmdb.TOKYO, known=True) == {}


def test_without_a_database_of_places_no_session_is_looked_at(person, django_assert_num_queries):
    session(person, mmdb.PARIS)
    with django_assert_num_queries(0):
        assert look(person, mmdb.TOKYO, known=True) == {}


def test_many_guesses_count_on_a_device_that_is_not_known(person, before):
    for _ in range(24):
        throttling.throttle("signin", user=person.get_username())
    assert look(person) == {"new_device": 35}

    throttling.throttle("signin", user=person.get_username())
    assert look(person) == {"new_device": 35, "throttle_pressure": 25}
    assert look(person, known=True) == {}


def test_wrong_passwords_say_nothing_of_a_sign_in_without_one(
    person, before, django_assert_num_queries
):
    for _ in range(50):
        throttling.throttle("signin", user=person.get_username())

    with django_assert_num_queries(1):  # whether they have signed in before
        assert look(person, amr=("hwk", "user")) == {"new_device": 35}


def test_a_breached_password_is_what_the_way_in_says(person):
    assert look(person, known=True, signals=["breached_password"]) == {"breached_password": 25}
    assert look(person, known=True, signals=["something else"]) == {}


def test_a_rule_that_fails_counts_and_is_logged(ostiary, person, caplog):
    ostiary(RISK_RULES=[f"{HERE}.Failing", f"{HERE}.Never", f"{HERE}.Negative"])

    assert look(person) == {"failing": 7, "negative": 0}
    assert "The rule failing failed" in caplog.text


def test_the_rule_of_the_page_works(person, ostiary, monkeypatch):
    namespace = {}
    exec(re.search(r"# shop/risk\.py\n.*?(?=```)", PAGE, re.DOTALL)[0], namespace)  # noqa: S102
    monkeypatch.setitem(globals(), "Night", namespace["Night"])
    ostiary(RISK_RULES=[f"{HERE}.Night"])

    for hour, reasons in ((3, {"night": 30}), (12, {})):
        at = timezone.now().replace(hour=hour)
        monkeypatch.setattr("django.utils.timezone.localtime", lambda *a, at=at: at)
        assert look(person) == reasons


@pytest.mark.parametrize("rule", risk.rules(), ids=lambda rule: rule.name)
def test_the_page_tells_the_weight_of_every_rule(rule):
    [weight] = re.findall(rf"\| `{type(rule).__name__}` \|.*\| (\d+) \|", PAGE)
    assert int(weight) == rule.weight
    assert str(rule.sentence)


# --- the sign-in -------------------------------------------------------------------------------


class Confirm:
    """A step for what looks unusual."""

    name = "code"

    def is_required(self, request, user, pending):
        return pending.assessment.decision is Decision.STEP_UP

    def url(self, request):
        return "/code/"


@pytest.mark.parametrize(("rules", "asked"), [(["Always"], False), (["Always", "Night"], True)])
def test_a_step_can_ask_for_more_where_it_looks_unusual(ostiary, browser, person, rules, asked):
    ostiary(RISK_RULES=[f"{HERE}.{name}" for name in rules], SIGNIN_STEPS=[f"{HERE}.Confirm"])

    leads_to_step = sign_in(browser, person)["Location"] == "/code/?next=%2Fwho%2F"

    assert leads_to_step == asked
    assert (who(browser)["user"] is None) == asked
    assert Event.objects.filter(kind="signin.unusual").count() == asked


def test_reasons_are_told_to_the_log_in_plain_and_are_words_to_an_operator(
    ostiary, browser, person
):
    ostiary(RISK_RULES=[f"{HERE}.Always", f"{HERE}.Night"], SIGNIN_STEPS=[f"{HERE}.Confirm"])
    sign_in(browser, person)

    event = Event.objects.get(kind="signin.unusual")
    assert event.details["risk"] == {
        "score": 60,
        "decision": "step_up",
        "reasons": {"always": 50, "night": 10},
    }
    assert risk.in_words(event.details) == (
        "60: it is always unusual (50), it is night (10); second factor required"
    )
    ostiary(RISK_RULES=[])
    assert risk.in_words(event.details).startswith("60: always (50), night (10)")
    assert risk.in_words({}) == risk.in_words({"risk": Assessment().told()}) == ""


def test_a_sign_in_that_was_pending_when_the_site_was_updated_goes_on(ostiary, browser, person):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code"])
    sign_in(browser, person)
    store = browser.session
    del store["ostiary.pending_signin"]["risk"]
    store.save()

    assert browser.post("/code/").status_code == 302
    assert who(browser)["user"] == str(person.pk)
