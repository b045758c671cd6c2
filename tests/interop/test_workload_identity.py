"""The commands of docs/how-to/workload-identity.md, run by a shell and curl over real HTTP."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine import program
from tests.oauth import flow
from tests.oauth.far_end import far_end
from tests.oauth.outside import MAIN, Platform

from .conftest import API_OF_A_WORKLOAD

PAGE = Path(__file__).parents[2] / "docs/how-to/workload-identity.md"


@pytest.fixture
def shell(issuer: str, tmp_path: Path) -> Callable[..., str]:
    """Runs commands of the page; what they print."""
    program("curl")
    bash = program("bash")

    def run(commands: str, **environment: str) -> str:
        commands = commands.replace("https://id.example.com", issuer)
        commands = commands.replace("/var/run/ostiary", str(tmp_path))
        done = subprocess.run(
            [bash, "-euo", "pipefail", "-c", commands],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def blocks(language: str) -> list[str]:
    """The page's blocks of commands."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_every_curl_command_of_the_page_gets_a_token(
    github: Platform, shell: Callable[..., str], tmp_path: Path
) -> None:
    commands = [block for block in blocks("sh") if "curl" in block]
    assert len(commands) == 3

    for command in commands:
        (tmp_path / "token").write_text(github.token())
        answer = json.loads(shell(command, jwt=github.token()))
        assert flow.said_by(answer["access_token"])["aud"] == API_OF_A_WORKLOAD


def test_the_job_of_the_page_gets_a_token(
    github: Platform, shell: Callable[..., str], issuer: str
) -> None:
    program("jq")
    [workflow] = [block for block in blocks("yaml") if "id-token: write" in block]
    script = re.search(r"run: \|\n(.*)", workflow, re.DOTALL)
    assert script
    with far_end() as runner:
        runner.pages = {f"/?v=2&audience={issuer}": json.dumps({"value": github.token()}).encode()}
        commands = script[1].replace("https://api.example.com/deployments", runner.url)

        printed = shell(
            commands.replace("deploy:write", "api:read"),
            ISSUER=issuer,
            ACTIONS_ID_TOKEN_REQUEST_URL=f"{runner.url}?v=2",
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="a-token-of-the-runner",
        )

    masked = re.search(r"::add-mask::(\S+)", printed)
    assert masked
    assert flow.said_by(masked[1])["workload"] == {"iss": github.issuer, "sub": MAIN}
    assert [path for _, path, _ in runner.asked] == [f"/?v=2&audience={issuer}", "/"]
