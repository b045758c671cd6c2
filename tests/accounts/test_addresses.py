"""One address, one account: in any case, width and alphabet, on both databases (SECURITY C5)."""

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st

from accounts.addresses import find_user, normalize_email
from tests.accounts import flow

User = get_user_model()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("alice@example.com", "alice@example.com"),
        ("  Alice@EXAMPLE.com\n", "Alice@example.com"),
        ("ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "alice@example.com"),
        ("miſe@example.com", "mise@example.com"),
        ("\u212aarl@example.com", "Karl@example.com"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@BÜCHER.example", "anna@xn--bcher-kva.example"),
        ("anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
        ('"a@b"@example.com', '"a@b"@example.com'),
        ("Alice", "Alice"),
        ("", ""),
    ],
)
def test_the_form_in_which_an_address_is_kept(typed, kept):
    assert normalize_email(typed) == kept


@given(st.text(max_size=300))
def test_any_text_has_one_form_and_keeps_it(typed):
    kept = normalize_email(typed)

    if kept.isascii():
        assert normalize_email(kept) == kept


def test_a_million_characters_are_no_work():
    normalize_email("a@" + "ü." * 500_000)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "look_alike",
    [
        "al\u0131ce@example.com",  # a dotless i
        "AL\u0130CE@example.com",  # a dotted I
        "\u0430lice@example.com",  # a Cyrillic a
        "alice\u200b@example.com",  # a space of no width
        "álice@example.com",
    ],
)
def test_an_address_that_only_looks_like_another_gets_no_account(look_alike):
    answer = flow.ask_for_account(Browser(), look_alike)

    assert answer.status_code == 400
    assert 'id="id_email_error"' in answer.content.decode()
    assert flow.delivered() == []
    with pytest.raises(ValidationError):
        User(email=look_alike, password="x").full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("twin", ["ALICE@example.com", "Alice@example.com", "aLiCe@EXAMPLE.com"])
def test_the_database_itself_refuses_a_twin(person, twin):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(twin)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=twin)])
    with pytest.raises(ValidationError, match="There is an account with this address already"):
        User(email=twin, password="x").full_clean()


@pytest.mark.django_db
def test_a_person_is_found_in_any_case(person):
    for typed in ("alice@example.com", "ALICE@EXAMPLE.COM", "ａlice@example.com"):
        assert User.objects.get_by_natural_key(typed) == person
        assert find_user(typed) == person
    assert find_user("alice@example.org") is None
    assert find_user("") is None


@pytest.mark.django_db
def test_a_person_is_found_by_asynchronous_code_alike(person):
    assert async_to_sync(User.objects.aget_by_natural_key)("aLICE@example.com") == person


@pytest.mark.django_db
def test_the_case_of_the_local_part_is_kept_for_sending():
    flow.ask_for_account(Browser(), "Carol.Liddell@Example.COM")

    assert flow.delivered()[0].to == ["Carol.Liddell@example.com"]


@pytest.mark.django_db
def test_an_international_domain_gets_its_mail():
    browser = Browser()
    flow.sign_up(browser, "carol@bücher.example")

    assert User.objects.get().email == "carol@xn--bcher-kva.example"
    assert flow.sign_in(Browser(), "carol@BÜCHER.example").status_code == 302


@pytest.mark.django_db
def test_the_subject_is_a_uuid_of_version_7_and_no_address(person):
    assert person.pk.version == 7
    assert str(person) == person.email
    assert person.get_full_name() == "Alice Liddell"
    assert person.get_short_name() == "Alice Liddell"
    assert User(email="x@example.com").get_short_name() == "x@example.com"


@pytest.mark.django_db
def test_the_commands_of_django_make_operators(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", flow.PASSWORD)
    call_command("createsuperuser", "--no-input", email="Root@EXAMPLE.com", verbosity=0)

    root = User.objects.get()
    assert (root.email, root.is_staff, root.is_superuser) == ("Root@example.com", True, True)
    with pytest.raises(CommandError):
        call_command("createsuperuser", "--no-input", email="root@example.com", verbosity=0)


@pytest.mark.django_db
def test_a_person_needs_an_address():
    with pytest.raises(ValueError, match="needs an email address"):
        User.objects.create_user("")
