#!/bin/sh
# granian 2.8.7 gives a WSGI application an empty Cookie where one of the cookies has a byte outside
# ASCII, and so with every other field.
#
# RFC 9110 §5.5: such bytes (obs-text) are valid, opaque data in a field. PEP 3333: the environ has
# the fields by Latin-1. Browsers send cookies of a whole domain in one field, so one that another
# site has set takes all with it.
#
# Seen:
#
#     Cookie: a=1; odd=é; b=2 becomes ''
#     X-Name: é becomes ''
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'granian==2.8.7'
cat >show.py <<'PYTHON'
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

APPLICATION = """
import json

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    told = {name: text for name, text in environ.items() if isinstance(text, str)}
    return [json.dumps(told).encode()]
"""
REQUEST = (
    "GET / HTTP/1.0\r\nHost: localhost\r\nCookie: a=1; odd=é; b=2\r\nX-Name: é\r\n\r\n".encode()
)

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]

with tempfile.TemporaryDirectory() as folder:
    Path(folder, "app.py").write_text(APPLICATION)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--log-level", "critical", "app:application"],
        cwd=folder,
    )
    try:
        for _ in range(100):
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=10)
                break
            except OSError:
                time.sleep(0.1)
        with connection:
            connection.sendall(REQUEST)
            answer = b""
            while part := connection.recv(65536):
                answer += part
    finally:
        server.terminate()
        server.wait()

environ = json.loads(answer.partition(b"\r\n\r\n")[2])
print("Cookie: a=1; odd=é; b=2 becomes", repr(environ["HTTP_COOKIE"]))
assert environ["HTTP_COOKIE"] == ""
print("X-Name: é becomes", repr(environ["HTTP_X_NAME"]))
assert environ["HTTP_X_NAME"] == ""
PYTHON
env/bin/python show.py
