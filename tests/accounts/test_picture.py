"""A person's picture: uploaded, drawn again, seen by its address alone, and erased with them."""

import hashlib
import io
import struct
import time
import zlib

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import Image

from accounts import picture as pictures
from accounts.models import ProfilePicture
from accounts.personal_data import erase, export
from ostiary.models import Event
from ostiary.pictures import MOST_BYTES
from tests.accounts import flow
from tests.accounts.drawing import drawing, drawn

pytestmark = pytest.mark.django_db

PAGE = "/account/picture/"
IMPORTED = "https://img.example/alice.png"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def upload(browser, data=None, **named):
    return browser.post(PAGE, {"picture": drawing(data, **named)})


def current(person):
    """The path of the picture, as its person now has it."""
    person.refresh_from_db()
    return pictures.path_of(person)


@pytest.fixture
def uploaded(signed_in_browser, person):
    """The path of a picture that Alice has just uploaded."""
    assert upload(signed_in_browser)["Location"] == PAGE
    return current(person)


def seen(path):
    answer = Browser().get(path)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


def test_it_is_shown_in_the_header_and_on_the_overview(signed_in_browser, uploaded):
    page = signed_in_browser.get("/account/").text

    assert page.count(f'src="{uploaded}"') == 2
    assert ">AL</span>" not in page


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_kind_becomes_a_square_of_320_pixels(signed_in_browser, person, kind):
    assert upload(signed_in_browser, drawn(kind)).status_code == 302

    image = seen(current(person))

    assert image.size == (pictures.SIDE, pictures.SIDE)
    assert image.convert("RGB").getpixel((20, 160))[0] > 200
    assert image.convert("RGB").getpixel((300, 160))[2] > 200


def test_of_an_animation_the_first_frame_is_taken(signed_in_browser, person):
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    upload(signed_in_browser, out.getvalue())

    image = seen(current(person))

    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((9, 9))[0] > 200


def test_what_the_camera_noted_is_gone_once_the_picture_is_turned_by_it(signed_in_browser, person):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Camera-of-Alice"
    exif.get_ifd(0x8825)[1] = "N"
    upload(signed_in_browser, drawn("JPEG", (300, 300), exif=exif))

    kept = bytes(ProfilePicture.objects.get().image)
    image = seen(current(person))

    assert b"Camera-of-Alice" not in kept
    assert not image.getexif()
    # Left was red: turned clockwise, that is the top.
    assert image.getpixel((160, 20))[0] > 200
    assert image.getpixel((160, 300))[2] > 200


def test_text_and_what_follows_the_picture_do_not_come_along(signed_in_browser):
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    told.add_text("Comment", "where-alice-lives")
    upload(signed_in_browser, drawn("PNG", pnginfo=told) + HTML)

    kept = bytes(ProfilePicture.objects.get().image)

    assert b"where-alice-lives" not in kept
    assert b"script" not in kept


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb():
    """A PNG of a few kilobytes that claims a gigapixel."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 32_000, 32_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))


def webp_of(side):
    """The head of a WebP that claims a canvas of this side."""
    canvas = b"\x00" * 4 + (side - 1).to_bytes(3, "little") * 2
    body = b"WEBP" + b"VP8X" + struct.pack("<I", len(canvas)) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


BAD = {
    "nothing": b"",
    "text": b"hello",
    "svg renamed": SVG,
    "html renamed": HTML,
    "html behind the first bytes of a gif": b"GIF89a" + HTML,
    "truncated jpeg": drawn("JPEG")[:600],
    "truncated png": drawn("PNG")[:100],
    "truncated webp": drawn("WEBP")[:60],
    "truncated gif": drawn("GIF")[:40],
    "another format": drawn("BMP"),
    "tiff": drawn("TIFF"),
    "icon": drawn("ICO"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n",
    "pdf": drawn("PDF"),
    "a bomb": bomb(),
    "many pixels": drawn("PNG", (4001, 4000)),
    "huge canvas": webp_of(16_000),
    "too large": drawn() + bytes(MOST_BYTES),
    "far too large": bytes(20 * MOST_BYTES),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_any_other_file_gets_one_sentence_that_says_what_to_choose(signed_in_browser, person, data):
    began = time.monotonic()
    answer = upload(signed_in_browser, data)

    assert answer.status_code == 400
    [errors] = answer.context["form"].errors.values()
    [error] = errors
    assert "Choose a" in error
    assert not ProfilePicture.objects.exists()
    assert current(person) == ""
    assert time.monotonic() - began < 5


def test_no_file_no_form_and_a_text_in_its_place_are_answered_too(signed_in_browser):
    for sent in ({}, {"picture": "text"}, {"another": drawing()}):
        assert signed_in_browser.post(PAGE, sent).status_code == 400


def test_many_files_at_once_keep_no_more_in_memory_than_one(signed_in_browser):
    many = {f"file{n}": SimpleUploadedFile("x", bytes(MOST_BYTES)) for n in range(5)}

    answer = signed_in_browser.post(PAGE, many)

    assert answer.status_code == 400
    assert sum(file.size for file in answer.wsgi_request.FILES.values()) == MOST_BYTES + 1


def test_a_name_of_a_file_is_neither_kept_nor_shown(signed_in_browser):
    upload(signed_in_browser, name="<script>../../etc/passwd")

    assert "etc/passwd" not in signed_in_browser.get(PAGE).text


def test_it_is_served_to_everybody_who_has_its_address_as_a_picture_and_no_more(
    uploaded, django_assert_num_queries
):
    with django_assert_num_queries(1):
        answer = Browser().get(uploaded)

    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"] == "public, max-age=86400, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_who_is_signed_in_is_not_asked_for_it(
    signed_in_browser, uploaded, django_assert_num_queries
):
    with django_assert_num_queries(1):
        signed_in_browser.get(uploaded)


def test_no_address_follows_from_the_picture_or_the_person(signed_in_browser, person, uploaded):
    first = ProfilePicture.objects.get()
    upload(signed_in_browser)
    second = ProfilePicture.objects.get()

    assert bytes(first.image) == bytes(second.image)
    assert first.key != second.key
    assert hashlib.sha256(first.image).hexdigest() not in first.key
    assert Browser().get(uploaded).status_code == 404
    for guess in (str(person.pk), person.pk.hex, "0", "a" * 43, "a" * 500, "%00", "..%2f"):
        assert Browser().get(f"/pictures/{guess}").status_code == 404


def test_it_is_replaced_in_place(signed_in_browser, person, uploaded):
    upload(signed_in_browser, drawn("JPEG"))

    assert ProfilePicture.objects.count() == 1
    assert seen(current(person)).format == "JPEG"


def test_it_is_removed_and_its_address_is_dead(signed_in_browser, person, uploaded):
    signed_in_browser.post("/account/picture/remove/")

    assert current(person) == ""
    assert Browser().get(uploaded).status_code == 404
    assert ">AL</span>" in signed_in_browser.get("/account/").text
    signed_in_browser.post("/account/picture/remove/")  # once more is nothing
    assert Event.objects.filter(kind="profile.changed").count() == 2


def test_an_imported_address_is_kept_and_comes_back(signed_in_browser, person):
    get_user_model().objects.filter(pk=person.pk).update(picture=IMPORTED)
    page = signed_in_browser.get(PAGE).text
    assert "img.example" in page
    assert f'src="{IMPORTED}"' not in page  # a page loads nothing from elsewhere
    for _ in range(2):
        upload(signed_in_browser)
        assert current(person)

    signed_in_browser.post("/account/picture/remove/")
    person.refresh_from_db()
    assert person.picture == IMPORTED

    signed_in_browser.post("/account/picture/remove/")
    person.refresh_from_db()
    assert person.picture == ""


def test_an_address_that_an_operator_wrote_takes_the_picture_down(
    signed_in_browser, person, uploaded
):
    get_user_model().objects.filter(pk=person.pk).update(picture="")

    assert Browser().get(uploaded).status_code == 404
    assert uploaded not in signed_in_browser.get("/account/").text


def test_the_picture_of_a_deactivated_person_is_not_served(person, uploaded):
    get_user_model().objects.filter(pk=person.pk).update(is_active=False)

    assert Browser().get(uploaded).status_code == 404


def test_saving_the_profile_leaves_it(signed_in_browser, person, uploaded):
    signed_in_browser.post("/account/profile/", {"name": "Alice", "picture": "https://x.example/"})

    assert current(person) == uploaded


@pytest.mark.needs("oauth")
def test_applications_are_told_its_whole_address(signed_in_browser, person, uploaded, settings):
    from oauth import claims

    told = claims.for_scopes(person, ["profile"])["picture"]

    assert told == settings.OSTIARY["ISSUER_URL"] + uploaded
    assert len(told) < 200


def test_it_costs_a_page_no_statement(signed_in_browser, uploaded):
    with flow.statements() as done:
        signed_in_browser.get("/account/profile/")

    assert not [sql for sql in done if ProfilePicture._meta.db_table in sql]


def test_the_log_says_that_it_changed(signed_in_browser, uploaded):
    assert Event.objects.get(kind="profile.changed").details == {"fields": ["picture"]}


def test_it_is_in_the_copy_of_their_data(person, uploaded):
    [told] = export(person)["profile_picture"]

    assert told["image"] == bytes(ProfilePicture.objects.get().image)


def test_it_is_erased_with_the_person(person, other_person, uploaded):
    assert erase(other_person)["ostiary_accounts.ProfilePicture"] == 0
    assert erase(person)["ostiary_accounts.ProfilePicture"] == 1
    assert not ProfilePicture.objects.exists()
    assert Browser().get(uploaded).status_code == 404


def test_uploads_are_counted(signed_in_browser, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"picture": {"user": "1/hour"}}}
    assert upload(signed_in_browser).status_code == 302

    assert upload(signed_in_browser).status_code == 429


def test_a_visitor_is_led_to_the_sign_in(browser):
    assert upload(browser)["Location"].startswith("/signin/")
    assert browser.post("/account/picture/remove/").status_code == 302
    assert not ProfilePicture.objects.exists()


def test_a_form_from_elsewhere_is_refused(person):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person)

    assert upload(browser).status_code == 403
    assert browser.post("/account/picture/remove/").status_code == 403


def test_a_user_model_without_the_field_has_none(monkeypatch, signed_in_browser, uploaded):
    monkeypatch.setattr(pictures, "is_offered", lambda user: False)

    assert signed_in_browser.get(PAGE).status_code == 404
    assert upload(signed_in_browser).status_code == 404
    assert Browser().get(uploaded).status_code == 404
    assert PAGE not in signed_in_browser.get("/account/").text
