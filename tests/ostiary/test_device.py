"""A device in words, from what a browser says of itself."""

import pytest

from ostiary.device import describe

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
            "Firefox on Linux",
        ),
        (WINDOWS + "Chrome/128.0.0.0 Safari/537.36", "Chrome on Windows"),
        (WINDOWS + "Chrome/128.0.0.0 Safari/537.36 Edg/128.0.0.0", "Edge on Windows"),
        (WINDOWS + "Chrome/128.0.0.0 Safari/537.36 OPR/114.0.0.0", "Opera on Windows"),
        (IPHONE + "Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (IPHONE + "CriOS/128.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/128.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15",
            "Safari on macOS",
        ),
        ("curl/8.9", "Unknown device"),
        ("Windows", "Windows"),
        ("", "Unknown device"),
        ("<script>\x00", "Unknown device"),
    ],
)
def test_a_device_in_words(user_agent, words):
    assert describe(user_agent) == words
