"""Messages as they are read from right to left; ``test_every_page`` has the pages."""

import pytest

from ostiary import notifications
from ostiary.mail import render

IN_ORDER = """(value) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const begin = text.data.indexOf(value);
    if (begin < 0) continue;
    const range = document.createRange();
    const at = (index) => {
      range.setStart(text, index);
      range.setEnd(text, index + 1);
      return range.getBoundingClientRect().left;
    };
    return [...value].every((_, n) => n === 0 || at(begin + n - 1) < at(begin + n));
  }
  throw new Error(`${value} is not there`);
}"""


def is_in_order(page, value):
    """Whether the characters of ``value`` stand from left to right, where the page first has it."""
    return bool(page.evaluate(IN_ORDER, value))


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", ["verify", "signin_code", "challenge_code", "confirm_signin"])
def test_the_two_halves_of_a_code_are_seen_in_their_order(page, language, name):
    """Of two groups the second was seen first in Arabic (ente/ente#9039)."""
    told = {"code": "1234 5678", "link": "https://id.example.com/", "where": "2001:db8::7"}
    message = render(f"ostiary_accounts/mail/{name}", told, language=language)
    page.set_content(message.html)
    assert is_in_order(page, "1234 5678")
    if name == "confirm_signin":
        assert is_in_order(page, "2001:db8::7")
    direction = "rtl" if language == "ar" else "ltr"
    page.set_content(f"<pre dir={direction}>{message.text}</pre>")
    assert is_in_order(page, "1234 5678")


def test_numbers_and_addresses_of_a_notice_are_seen_in_their_order(page):
    values = {"phone_changed": "+49 ••• ••89", "email_changed": "new@example.com"}
    for kind, value in values.items():
        message = notifications.example(kind, "ar")
        page.set_content(message.html)
        assert is_in_order(page, value), kind
        page.set_content(f"<pre dir=rtl>{message.text}</pre>")
        assert is_in_order(page, value), kind
