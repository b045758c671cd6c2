"""Text and HTML of a message from one source."""

from html.parser import HTMLParser

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from ostiary import message_source
from ostiary.message_source import Block, blocks, one_line, plain

SOURCE = """
Hello,


Somebody asked.
  It was yesterday.

[Open the gate](https://id.example.com/x?a=1&b=2)

https://id.example.com/y

123 456
"""


def html_of(source, **more):
    return message_source.html(blocks(source), **{"subject": "Hello", "site_name": "Gate", **more})


class Page(HTMLParser):
    """The text of the paragraphs, and where the links lead."""

    def __init__(self, source):
        super().__init__()
        self.links, self.tags, self.words = [], [], []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.words += data.split()


def test_a_source_is_paragraphs_links_and_codes():
    assert blocks(SOURCE) == [
        Block("text", ("Hello,",)),
        Block("text", ("Somebody asked.", "It was yesterday.")),
        Block("link", ("Open the gate",), "https://id.example.com/x?a=1&b=2"),
        Block("link", ("https://id.example.com/y",), "https://id.example.com/y"),
        Block("code", ("123 456",)),
    ]


def test_plain_text_has_the_label_above_the_address():
    assert plain(blocks(SOURCE)) == (
        "Hello,\n\nSomebody asked.\nIt was yesterday.\n\n"
        "Open the gate:\nhttps://id.example.com/x?a=1&b=2\n\n"
        "https://id.example.com/y\n\n123 456\n"
    )


def test_html_has_the_links_and_says_the_same():
    page = Page(html_of(SOURCE))

    assert page.links == ["https://id.example.com/x?a=1&b=2", "https://id.example.com/y"]
    for word in (
        plain(blocks(SOURCE)).replace("gate:\nhttps://id.example.com/x?a=1&b=2", "gate").split()
    ):
        assert word in page.words


def test_html_loads_nothing_and_runs_nothing():
    assert not {"img", "script", "link", "style", "iframe"} & set(Page(html_of(SOURCE)).tags)


def test_html_is_in_the_direction_of_the_language():
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl">' in html_of(SOURCE)
    with translation.override("de"):
        assert '<html lang="de" dir="ltr">' in html_of(SOURCE)


def test_a_link_that_is_no_web_address_stays_text():
    for source in ("[Open](javascript:alert(1))", "[Open](/x)", "see [Open](https://a.example/)"):
        assert [block.kind for block in blocks(source)] == ["text"]


@given(st.text())
def test_a_value_in_a_sentence_is_never_a_link_and_never_markup(value):
    source = f"It is called {one_line(value)}."

    found = blocks(source)
    assert [block.kind for block in found] == ["text"]
    page = Page(html_of(source))
    assert page.links == []
    assert set(page.tags) <= {"html", "head", "meta", "title", "body", "div", "p", "h1", "br"}
