"""What the tags answer that keep their answers is what Django's answer, in each language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import Warning
from django.template import Context, Engine, RequestContext, engines
from django.template.backends.django import DjangoTemplates
from django.template.defaulttags import URLNode
from django.templatetags.i18n import TranslateNode
from django.test import RequestFactory
from django.urls import NoReverseMatch, path, set_script_prefix, set_urlconf
from django.utils import translation

from ostiary import kept_tags
from ostiary.kept_tags.backend import KeepingTemplates

OURS: dict[str, Any] = {
    "libraries": {"i18n": "ostiary.kept_tags.i18n", "static": "ostiary.kept_tags.static"},
    "builtins": ["ostiary.kept_tags.url"],
}
DJANGOS: dict[str, Any] = {
    "libraries": {
        "i18n": "django.templatetags.i18n",
        "static": "django.templatetags.static",
    }
}
KEPT = {"ostiary_kept": "ostiary.templatetags.ostiary_kept"}
SOURCES = [
    '{% translate "Sign in" %}',
    '{% trans "Sign in" %}',
    '{% translate "Sign in" as said %}-{{ said }}{{ said }}',
    '{% translate "May" context "abbrev. month" %}',
    '{% translate "Sign in" noop %}',
    '{% translate "Sign in"|upper %}',
    '{% translate "100%% <b> & done" %}',
    "{% translate word %}",
    "{% blocktranslate %}Sign in{% endblocktranslate %}",
    "{% blocktranslate trimmed %}\n  Sign in\n{% endblocktranslate %}",
    "{% blocktranslate asvar said %}Sign in{% endblocktranslate %}-{{ said }}",
    "{% blocktranslate %}Allow {{ name }}?{% endblocktranslate %}",
    "{% blocktranslate with name=word %}Allow {{ name }}?{% endblocktranslate %}",
    "{% blocktranslate count n=number %}one{% plural %}{{ n }}{% endblocktranslate %}",
    '{% static "ostiary/ostiary.css" %}',
    '{% static "a b&c.css" as address %}{{ address }}',
    "{% autoescape off %}{% static 'a&b.css' %}{% endautoescape %}{% static 'a&b.css' %}",
    "{% static path %}",
    '{% url "healthz" %}',
    '{% url "healthz" as address %}{{ address }}',
    '{% url "no-such-page" as address %}[{{ address }}]',
    "{% url page %}",
    '{% url page as address %}{{ address }}{% translate _("Sign in") %}',
]


urlpatterns = [path("healthz", lambda request: None, name="healthz")]


@pytest.fixture(autouse=True)
def nothing_kept(small_site: None, settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    kept_tags._kept.clear()
    yield
    kept_tags._kept.clear()
    set_script_prefix("/")


def made(source: str, options: dict[str, Any], **more: Any) -> Any:
    options = {**options, "libraries": {**options["libraries"], **KEPT}}
    return Engine(**options).from_string("{% load i18n static ostiary_kept %}" + source)


def shown(template: Any, **values: Any) -> str:
    known = {"word": "Sign in", "name": "<x>", "number": 2, "path": "x.css", "page": "healthz"}
    request = RequestFactory().get("/")
    return str(template.render(RequestContext(request, {**known, **values})))


@pytest.mark.parametrize("source", SOURCES)
def test_a_tag_answers_as_djangos_does_in_each_language(source: str) -> None:
    ours, djangos = made(source, OURS), made(source, DJANGOS)
    for language in ["en", "de", "ar", "de", None, "en"]:
        with translation.override(language):
            assert shown(ours) == shown(djangos)


def test_a_word_is_looked_up_once_in_each_language(monkeypatch: pytest.MonkeyPatch) -> None:
    template, asked = made('{% translate "Sign in" %}', OURS), []
    resolve = type(template.nodelist[1].node).render
    monkeypatch.setattr(
        type(template.nodelist[1].node),
        "render",
        lambda node, context: asked.append(translation.get_language()) or resolve(node, context),
    )
    for language in ["en", "de", "en", "de", "de"]:
        with translation.override(language):
            shown(template)
    assert asked == ["en", "de"]


def test_an_address_follows_the_prefix_of_the_script() -> None:
    ours, djangos = (made('{% url "healthz" %}', options) for options in (OURS, DJANGOS))
    for prefix in ["/", "/sso/", "/"]:
        set_script_prefix(prefix)
        assert shown(ours) == shown(djangos) == f"{prefix}healthz"


def test_an_address_follows_the_project_that_answers() -> None:
    ours = made('{% url "healthz" as address %}[{{ address }}]', OURS)
    assert shown(ours) == "[/healthz]"
    set_urlconf("tests.ostiary.urls")
    try:
        assert shown(ours) == "[]"
    finally:
        set_urlconf(None)
    assert shown(ours) == "[/healthz]"


def test_a_page_that_is_not_there_is_told_each_time() -> None:
    template = made('{% url "no-such-page" %}', OURS)
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            shown(template)


def test_a_change_of_settings_forgets_what_was_kept(settings: Any) -> None:
    template = made('{% static "x.css" %}', OURS)
    assert shown(template) == "/static/x.css"
    settings.STATIC_URL = "https://files.example/"
    assert shown(template) == shown(made('{% static "x.css" %}', DJANGOS))


def test_without_a_request_it_works_too() -> None:
    template = made('{% url "healthz" %}{% translate "Sign in" %}', OURS)
    assert template.render(Context({})) == "/healthzSign in"


def test_a_kept_part_is_rendered_once_for_each_language() -> None:
    template = made('{% kept %}{{ word }} {% translate "Sign in" %}{% endkept %}', OURS)
    with translation.override("de"):
        german = shown(template, word="eins")
        assert german == shown(template, word="zwei")
    assert german != shown(template, word="eins")
    other = made("{% kept %}another{% endkept %}", OURS)
    assert shown(other) == "another"


def test_with_debug_nothing_is_kept(settings: Any) -> None:
    settings.DEBUG = True
    for source in SOURCES:
        shown(made(source, OURS))
    assert shown(made("{% kept %}{{ word }}{% endkept %}", OURS), word="x") == "x"
    assert not kept_tags._kept


def backend(**options: Any) -> KeepingTemplates:
    params: dict[str, Any] = {"NAME": "x", "DIRS": [], "APP_DIRS": False, "OPTIONS": options}
    return KeepingTemplates(params)


def test_the_backend_has_them_under_djangos_names() -> None:
    known = backend().engine
    source = '{% load i18n static %}{% url "healthz" %}{% static "x.css" %}{% translate "a" %}'
    kinds = [type(node) for node in known.from_string(source).nodelist[1:]]
    assert kinds == [kept_tags.KeptNode] * 3


def test_a_projects_own_tags_go_before_them() -> None:
    own = {"i18n": "django.templatetags.i18n"}
    known = backend(libraries=own, builtins=["django.template.defaulttags"]).engine
    source = '{% load i18n static %}{% url "healthz" %}{% static "x.css" %}{% translate "a" %}'
    kinds = [type(node) for node in known.from_string(source).nodelist[1:]]
    assert kinds == [URLNode, kept_tags.KeptNode, TranslateNode]


def test_only_the_warning_that_is_meant_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert backend().check() == []
    other = "tests.ostiary.urls"
    warnings = [
        Warning(f"'static' is used for multiple template tag modules: {names}", id="templates.W003")
        for names in (
            "'django.templatetags.static', 'ostiary.kept_tags.static'",
            f"'django.templatetags.static', 'ostiary.kept_tags.static', '{other}'",
            f"'django.templatetags.tz', '{other}'",
        )
    ]
    monkeypatch.setattr(DjangoTemplates, "check", lambda self: warnings)
    assert backend().check() == warnings[1:]


def test_the_site_has_them() -> None:
    assert isinstance(engines["django"], KeepingTemplates)
