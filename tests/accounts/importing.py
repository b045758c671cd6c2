"""Runs ``import_users``, for tests."""

import io
import json

import pytest
from django.core.management import call_command


def run(*files, form="keycloak", **options):
    """What the command prints."""
    out = io.StringIO()
    call_command("import_users", *map(str, files), format=form, stdout=out, **options)
    return out.getvalue()


def counts(*files, **options):
    """What it prints for programs."""
    return json.loads(run(*files, json=True, **options))


@pytest.fixture
def report(tmp_path):
    """Runs the command with a report; gives its lines."""

    def lines(*files, **options):
        path = tmp_path / "report.jsonl"
        run(*files, report=path, **options)
        return [json.loads(line) for line in path.read_text().splitlines()]

    return lines


def reasons(lines):
    """Who, and why."""
    return [(line["external_id"], line["outcome"], line["reason"]) for line in lines]
