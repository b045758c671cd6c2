"""What a browser says of itself, in words and as a picture."""

import pytest

from ostiary.device import Kind, describe, kind

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/1 Safari/604.1"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) Version/17.0 Mobile/1 Safari/604.1"
PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/130.0 Mobile Safari/537.36"
GALAXY_TAB = "Mozilla/5.0 (Linux; Android 13; SM-X906C) Chrome/130.0 Safari/537.36"
SAMSUNG_TV = "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.mark.parametrize(
    ("user_agent", "is_a", "words"),
    [
        (MAC, Kind.DESKTOP, "Safari on macOS"),
        (FIREFOX, Kind.DESKTOP, "Firefox on Linux"),
        (IPHONE, Kind.PHONE, "Safari on iPhone"),
        (PIXEL, Kind.PHONE, "Chrome on Android"),
        (IPAD, Kind.TABLET, "Safari on iPad"),
        (GALAXY_TAB, Kind.TABLET, "Chrome on Android"),
        (SAMSUNG_TV, Kind.TV, "Safari on Tizen"),
        ("curl/8.9.1", Kind.TERMINAL, "Unknown device"),
        ("", Kind.UNKNOWN, "Unknown device"),
        ("\x00 <script>", Kind.UNKNOWN, "Unknown device"),
    ],
)
def test_a_device_is_told_by_kind_browser_and_system(user_agent, is_a, words):
    assert kind(user_agent) is is_a
    assert describe(user_agent) == words


def test_every_kind_has_an_icon_of_the_theme():
    with open("static/ostiary/ostiary.css") as file:
        theme = file.read()

    for each in Kind:
        assert f".icon-{each} {{" in theme
