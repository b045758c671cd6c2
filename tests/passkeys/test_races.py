"""Many ceremonies at once: real threads, each with a database connection of its own."""

import pytest

from passkeys import ceremonies
from passkeys.ceremonies import Purpose
from passkeys.models import Ceremony, Credential
from passkeys.verification import CeremonyRefused
from tests.parallel import WAYS, at_once
from tests.passkeys import ceremony
from tests.passkeys.authenticator import SYNCED, Authenticator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(person):
    return person


def outcomes(call):
    """How many of the ways succeeded, and the codes of the others."""

    def one():
        try:
            call()
        except CeremonyRefused as refused:
            return refused.code
        return "taken"

    found = at_once(one)
    return found.count("taken"), set(found) - {"taken"}


def in_the_same_session(request):
    """Another request of the browser, in a thread of its own."""
    another = ceremony.browser()
    another.session[ceremonies.SESSION_KEY] = request.session[ceremonies.SESSION_KEY]
    return another


def test_of_50_parallel_answers_to_one_challenge_exactly_one_signs_in(alice):
    passkey = Authenticator(flags=SYNCED)
    ceremony.register(alice, passkey)
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)
    answer = passkey.get(options)
    requests = iter([in_the_same_session(request) for _ in range(WAYS)])

    assert outcomes(
        lambda: ceremonies.finish_authentication(next(requests), answer, Purpose.SIGN_IN)
    ) == (1, {"expired"})
    assert not Ceremony.objects.exists()


def test_of_50_parallel_answers_with_one_count_exactly_one_is_taken(alice):
    key = Authenticator(counter=5)
    ceremony.register(alice, key)
    waiting = []
    for _ in range(WAYS):
        request = ceremony.browser()
        options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)
        waiting.append((request, key.get(options, counter=6)))
    answers = iter(waiting)

    assert outcomes(lambda: ceremonies.finish_authentication(*next(answers), Purpose.SIGN_IN)) == (
        1,
        {"counter"},
    )


def test_50_parallel_sign_ins_with_a_passkey_that_does_not_count_all_pass(alice):
    passkey = Authenticator(flags=SYNCED)
    ceremony.register(alice, passkey)
    waiting = []
    for _ in range(WAYS):
        request = ceremony.browser()
        options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)
        waiting.append((request, passkey.get(options)))
    answers = iter(waiting)

    assert outcomes(lambda: ceremonies.finish_authentication(*next(answers), Purpose.SIGN_IN)) == (
        WAYS,
        set(),
    )


def test_of_50_parallel_registrations_of_one_credential_exactly_one_is_kept(alice):
    authenticator = Authenticator()
    waiting = []
    for _ in range(WAYS):
        request = ceremony.browser()
        options = ceremonies.begin_registration(request, alice)
        waiting.append((request, alice, authenticator.create(options)))
    answers = iter(waiting)

    assert outcomes(lambda: ceremonies.finish_registration(*next(answers))) == (
        1,
        {"already_registered"},
    )


def test_parallel_registrations_stop_at_the_most_passkeys_of_a_person(alice, settings):
    settings.OSTIARY_PASSKEYS = {"MAX_PER_PERSON": 3}
    waiting = []
    for _ in range(WAYS):
        request = ceremony.browser()
        options = ceremonies.begin_registration(request, alice)
        waiting.append((request, alice, Authenticator().create(options)))
    answers = iter(waiting)

    assert outcomes(lambda: ceremonies.finish_registration(*next(answers))) == (3, {"too_many"})
    assert Credential.objects.filter(user=alice).count() == 3
