# /// script
# requires-python = ">=3.11"
# dependencies = ["playwright==1.65.2"]
# ///
"""Chromium 156 changes the domain that is typed into ``<input type=email>``, by IDNA 2003.

HTML ("E-mail state") lets a browser convert the domain to ASCII. Chromium does so while one types,
with the transitional mapping of UTS #46 that Unicode 15.1 has deprecated: ``straße.example``
becomes ``strasse.example``, another's domain. Its own URLs have ``xn--strae-oqa.example``. With
``type=text inputmode=email`` nothing is changed.

It runs the machine's own Chromium. Seen:

    Chromium 156.0.8078.114
    anna@straße.example -> anna@strasse.example
    nikos@νίκος.example -> nikos@xn--kxawhku.example
    p@نامه‌ای.example -> p@xn--mgba3gch31f.example
    as text: anna@straße.example
    a URL: http://xn--strae-oqa.example/
"""

import shutil

from playwright.sync_api import sync_playwright

EXPECTED = {
    "anna@straße.example": "anna@strasse.example",
    "nikos@νίκος.example": "nikos@xn--kxawhku.example",
    "p@نامه\u200cای.example": "p@xn--mgba3gch31f.example",
}

with sync_playwright() as playwright:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(
        executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
    )
    print("Chromium", browser.version)
    page = browser.new_page()
    page.set_content("<input type=email><input type=text inputmode=email>")
    for typed, seen in EXPECTED.items():
        page.locator("[type=email]").fill("")
        page.locator("[type=email]").press_sequentially(typed)
        became = page.locator("[type=email]").input_value()
        print(typed, "->", became)
        assert became == seen
    page.locator("[type=text]").press_sequentially("anna@straße.example")
    as_text = page.locator("[type=text]").input_value()
    print("as text:", as_text)
    assert as_text == "anna@straße.example"
    url = page.evaluate("new URL('http://straße.example/').href")
    print("a URL:", url)
    assert url == "http://xn--strae-oqa.example/"
    browser.close()
