"""The form_post response mode: a page that posts itself under a strict policy (OAuth 2.0 Form Post
Response Mode, SECURITY H19)."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oauth import flow

pytestmark = pytest.mark.django_db

PLAIN = st.characters(
    min_codepoint=0x20, exclude_characters="\x7f\ufffd", exclude_categories=["Cs"]
)


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def hidden(self) -> dict[str, str]:
        """The hidden fields."""
        return {
            attrs["name"]: attrs["value"]
            for tag, attrs in self.tags
            if tag == "input" and attrs.get("type") == "hidden"
        }


def test_the_answer_is_a_form_to_the_redirect_uri(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client)

    response = flow.authorize(signed_in_browser, confidential_client, response_mode="form_post")

    page = Page(response.content.decode())
    form = next(attrs for tag, attrs in page.tags if tag == "form")
    assert form["action"] == "https://rp.example/callback"
    assert form["method"] == "post"
    assert set(page.hidden()) == {"code", "state", "iss"}
    assert page.hidden()["iss"] == "http://localhost:8000"


def test_it_works_by_a_button_and_by_a_script_of_our_own(signed_in_browser, confidential_client):
    response = flow.authorize(
        signed_in_browser, confidential_client, response_mode="form_post", prompt="none"
    )

    page = Page(response.content.decode())
    assert ("button", {"type": "submit"}) in [
        (tag, {"type": attrs.get("type")}) for tag, attrs in page.tags
    ]
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    assert "/static/ostiary_oauth/form_post.js" in [attrs["src"] for attrs in scripts]
    assert all(attrs["src"].startswith("/static/") for attrs in scripts)
    assert not any(name.startswith("on") or name == "style" for _, a in page.tags for name in a)


def test_its_policy_lets_nothing_in_and_the_client_lead_on(signed_in_browser, confidential_client):
    response = flow.authorize(
        signed_in_browser, confidential_client, response_mode="form_post", prompt="none"
    )

    policy = dict(
        part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert "form-action" not in policy
    assert policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "no-store" in response["Cache-Control"]


@settings(max_examples=60)
@given(state=st.text(PLAIN, min_size=1, max_size=100))
def test_whatever_the_state_it_arrives_unchanged_and_adds_no_markup(
    signed_in_browser, confidential_client, state
):
    def page_with(state):
        response = flow.authorize(
            signed_in_browser,
            confidential_client,
            response_mode="form_post",
            prompt="none",
            state=state,
        )
        return Page(response.content.decode())

    page = page_with(state)
    assert page.hidden()["state"] == state
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in page_with("plain").tags]
