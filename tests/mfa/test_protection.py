"""What the overview says of second factors and backup codes."""

import pytest

from mfa.models import EmailDevice, GroupPolicy, RecoveryCodes
from mfa.protection import report
from ostiary.protection import Order

pytestmark = pytest.mark.django_db


def told(rf, user):
    request = rf.get("/")
    request.user = user
    found = report(request)
    facts = {str(fact.label): str(fact.value) for fact in found.facts}
    return found, facts, [each.order for each in found.advice]


def test_without_a_factor_one_is_advised_unless_another_app_protects(rf, person):
    found, facts, advised = told(rf, person)

    assert facts == {"Two-step verification": "Off"}
    assert advised == [Order.SECOND_FACTOR]
    assert all(each.if_weak for each in [*found.facts, *found.advice])
    assert not found.is_strong


def test_with_an_app_and_no_codes_backup_codes_are_advised(rf, person, app):
    found, facts, advised = told(rf, person)

    assert facts == {"Two-step verification": "Authenticator app", "Backup codes": "None"}
    assert advised == [Order.BACKUP_CODES]
    assert found.is_strong


def test_with_enough_codes_nothing_is(rf, person, app):
    RecoveryCodes.replace(person)

    _, facts, advised = told(rf, person)

    assert facts["Backup codes"] == "10 codes left"
    assert advised == []


def test_with_few_codes_new_ones_are(rf, person, app):
    codes = RecoveryCodes.replace(person)
    kept = RecoveryCodes.objects.get()
    for code in codes[1:]:
        assert kept.accepts(code)

    _, facts, advised = told(rf, person)

    assert facts["Backup codes"] == "1 code left"
    assert advised == [Order.BACKUP_CODES]


def test_codes_by_email_alone_are_weak(rf, person):
    EmailDevice.objects.create(user=person, confirmed=True)
    RecoveryCodes.replace(person)

    found, _, advised = told(rf, person)

    assert not found.is_strong
    assert advised == [Order.SECOND_FACTOR]


def test_nothing_is_advised_that_the_site_does_not_let_them_set_up(rf, person, settings):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SECOND_FACTOR": GroupPolicy.Requirement.OFF}

    assert told(rf, person)[2] == []


def test_it_costs_six_statements_at_most(rf, person, app, django_assert_max_num_queries):
    RecoveryCodes.replace(person)
    with django_assert_max_num_queries(6):
        told(rf, person)
