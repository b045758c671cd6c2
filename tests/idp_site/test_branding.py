"""How the site presents itself: by its settings, by the admin, and while the database is away."""

import io
import re
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from PIL import Image

from ostiary import branding
from ostiary.checks import check_settings
from ostiary.models import Branding

pytestmark = pytest.mark.django_db

FORM = "/admin/ostiary/branding/"


@pytest.fixture
def ostiary(settings):
    """Changes single keys of ``settings.OSTIARY``."""

    def change(**changes):
        settings.OSTIARY = {**settings.OSTIARY, **changes}

    return change


def picture(kind="PNG", size=(200, 80), colour="red"):
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()


def upload(data, name="logo.png"):
    return SimpleUploadedFile(name, data, "image/png")


def page(path="/", browser=None):
    return (browser or Browser()).get(path).content.decode()


# --- the settings ---------------------------------------------------------------------------------


def test_without_any_setting_the_pages_are_as_they_were():
    html = page("/signin/")

    assert "Ostiary" in html
    assert "/branding/" not in html
    assert "site-links" not in html


@pytest.mark.parametrize("path", ["/", "/signin/", "/signup/", "/no/such/page"])
def test_every_page_wears_what_the_settings_say(ostiary, tmp_path, path):
    logo = tmp_path / "logo.webp"
    logo.write_bytes(picture("WEBP"))
    ostiary(
        SITE_NAME="Example",
        SITE_LOGO=str(logo),
        ACCENT_COLOR="#6d28d9",
        TERMS_URL="https://example.com/terms?a=1&b=2",
        PRIVACY_URL="/privacy/",
        HELP_URL="mailto:help@example.com",
    )

    html = page(path)

    assert 'href="/branding/6d28d9.css?v=' in html
    assert f'<img src="{branding.current().logo.url}" alt="Example">' in html
    for url in ("https://example.com/terms?a=1&amp;b=2", "/privacy/", "mailto:help@example.com"):
        assert f'<a href="{url}" target="_blank" rel="noopener noreferrer">' in html
    assert "style=" not in html


def test_a_dark_logo_is_for_dark_pages(ostiary, tmp_path):
    for name in ("light", "dark"):
        (tmp_path / name).write_bytes(picture(colour="red" if name == "light" else "blue"))
    ostiary(SITE_LOGO=str(tmp_path / "light"), SITE_LOGO_DARK=str(tmp_path / "dark"))

    brand = branding.current()
    wanted = f'<source srcset="{brand.logo_dark.url}" media="(prefers-color-scheme: dark)">'
    assert wanted in page()
    assert brand.logo.url != brand.logo_dark.url


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"SITE_LOGO": "/no/such/file"}, "ostiary.E034"),
        ({"SITE_LOGO_DARK": __file__}, "ostiary.E034"),
        ({"ACCENT_COLOR": "#12"}, "ostiary.E035"),
        ({"ACCENT_COLOR": "red;} body{display:none"}, "ostiary.E035"),
        ({"ACCENT_COLOR": "#ffe600"}, "ostiary.W005"),
        ({"TERMS_URL": "//evil.example/"}, "ostiary.E036"),
        ({"TERMS_URL": "/\\evil.example/"}, "ostiary.E036"),
        ({"TERMS_URL": "http://example.com/"}, "ostiary.E036"),
        ({"PRIVACY_URL": "javascript:alert(1)"}, "ostiary.E036"),
        ({"PRIVACY_URL": "mailto:a@example.com"}, "ostiary.E036"),
        ({"HELP_URL": "mailto:nobody"}, "ostiary.E036"),
        ({"HELP_URL": 'https://a.example/"><b>'}, "ostiary.E036"),
    ],
)
def test_what_cannot_be_used_is_told_by_the_checks_and_left_out(ostiary, setting, told):
    ostiary(**setting)

    assert [problem.id for problem in check_settings(None)] == [told]
    if told != "ostiary.W005":
        html = page("/signin/")
        assert "/branding/" not in html
        assert "site-links" not in html


def test_the_check_says_which_shade_is_used_instead(ostiary):
    ostiary(ACCENT_COLOR="#ffe600")

    [problem] = check_settings(None)
    assert "#ffe600 is hard to read on light pages. They use #" in problem.msg


# --- the stylesheet and the logo ------------------------------------------------------------------


def test_the_stylesheet_costs_nothing_and_is_kept_for_ever(ostiary, django_assert_num_queries):
    ostiary(ACCENT_COLOR="#6d28d9")
    address = branding.stylesheet_url("#6d28d9")

    with django_assert_num_queries(0):
        answer = Browser().get(address)

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer["Cache-Control"]
    assert "immutable" not in Browser().get(urlsplit(address).path)["Cache-Control"]
    assert re.fullmatch(
        r":root \{\n(  --[a-z-]+: light-dark\(#\w{6}, #\w{6}\);\n)+\}\n", answer.text
    )


@pytest.mark.parametrize("colour", ["red", "12", "1234567", "12345g", "123456;}", "ABCDEF"])
def test_of_anything_but_a_colour_there_is_no_stylesheet(colour):
    assert Browser().get(f"/branding/{colour}.css").status_code == 404


def test_the_logo_is_served_as_it_was_drawn(ostiary, tmp_path):
    (tmp_path / "logo").write_bytes(picture("JPEG", (3000, 1000)))
    ostiary(SITE_LOGO=str(tmp_path / "logo"))

    answer = Browser().get(branding.current().logo.url)

    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert Image.open(io.BytesIO(answer.content)).size == (480, 160)
    assert Browser().get("/branding/logo/0123456789abcdef").status_code == 404


# --- the admin ------------------------------------------------------------------------------------


def values(**changed):
    return {
        **dict.fromkeys(("name", "accent", "terms_url", "privacy_url", "help_url"), ""),
        **changed,
    }


def test_what_stands_in_the_admin_goes_before_the_settings_each_by_itself(admin_client, ostiary):
    ostiary(SITE_NAME="By settings", TERMS_URL="/settings/", PRIVACY_URL="/settings/")
    assert admin_client.get(FORM).url == f"{FORM}add/"

    saved = admin_client.post(f"{FORM}add/", values(name="By admin", privacy_url="/admin-says/"))

    assert saved.status_code == 302
    brand = branding.current()
    assert (brand.name, brand.terms_url, brand.privacy_url) == (
        "By admin",
        "/settings/",
        "/admin-says/",
    )
    assert admin_client.get(FORM).url == f"{FORM}1/change/"
    admin_client.post(f"{FORM}1/delete/", {"post": "yes"})
    assert branding.current().name == "By settings"


def test_an_unreadable_accent_is_taken_and_the_operator_told(admin_client):
    saved = admin_client.post(f"{FORM}add/", values(accent="FFE600"), follow=True)

    assert Branding.objects.get().accent == "#ffe600"
    assert "#ffe600 is hard to read on light pages" in saved.text
    html = page(f"{FORM}1/change/", admin_client)
    assert html.count('class="brand-preview"') == 2
    assert 'fill="#ffe600"' in html  # in the dark it can be read
    assert "style=" not in html.split("brand-preview")[1].split("</svg>")[0]


def test_a_logo_is_drawn_again_replaced_and_removed(admin_client):
    admin_client.post(f"{FORM}add/", values(new_logo=upload(picture() + b"<script>")))
    kept = bytes(Branding.objects.get().logo)
    assert kept.startswith(b"\x89PNG")
    assert b"script" not in kept

    admin_client.post(f"{FORM}1/change/", values(name="Example"))
    assert bytes(Branding.objects.get().logo) == kept
    admin_client.post(f"{FORM}1/change/", values(new_logo_dark=upload(picture(colour="blue"))))
    assert set(branding.current().logos) == {
        branding.logo_of(bytes(each)).digest
        for each in Branding.objects.values_list("logo", "logo_dark").get()
    }
    admin_client.post(f"{FORM}1/change/", values(remove_logo="on", remove_logo_dark="on"))
    assert branding.current().logos == {}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("accent", "red", "Enter a color such as #14574b."),
        ("accent", "#12;}*{", "Enter a color such as #14574b."),
        ("terms_url", "javascript:alert(1)", "Enter an address that begins with https://"),
        ("privacy_url", "http://example.com/", "Enter an address that begins with https://"),
        ("help_url", "//example.com/", "Enter an address that begins with https://"),
        ("new_logo", upload(b"<svg onload='alert(1)'/>"), "SVG files can’t be used."),
        ("new_logo", upload(b"no picture"), "This file can’t be read."),
        ("new_logo", upload(picture() + bytes(1024 * 1024)), "This file is too large."),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(admin_client, field, value, told):
    answer = admin_client.post(f"{FORM}add/", values(**{field: value}))

    assert answer.status_code == 200
    assert told in answer.text
    assert not Branding.objects.exists()


def test_there_is_one_row(admin_client):
    admin_client.post(f"{FORM}add/", values(name="One"))

    assert admin_client.get(f"{FORM}add/").status_code == 403
    with pytest.raises(Exception, match="ostiary_branding_one_row"):
        Branding.objects.create(pk=2)


# --- what it costs, and outages -------------------------------------------------------------------


def test_a_page_asks_the_database_once_in_a_while(django_assert_num_queries, monkeypatch):
    branding.forget()
    with django_assert_num_queries(1):
        assert branding.site_name() == "Ostiary"
    page("/signin/")
    with django_assert_num_queries(0):
        page("/signin/")
    Branding.objects.bulk_create([Branding(name="Elsewhere")])  # by another process

    assert branding.site_name() == "Ostiary"
    monkeypatch.setattr(branding, "_checked_at", branding._checked_at - branding.RECHECK_SECONDS)
    assert branding.site_name() == "Elsewhere"


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_what_was_known_stays(ostiary, monkeypatch):
    Branding.objects.create(name="By admin")
    assert branding.site_name() == "By admin"
    monkeypatch.setattr(branding, "_checked_at", branding._checked_at - branding.RECHECK_SECONDS)

    with without_the_table():
        assert branding.site_name() == "By admin"
        monkeypatch.setattr(branding, "_decided", {})  # a process that has just begun
        branding.forget()
        ostiary(SITE_NAME="By settings")
        assert branding.site_name() == "By settings"
        assert "By settings" in page("/signin/")


class without_the_table:
    """The table is not there, as before a migration."""

    def __enter__(self):
        self._rename("ostiary_branding", "elsewhere")

    def __exit__(self, *_):
        self._rename("elsewhere", "ostiary_branding")

    def _rename(self, old, new):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")
