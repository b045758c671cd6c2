"""The template backend that has the tags of this package under the names of Django's."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage
from django.template.backends.django import DjangoTemplates

LIBRARIES = {"i18n": "ostiary.kept_tags.i18n", "static": "ostiary.kept_tags.static"}


class KeepingTemplates(DjangoTemplates):
    """Django's backend, with the same options. A project's own library or built-in tag of one of
    the names goes before ours."""

    def __init__(self, params: dict[str, Any]) -> None:
        options = params["OPTIONS"]
        builtins = ["ostiary.kept_tags.url", *options.get("builtins", ())]
        super().__init__({**params, "OPTIONS": {**options, "builtins": builtins}})

    def get_templatetag_libraries(self, custom_libraries: dict[str, str]) -> dict[str, str]:
        """Where each ``{% load … %}`` leads."""
        found: dict[str, str] = super().get_templatetag_libraries(custom_libraries)
        return {**found, **LIBRARIES, **custom_libraries}

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Django's checks, without the warning that two libraries have one name, as they shall."""
        meant = {f"'django.templatetags.{name}', '{path}'" for name, path in LIBRARIES.items()}
        return [
            problem
            for problem in super().check(**kwargs)
            if problem.id != "templates.W003" or problem.msg.partition(": ")[2] not in meant
        ]
