"""The ZIP file of a copy: the data for machines, the same for people, and what it is.

Nothing is kept in memory but one record at a time, nor written anywhere but to ``out``: an exporter
gives what may be many as an iterator, and is asked twice, once for each form.
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from typing import IO, Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from . import branding, export_page, privacy
from .conf import ostiary_settings
from .export_labels import Section

SCHEMA = "urn:ostiary:export:1"
"""What ``data.json`` says that it follows. The number changes when something in it does that a
program may rely on; what is only added doesn't change it."""


def collected(user: Any) -> dict[str, list[Section]]:
    """Every section of every exporter, by the label of its app, in the exporters' order.

    Raises ``ValueError`` where two exporters of one app tell under the same name.
    """
    found: dict[str, list[Section]] = {}
    for path, export in privacy.named_exporters():
        config = apps.get_containing_app_config(path)
        app = config.label if config else path.partition(".")[0]
        told = found.setdefault(app, [])
        taken = {section.name for section in told}
        for name, value in export(user).items():
            if name in taken:
                raise ValueError(f"Two exporters of {app} tell of {name!r}.")
            told.append(Section(app, name, value))
    return found


def write(out: Any, user: Any) -> None:
    """Write the file to ``out``, which only has to take bytes, in the active language."""
    made_at = timezone.now()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with _entry(archive, "README.txt", made_at) as file:
            file.write(_about().encode())
        with _entry(archive, "data.json", made_at) as file:
            for text in _json(user, made_at):
                file.write(text.encode())
        with _entry(archive, "index.html", made_at) as file:
            for text in export_page.page(collected(user), made_at):
                file.write(text.encode())
        with _entry(archive, "schema.json", made_at) as file:
            file.write(schema_text().encode())


def _entry(archive: zipfile.ZipFile, name: str, made_at: datetime) -> IO[bytes]:
    info = zipfile.ZipInfo(name, date_time=made_at.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return archive.open(info, "w", force_zip64=True)


def schema_text() -> str:
    """The JSON Schema (2020-12) of ``data.json``, as it is published."""
    return resources.files(__package__).joinpath("export.schema.json").read_text("utf-8")


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, bytes | memoryview):
            return base64.urlsafe_b64encode(bytes(o)).decode().rstrip("=")
        try:
            return super().default(o)
        except TypeError:
            return str(o)


def _dumped(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False)


def _json(user: Any, made_at: datetime) -> Iterator[str]:
    head = {
        "schema": SCHEMA,
        "site": branding.site_name(),
        "issuer": ostiary_settings.ISSUER_URL,
        "made_at": made_at,
        "language": translation.get_language() or "",
        "person": str(user.pk),
    }
    yield _dumped(head)[:-1] + ',\n"data": {'
    for n, (app, sections) in enumerate(collected(user).items()):
        yield f"{',' if n else ''}\n{_dumped(app)}: {{"
        for m, section in enumerate(sections):
            yield f"{',' if m else ''}\n{_dumped(section.name)}: "
            yield from _value(section.value)
        yield "}"
    yield "}}\n"


def _value(value: Any) -> Iterator[str]:
    if not isinstance(value, Iterator):
        yield _dumped(value)
        return
    yield "["
    for n, record in enumerate(value):
        yield (",\n" if n else "\n") + _dumped(record)
    yield "]"


def _about() -> str:
    site = {"site_name": branding.site_name(), "issuer": ostiary_settings.ISSUER_URL}
    return "\n\n".join(
        [
            _("The data %(site_name)s (%(issuer)s) stores about you.") % site,
            _("Open index.html in any browser to read your data. It works offline."),
            _("data.json has the same data for programs. schema.json describes its format."),
            _(
                "Passwords, keys, codes and tokens are left out, and so is data about other "
                "people. Keep the file private all the same."
            ),
        ]
    )
