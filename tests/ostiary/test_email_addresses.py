"""One form of an address: to keep, compare, count, mail to and show (SECURITY C5, H4, J6)."""

import itertools

import idna
import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from hypothesis import assume, given
from hypothesis import strategies as st

from ostiary import mail
from ostiary.email_addresses import (
    AsciiLower,
    ascii_domain,
    canonical,
    for_people,
    has_address,
    in_header,
    normalize,
    people_with,
    rate_limit_key,
    spellings,
    the_one_with,
)
from ostiary.outbox import deliver_due
from tests.ostiary.conftest import make_person

NUMBERS = itertools.count()
DEVIATING = [
    ("straße.example", "xn--strae-oqa.example", "strasse.example"),
    ("faß.de", "xn--fa-hia.de", "fass.de"),
    ("ẞ.example", "xn--zca.example", "ss.example"),
    ("νίκος.example", "xn--kxawhkp.example", "xn--kxawhku.example"),
    ("نامه\u200cای.example", "xn--mgba3gch31f060k.example", "xn--mgba3gch31f.example"),
    ("ශ්\u200dරී.example", "xn--10cl1a0b660p.example", "xn--10cl1a0b.example"),
]
"""Domains that IDNA 2003 took for others: as typed, in ASCII, and the other."""


# --- domains ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "kept", "of_another"), DEVIATING)
def test_a_domain_is_nobody_elses(typed, kept, of_another):
    """keycloak/keycloak#18409: mail to ``straße…`` went to ``strasse…``."""
    assert ascii_domain(typed) == kept
    assert normalize(f"anna@{typed}") == normalize(f"anna@{kept}") == f"anna@{kept}"
    for compared in (canonical, rate_limit_key):
        assert compared(f"anna@{typed}") == compared(f"ANNA@{kept.upper()}")
        assert compared(f"anna@{typed}") != compared(f"anna@{of_another}")
    assert for_people(f"anna@{kept}") == f"anna@{typed.replace('ẞ', 'ß')}"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ＭÜLLER．example", "xn--mller-kva.example"),
        ("mu\u0308ller.example", "xn--mller-kva.example"),
        ("XN--MLLER-kva.EXAMPLE", "xn--mller-kva.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("сур.рф", "xn--p1abg.xn--p1ai"),
        ("İstanbul.example", "xn--istanbul-o0e.example"),
        ("ısparta.example", "xn--sparta-o9a.example"),
        ("ex\u00adample.org", "example.org"),
        ("Ⅷ.example", "viii.example"),
        ("ab--cd.example", "ab--cd.example"),  # IDNA has no such label, and the DNS has
        ("r3---sn.ab--cd.müller.example", "r3---sn.ab--cd.xn--mller-kva.example"),
    ],
)
def test_a_domain_in_ascii(typed, kept):
    assert ascii_domain(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("☃.example", "i❤.example", "xn--i-7iq.example", "xn--a.example", "xn--zz99zz99zz.com"),
        *(
            "xn--.example",
            "xn--strasse-.example",
            "⒈.com",
            "℀.com",
            "ü..example",
            "\u00ad",
            "1א.example",
        ),
        *("ü." * 500, "ü" * 64 + ".example", "-ü.example", "a_ü.example", "\u200cü.example"),
    ],
)
def test_what_is_no_domain_of_idna_2008(typed):
    with pytest.raises(UnicodeError):
        ascii_domain(typed)


def test_an_account_at_a_domain_of_former_times_is_found_still():
    assert normalize("anna@i❤.ws") == normalize("ANNA@xn--i-7iq.ws").lower() == "anna@xn--i-7iq.ws"
    assert for_people("anna@xn--i-7iq.ws") == "anna@xn--i-7iq.ws"


@given(st.text(max_size=40))
def test_a_domain_has_one_form_and_it_is_that_of_the_dns(typed):
    try:
        kept = ascii_domain(typed)
    except UnicodeError:
        return
    assert kept.isascii()
    assert kept == kept.lower() == ascii_domain(kept)
    assume("--" not in typed and "_" not in typed)
    try:
        strictly = idna.encode(typed, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:  # ASCII that the DNS may have, and IDNA has no rule for
        assert not all(label.startswith("xn--") for label in kept.split("."))
    else:
        assert kept == strictly


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Alice@EXAMPLE.com\n", "Alice@example.com"),
        ("\u202aalice@example.org\u202c", "alice@example.org"),  # copied from right to left
        ("alice@example.org\u200b", "alice@example.org"),
        ("ａｌｉｃｅ＠example.com", "alice@example.com"),
        ('"a@b"@example.com', '"a@b"@example.com'),
        ("jörg@müller.example", "jörg@xn--mller-kva.example"),
        ("Alice", "Alice"),
        ("", ""),
        ("@", "@"),
    ],
)
def test_the_form_in_which_an_address_is_kept(typed, kept):
    assert normalize(typed) == kept


LETTERS = "aSsäßςσxn-.0éİıרא१ـ\u200c\u200d\u200b⒈ａ。"


@given(st.text(max_size=30), st.one_of(st.text(max_size=30), st.text(LETTERS, max_size=20)))
def test_each_form_of_an_address_is_stable(local, domain):
    text = f"{local}@{domain}"
    assert canonical(text) in spellings(text)
    assert isinstance(for_people(text), str)
    if normalize(text).isascii():
        assert normalize(normalize(text)) == normalize(text)
    try:
        ascii_domain(domain)
    except UnicodeError:
        return  # nobody's
    for form in (canonical, rate_limit_key):
        assert form(form(text)) == form(text)
        assert form(for_people(text)) == form(text)


def test_a_million_characters_are_no_work():
    for text in ("a@" + "ü." * 500_000, "ü" * 1_000_000 + "@x.example", "\u200b" * 1_000_000):
        assert len(normalize(text)) <= len(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ALICE@example.com", "alice@example.com"),
        ("Jörg@Müller.de", "JÖRG@xn--mller-kva.de"),
        ("a@MÜLLER.example", "A@mu\u0308ller.example"),
    ],
)
def test_case_and_form_make_no_other_address(one, other):
    assert canonical(one) == canonical(other)
    assert rate_limit_key(one) == rate_limit_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jörg@example.com", "jorg@example.com"),
        ("maße@example.com", "masse@example.com"),
        ("a.b@example.com", "ab@example.com"),
        ("a+b@example.com", "a@example.com"),
    ],
)
def test_what_only_looks_alike_is_another_address(one, other):
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "straße"),
        ("İ", "i"),
        ("I", "i"),
        ("\u212a", "k"),
        ("jörg@müller.example", "jorg@xn--mller-kva.example"),
        ("al\u200bice@example.com", "alice@example.com"),
    ],
)
def test_what_people_or_a_collation_take_for_the_same_is_counted_as_the_same(one, other):
    assert rate_limit_key(one) == rate_limit_key(other)


# --- shown --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("anna@xn--mller-kva.example", "anna@müller.example"),
        ("a@xn--p1abg.xn--p1ai", "a@сур.рф"),
        ("a@sub.xn--fsqu00a.xn--0zwm56d", "a@sub.例子.测试"),
        ("a@xn--80ak6aa92e.com", "a@xn--80ak6aa92e.com"),  # looks like apple.com
        ("a@xn--ypal-43d9g.com", "a@xn--ypal-43d9g.com"),  # раypal.com, of two scripts
        ("a@xn--zz99zz99zz.com", "a@xn--zz99zz99zz.com"),
        ("a@example.com", "a@example.com"),
        ("a user’s name", "a user’s name"),
    ],
)
def test_a_domain_is_shown_in_the_letters_of_its_people_and_deceives_nobody(kept, shown):
    assert for_people(kept) == shown


@pytest.mark.parametrize(
    ("mailbox", "header"),
    [
        ("id@example.com", "id@example.com"),
        ("Müller <id@example.com>", "Müller <id@example.com>"),
        ("Straße <id@straße.example>", "Straße <id@xn--strae-oqa.example>"),
        ("id@straße.example", "id@xn--strae-oqa.example"),
    ],
)
def test_a_header_has_its_domain_in_ascii(mailbox, header):
    assert in_header(mailbox) == header


@pytest.mark.django_db
def test_mail_goes_to_the_domain_that_was_typed_and_from_the_one_that_was_set(settings, mailoutbox):
    settings.DEFAULT_FROM_EMAIL = "Straße <id@straße.example>"
    mail.send_email("Anna@faß.de", "ostiary/mail/region_missing", {"region": "eu", "number": 1})
    while deliver_due():
        pass

    [message] = mailoutbox
    assert message.to == ["Anna@xn--fa-hia.de"]
    sent = message.message()
    assert "id@xn--strae-oqa.example" in sent["From"]
    assert sent["Message-ID"].endswith("@xn--strae-oqa.example>")


# --- in a table ---------------------------------------------------------------------------------


def person_with(email):
    """Somebody whose row has the address as it is given."""
    person = make_person(f"{next(NUMBERS)}@example.net")
    type(person).objects.filter(pk=person.pk).update(**{type(person).get_email_field_name(): email})
    return person


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kept",
    [
        "anna@xn--mller-kva.example",
        "Anna@XN--MLLER-KVA.example",
        *("anna@müller.example", "ANNA@MÜLLER.example", "anna@Müller.example"),
    ],
)
def test_somebody_is_found_by_their_address_in_whichever_form_a_project_keeps_it(kept):
    person = person_with(kept)
    person_with("anna@muller.example")

    for typed in ("anna@müller.example", "ANNA@MÜLLER.EXAMPLE", "anna@xn--mller-kva.example"):
        assert people_with(typed) == [person]


@pytest.mark.django_db
def test_a_change_of_case_finds_nobody_else():
    """``"straße".upper()`` is ``STRASSE``."""
    fass = person_with("anna@strasse.example")
    straße = person_with("anna@xn--strae-oqa.example")

    assert people_with("anna@straße.example") == [straße]
    assert people_with("ANNA@STRASSE.EXAMPLE") == [fass]
    model, field = type(fass), type(fass).get_email_field_name()
    assert set(model.objects.filter(has_address(field, []))) == set()
    assert set(
        model.objects.filter(has_address(field, ["Anna@straße.example", "anna@strasse.example"]))
    ) == {fass, straße}


def test_of_several_it_is_whose_spelling_it_is():
    def row(email):
        return get_user_model()(**{get_user_model().get_email_field_name(): email})

    both = [row("Anna@example.com"), row("anna@example.com")]
    assert the_one_with("Anna@example.com", both) is both[0]
    assert the_one_with("anna@EXAMPLE.com", both) is both[1]
    assert the_one_with("ANNA@example.com", both) is None
    two = [row("anna@müller.example"), row("anna@xn--mller-kva.example")]
    assert the_one_with("ANNA@müller.example", two) is two[1]
    assert the_one_with("anna@example.com", []) is None


@pytest.mark.parametrize("language", ["tr", "de", "lt", "az"])
@pytest.mark.django_db
def test_the_language_of_a_database_does_not_say_who_is_who(postgresql, language):
    """In Turkish the small letter of ``I`` is ``ı``: ``LOWER`` and ``iexact`` miss people there."""
    model = get_user_model()
    table, field = model._meta.db_table, model.get_email_field_name()
    with connection.cursor() as cursor:
        cursor.execute(
            f'ALTER TABLE "{table}" ALTER COLUMN "{field}" '
            f'TYPE varchar(254) COLLATE "{language}-x-icu"'
        )
    iris, other = person_with("IRIS@example.com"), person_with("ırıs@example.com")

    assert people_with("iris@example.com") == people_with("IRIS@example.com") == [iris]
    assert people_with("ırıs@example.com") == [other]
    folded = model.objects.annotate(folded=AsciiLower(field)).values_list("folded", flat=True)
    assert set(folded) == {"iris@example.com", "ırıs@example.com"}
