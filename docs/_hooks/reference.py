"""Keeps the reference true: settings come from the code, and no command may go unmentioned."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).resolve().parents[2]


def settings_of(source: str, class_name: str) -> list[tuple[str, str, str, str]]:
    """Name, type, default and docstring of each annotated attribute of a class."""
    tree = ast.parse(source)
    [found] = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name]
    rows = []
    for attribute, after in zip(found.body, found.body[1:], strict=False):
        if not isinstance(attribute, ast.AnnAssign) or attribute.value is None:
            continue
        default = ast.unparse(attribute.value)
        default = re.sub(r"field\(default_factory=(list|dict)\)", r"\1()", default)
        default = re.sub(r"field\(default_factory=lambda: (.*)\)$", r"\1", default)
        default = {"list()": "[]", "dict()": "{}"}.get(default, default)
        text = ast.literal_eval(after.value) if isinstance(after, ast.Expr) else ""
        words = " ".join(text.split()).replace("``", "`")
        rows.append(
            (ast.unparse(attribute.target), ast.unparse(attribute.annotation), default, words)
        )
    return rows


SETTINGS = {
    "<!-- settings -->": ("ostiary", "OstiarySettings"),
    "<!-- settings of accounts -->": ("accounts", "AccountsSettings"),
    "<!-- settings of oauth -->": ("oauth", "OAuthSettings"),
    "<!-- settings of passkeys -->": ("passkeys", "PasskeysSettings"),
    "<!-- settings of mfa -->": ("mfa", "MfaSettings"),
    "<!-- settings of the resource kit -->": ("oauth/resource_server", "ResourceServerSettings"),
}
"""The place on the page, and the folder and class whose keys stand there."""


def settings_table(folder: str, name: str) -> str:
    """Every key of some settings, as headed paragraphs."""
    rows = settings_of((ROOT / folder / "conf.py").read_text(), name)
    return "\n".join(
        f"## `{name}`\n\n{words}\n\nType: `{kind}`. Default: `{default}`.\n"
        for name, kind, default, words in rows
    )


def check_commands(page: str) -> None:
    """Raises ``PluginError`` if a management command of ours is not on the page."""
    found = ROOT.glob("*/management/commands/[!_]*.py")
    missing = sorted(path.stem for path in found if f"`{path.stem}`" not in page)
    if missing:
        raise PluginError(f"docs/reference/commands.md does not name {', '.join(missing)}.")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """MkDocs' hook, called with the text of each page."""
    if page.file.src_uri == "reference/commands.md":
        check_commands(markdown)
    for place, (folder, name) in SETTINGS.items():
        if place in markdown:
            markdown = markdown.replace(place, settings_table(folder, name))
    return markdown
