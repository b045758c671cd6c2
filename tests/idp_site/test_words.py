"""The phrasings that docs/contributing/words.md puts away don't come back in what people read."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "docs" / "contributing" / "words.md"
PRODUCT = ("ostiary", "accounts", "oauth", "mfa", "passkeys", "idp_site", "templates", "examples")
OWN_SCRIPTS = "static"
"""Scripts of the site itself stand here, beside those of the apps."""

# What nobody reads: comments, tags but those that translate, and attributes that name things.
NOT_READ = (
    r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->",
    r"\{%(?! (?:trans|translate|blocktrans|blocktranslate)\b).*?%\}|\{\{.*?\}\}",
    r'\b(?:class|id|name|for|href|src|action|formaction|type|rel|autocomplete)="[^"]*"',
)
SCRIPT = re.compile(
    r"//[^\n]*|/\*.*?\*/|(\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)", re.DOTALL
)


@functools.cache
def banned() -> dict[str, str]:
    """The phrases in backticks of the table's first column, each with what is said instead."""
    table = WORDS.read_text(encoding="utf-8").partition("## Phrasings that don't come back")[2]
    found = {}
    for line in table.splitlines():
        if line.startswith("| `"):
            phrases, instead = line.strip("| ").split(" | ")
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", phrases), instead)
    return found


@functools.cache
def pattern_of(phrase: str) -> re.Pattern[str]:
    """The whole phrase, across lines and with either apostrophe; in any case if it is in lower."""
    words = r"\s+".join(re.escape(word).replace("'", "['’]") for word in phrase.split())
    begin, end = (r"(?<![\w/.:-])", r"(?![\w/:-]|\.\w)")
    flags = re.IGNORECASE if phrase == phrase.lower() else 0
    return re.compile(begin + words + (end if phrase[-1].isalnum() else ""), flags)


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """What a file may show to somebody, each text with the line on which it begins."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _texts_of_code(source)
    elif path.suffix == ".js":
        for found in SCRIPT.finditer(source):
            if found[1]:
                yield source.count("\n", 0, found.start()) + 1, found[1]
    else:
        for part in NOT_READ:
            source = re.sub(part, _lines_of, source, flags=re.DOTALL)
        yield 1, source


def _lines_of(found: re.Match[str]) -> str:
    """As many lines as were found, and nothing on them."""
    return "\n" * found[0].count("\n")


def _texts_of_code(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    # Docstrings, of modules and functions as of settings: a string that is a statement.
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        # A single word in lower case is a name.
        is_text = " " in node.value.strip() or node.value[:1].isupper()
        if is_text and id(node) not in docs:
            yield node.lineno, node.value


def product_files() -> Iterator[Path]:
    """Code, templates, messages and scripts; not what migrations remember."""
    for place in (*PRODUCT, OWN_SCRIPTS):
        for path in sorted((ROOT / place).rglob("*")):
            is_text = path.suffix in (".py", ".html", ".js") or (
                path.suffix == ".txt" and "templates" in path.parts
            )
            if is_text and not {"migrations", "node_modules"} & {*path.parts}:
                yield path


def problems(path: Path) -> list[str]:
    """Where a file says what it shouldn't: file, line, the phrase, and what to say instead."""
    told = []
    for first, text in texts_of(path):
        for phrase, instead in banned().items():
            for found in pattern_of(phrase).finditer(text):
                line = first if path.suffix == ".py" else first + text[: found.start()].count("\n")
                told.append(f"{path}:{line}: “{found[0]}”: {instead}")
    return told


def test_the_product_says_none_of_them():
    files = list(product_files())
    assert len(files) > 500

    assert [each for path in files for each in problems(path)] == []


def test_nothing_to_say_instead_is_put_away_itself():
    table = banned()
    assert len(table) > 20

    for instead in table.values():
        assert not [phrase for phrase in table if pattern_of(phrase).search(instead)], instead


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("code.py", "\nlabel = _(\n    'Go on')\n", 3),
        ("code.py", '"""Fine."""\ntext = f"Now {name} may go on."\n', 2),
        ("code.py", 'text = (\n    "We look into "\n    "the spam folder."\n)\n', 2),
        ("page.html", '<p>\n{% translate "Don’t allow" %}</p>', 2),
        ("page.html", "<p>\n<b>It was\nnot me</b></p>", 2),
        ("page.html", '<input placeholder="Your telephone">', 1),
        ("message.txt", "Hello,\n\nTell it to nobody.", 3),
        ("script.js", '// Fine.\nsay("Fetch it");', 2),
    ],
)
def test_a_phrase_is_found_with_its_line(tmp_path, name, text, line):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    [found] = problems(path)

    assert found.startswith(f"{path}:{line}: “")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "code.py",
            '"""Go on."""\nKEY = "mailbox"\nurl = "/recover/go-on/ mailbox.html"  # go on\n',
        ),
        ("code.py", 'class A:\n    B = 1\n    """Who is told to go on."""\n'),
        ("page.html", '{# go on #}<a class="mailbox" href="{% url "mailbox" %}">{{ go.on }}</a>'),
        ("page.html", "<p>Cargo on board. You are mailedit.</p>"),
        ("script.js", "// Go on.\nmailbox(told); /* Go on. */"),
    ],
)
def test_comments_docstrings_and_names_may_say_them(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    assert problems(path) == []
