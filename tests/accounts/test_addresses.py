"""One address, one account: in any case, width and alphabet, on both databases (SECURITY C5)."""

import hashlib
import hmac
import html
import io

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st

from accounts.addresses import find_user, normalize_email
from ostiary import tombstones
from ostiary.models import Tombstone, TombstoneKey
from tests.accounts import flow
from tests.accounts.test_admin import operator

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
    with pytest.raises(ValidationError, match="An account with this email address already exists"):
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


STRASSE = [
    ("anna@straße.example", "anna@xn--strae-oqa.example", "anna@strasse.example"),
    ("anna@νίκος.example", "anna@xn--kxawhkp.example", "anna@xn--kxawhku.example"),
    (
        "anna@نامه\u200cای.example",
        "anna@xn--mgba3gch31f060k.example",
        "anna@xn--mgba3gch31f.example",
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "kept", "of_another"), STRASSE)
def test_j6_mail_goes_to_the_domain_that_was_typed_and_shows_it_so(typed, kept, of_another):
    """keycloak/keycloak#18409: IDNA 2003 sends it to somebody else."""
    browser, neighbour = Browser(), Browser()
    page = browser.get(flow.ask_for_account(browser, typed)["Location"]).content.decode()
    assert typed in page
    assert flow.delivered()[-1].to == [kept]
    browser.get(flow.link_in(flow.delivered()[-1]))
    assert browser.post("/signup/verify/").status_code == 302

    assert User.objects.get().email == kept
    for spelling in (typed, typed.replace("anna", "Anna"), kept.upper()):
        assert flow.sign_in(Browser(), spelling).status_code == 302, spelling
    assert flow.sign_in(Browser(), of_another).status_code == 400
    assert flow.sign_up(neighbour, of_another).status_code == 302
    assert {person.email for person in User.objects.all()} == {kept, of_another}
    sent = len(flow.delivered())
    Browser().post("/recover/", {"email": typed})
    assert [message.to for message in flow.delivered()[sent:]] == [[kept]]


@pytest.mark.django_db
def test_the_ascii_form_of_a_domain_is_nobodys_twin(settings):
    settings.OSTIARY_ACCOUNTS = {
        **settings.OSTIARY_ACCOUNTS,
        "ADDRESS_POLICIES": ["accounts.confusable.refuse_homographs"],
    }
    for _typed, kept, _of_another in STRASSE:
        assert flow.ask_for_account(Browser(), kept).status_code == 302
        assert flow.delivered()[-1].to == [kept]


@pytest.mark.django_db
def test_an_address_that_changes_is_that_which_was_typed(signed_in_browser, person):
    signed_in_browser.post("/account/email/", {"email": "Anna@faß.de"})
    [message] = [each for each in flow.delivered() if each.to == ["Anna@xn--fa-hia.de"]]
    page = signed_in_browser.get(flow.link_in(message), follow=True).content.decode()
    assert "<strong>Anna@faß.de</strong>" in page
    assert signed_in_browser.post("/account/email/confirm/").status_code == 302

    person.refresh_from_db()
    assert person.email == "Anna@xn--fa-hia.de"
    [notice] = [each for each in flow.delivered() if "is now" in each.body]
    assert "Anna@faß.de." in notice.body
    assert "anna@faß.de" in signed_in_browser.get("/account/").content.decode().lower()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("anna@☃.example", "isn’t a valid domain name"),
        ("anna@xn--n3h.example", "isn’t a valid domain name"),
        ("anna@xn--a.example", "isn’t a valid domain name"),
        ("jörg@example.com", "only unaccented Latin letters before"),
        ("anna@[127.0.0.1]", "isn’t a valid domain name"),
        ("anna@-ü.example", "isn’t a valid domain name"),
        ("Anna <anna@example.com>", "Enter a valid email address."),
        ("mailto:anna@example.com", "Enter a valid email address."),
    ],
)
def test_what_is_no_address_is_told_with_what_is_wrong_with_it(typed, told):
    answer = flow.ask_for_account(Browser(), typed)

    assert answer.status_code == 400
    assert told in html.unescape(answer.content.decode())
    assert flow.delivered() == []


@pytest.mark.django_db
def test_who_has_an_account_at_a_domain_of_former_times_gets_in_by_either_form(person):
    User.objects.filter(pk=person.pk).update(email="anna@xn--i-7iq.ws")

    for typed in ("anna@i❤.ws", "ANNA@xn--i-7iq.ws"):
        assert flow.sign_in(Browser(), typed).status_code == 302
        assert Browser().post("/recover/", {"email": typed}).status_code == 302
        assert flow.delivered()[-1].to == ["anna@xn--i-7iq.ws"]


@pytest.mark.django_db
def test_an_import_keeps_apart_who_has_another_domain(tmp_path):
    table = tmp_path / "people.csv"
    table.write_text(
        "email,email_verified,external_id\n"
        "anna@maßanfertigung.example,true,1\n"
        "other@massanfertigung.example,true,2\n"
        "anna@massanfertigung.example,true,3\n"
        "Anna@MAẞANFERTIGUNG.example,true,4\n"
    )
    out = io.StringIO()
    call_command("import_users", str(table), format="csv", source="old", stdout=out)

    assert set(User.objects.values_list("email", flat=True)) == {
        "anna@xn--maanfertigung-cdb.example",
        "other@massanfertigung.example",
        "anna@massanfertigung.example",
    }
    assert "duplicate: 1" in out.getvalue()


@pytest.mark.django_db
def test_whoever_was_erased_is_known_by_their_own_domain_alone(person):
    tombstones.bury(str(person.pk), ["anna@fass.de"])
    row = TombstoneKey.objects.get()
    former = hmac.new(bytes(row.key), b"email:anna@strasse.example", hashlib.sha256).hexdigest()
    Tombstone.objects.create(of=Tombstone.Of.EMAIL, digest=former)

    assert tombstones.buried_among(
        Tombstone.Of.EMAIL,
        ["ANNA@fass.de", "anna@faß.de", "anna@strasse.example", "anna@straße.example"],
    ) == {
        "ANNA@fass.de",
        # Of one that was set when these were the same nobody can tell whose it was.
        *("anna@strasse.example", "anna@straße.example"),
    }


@pytest.mark.django_db
def test_operators_read_search_and_write_addresses_as_people_do(person):
    superuser = operator(is_superuser=True)
    User.objects.filter(pk=person.pk).update(email="anna@xn--mller-kva.example")
    people = "/admin/ostiary_accounts/user/"

    found = superuser.get(people, {"q": "anna@MÜLLER.example"}).content.decode()
    assert "anna@müller.example" in found
    page = superuser.get(f"{people}add/").content.decode()
    assert 'type="email"' not in page
    answer = superuser.post(f"{people}add/", {"email": "eva@faß.de", "is_active": "on"})
    assert answer.status_code == 302
    assert User.objects.filter(email="eva@xn--fa-hia.de").exists()
    answer = superuser.post(f"{people}add/", {"email": "eva@1א.example", "is_active": "on"})
    assert "isn’t a valid domain name" in html.unescape(answer.content.decode())


# --- whatever the database's language -----------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["tr", "de"])
def test_a_database_of_another_language_knows_the_same_people(postgresql, language):
    """In Turkish ``LOWER('I')`` is ``ı``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE ostiary_accounts_user "
            f'ALTER COLUMN email TYPE varchar(254) COLLATE "{language}-x-icu"'
        )
    flow.sign_up(Browser(), "IRIS@example.com")

    for typed in ("iris@example.com", "Iris@EXAMPLE.com", "IRIS@example.com"):
        assert flow.sign_in(Browser(), typed).status_code == 302
        sent = len(flow.delivered())
        flow.ask_for_account(Browser(), typed)
        assert "it already has one" in flow.delivered()[sent].body
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(email=typed)])


# --- rows of earlier versions -------------------------------------------------------------------

BEFORE = [("ostiary_accounts", "0014_home_region_of_all")]


@pytest.fixture
def before(transactional_db):
    """The people of a site that is to be migrated."""
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()  # other apps that build on it go back with it
    executor.migrate(BEFORE)
    people = executor.loader.project_state(BEFORE).apps.get_model("ostiary_accounts", "User")
    yield people.objects
    people.objects.all().delete()
    MigrationExecutor(connection).migrate(latest)


def migrate():
    executor = MigrationExecutor(connection)
    executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] == BEFORE[0][0]])


def test_addresses_that_were_written_past_the_forms_get_their_form(before, caplog):
    kept = {
        "Alice@example.com": "Alice@example.com",
        "anna@xn--strae-oqa.example": "anna@xn--strae-oqa.example",
        "BOB@MÜLLER.example": "BOB@xn--mller-kva.example",
        "eva@xn--mller-kva.example": "eva@xn--mller-kva.example",
        "EVA@müller.example": "EVA@müller.example",  # whose address is another's
    }
    rows = {before.create(email=email, password="x").pk: email for email in kept}

    migrate()

    for pk, email in rows.items():
        assert User.objects.get(pk=pk).email == kept[email]
    [told] = [record.getMessage() for record in caplog.records if "another person" in record.msg]
    assert str(next(pk for pk, email in rows.items() if email.startswith("EVA"))) in told
    assert User.objects.get_by_natural_key("bob@müller.example").email.startswith("BOB")
    assert User.objects.get_by_natural_key("eva@müller.example").email.startswith("eva")


def test_twins_of_a_turkish_database_stop_the_migration_and_are_named(before):
    with connection.schema_editor() as editor:
        for constraint in before.model._meta.constraints:
            editor.remove_constraint(before.model, constraint)
    one, other, _ = (
        before.create(email=email, password="x") for email in ("IRIS@x.de", "iris@x.de", "a@x.de")
    )

    with pytest.raises(RuntimeError, match="capital letters") as told:
        migrate()

    assert str(one.pk) in str(told.value)
    assert str(other.pk) in str(told.value)
    assert before.count() == 3
    other.delete()
    with connection.schema_editor() as editor:
        for constraint in before.model._meta.constraints:
            editor.add_constraint(before.model, constraint)
    migrate()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email="Iris@x.de")])


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
