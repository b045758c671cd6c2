"""What signing in by a passkey costs in SQL statements, with each session engine."""

import pytest
from django.contrib.auth import hashers
from django.test import Client as Browser

from tests.accounts.flow import statements
from tests.passkeys import flow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("accounts")]
DB, CACHED_DB = "ostiary.session_engines.db", "ostiary.session_engines.cached_db"
CACHE = "django.contrib.sessions.backends.cache"


def answer(browser, passkey):
    """The statements of the answer that signs the person in."""
    signed = passkey.get(flow.options(browser, flow.SIGN_IN))
    with statements() as done:
        assert flow.send(browser, flow.SIGN_IN, signed).status_code == 302
    return done


@pytest.mark.parametrize(
    ("engine", "first", "known", "new"),
    [(CACHED_DB, 8, 7, 10), (CACHE, 7, 6, 9), (DB, 9, 8, 11)],
)
def test_a_sign_in_costs_few_statements_and_no_hash(
    engine, first, known, new, passkey, browser, settings, monkeypatch
):
    settings.SESSION_ENGINE = engine
    monkeypatch.setattr(hashers, "get_hasher", lambda *_: pytest.fail("a password was hashed"))

    of_all = answer(browser, passkey)
    browser.post("/signout/")
    in_a_known_browser = answer(browser, passkey)
    in_a_new_one = answer(Browser(), passkey)

    assert len(of_all) == first, of_all
    assert len(in_a_known_browser) == known, in_a_known_browser
    assert len(in_a_new_one) == new, in_a_new_one


def test_with_djangos_own_session_engine_too_the_key_changes_once(passkey, browser, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    flow.use(browser, passkey)
    browser.post("/signout/")

    done = answer(browser, passkey)

    assert len(done) == 12, done
    assert sum(sql.startswith('INSERT INTO "django_session"') for sql in done) == 1
