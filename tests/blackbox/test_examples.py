"""The examples in docs/capture.md do what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from tests.blackbox.recording import texts, written
from tests.conftest import absent
from vigilog.parse.forensics import Block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "capture.md"
NAMED = re.compile(r"((?:^    .*\n|^\n)+)", re.MULTILINE)
WSGI = """
import io, sys
from wsgiref.util import setup_testing_defaults
def ask(application, method, path, body=b""):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": "192.0.2.7", "wsgi.input": io.BytesIO(body),
               "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    setup_testing_defaults(environ)
    answer = application(environ, lambda status, headers, *_: print(status))
    list(answer)
    getattr(answer, "close", lambda: None)()
"""
ASGI = """
import asyncio
def ask(application, method, path):
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
             "client": ("192.0.2.7", 1), "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1"}
    async def receive(): return {"type": "http.request"}
    async def send(event): print(event.get("status", ""))
    try: asyncio.run(application(scope, receive, send))
    except KeyError: print("raised")
"""


def example(name: str, folder: Path) -> str:
    """The program of the page that begins with its name."""
    programs = [dedent(found) for found in NAMED.findall(PAGE.read_text()) if f"# {name}\n" in found]
    (program,) = programs
    return program.replace("/var/log/shop", str(folder)).replace("/run/shop", str(folder))


def run(name: str, folder: Path, more: str = "") -> subprocess.CompletedProcess[str]:
    """Runs it, and what a test adds."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}
    command = [sys.executable, "-c", example(name, folder) + more]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder, timeout=60)


def blocks(folder: Path) -> list[Block]:
    return written(folder / "forensic.log")


def needs(module: str) -> None:
    if find_spec(module) is None:
        absent(f"not installed: {module}")


def test_a_script(tmp_path: Path):
    ran = run("script.py", tmp_path)
    assert (ran.stdout, ran.returncode) == ("", 1)
    assert ran.stderr.endswith("RuntimeError: a line that nobody expected\n")
    (block,) = blocks(tmp_path)
    assert (block.kind, block.value("UNIQUE_ID")) == ("UNTIMELY DEATH", "customers")
    assert texts(block)[0] == "shop.import DEBUG: reading customers"
    assert texts(block)[1].endswith("RuntimeError: a line that nobody expected")


def test_an_executor(tmp_path: Path):
    assert run("executor.py", tmp_path).returncode == 0
    (block,) = blocks(tmp_path)
    assert texts(block) == ["shop DEBUG: in the session"]


def test_triggers(tmp_path: Path):
    assert run("triggers.py", tmp_path).returncode == 0
    assert [(block.kind, texts(block)) for block in blocks(tmp_path)] == [
        ("FAILED LOGIN", ["shop DEBUG: looking for anna", "shop INFO: wrong password of anna"]),
        ("SLOW QUERY", ["shop.sql DEBUG: took 12345 ms"]),
        ("ERROR", ["shop ERROR: no more baskets"]),
    ]


@pytest.mark.peer
def test_flask(tmp_path: Path):
    needs("flask")
    ran = run("flask_shop.py", tmp_path, WSGI + "\nask(app, 'POST', '/login', b'user=anna'); ask(app, 'GET', '/broken')")
    assert ran.stdout == "200 OK\n500 INTERNAL SERVER ERROR\n"
    login, broken = blocks(tmp_path)
    assert (login.kind, login.value("Attempted-User"), login.value("Client-Address")) == ("FAILED LOGIN", "anna", "192.0.2.7")
    assert texts(login) == ["shop DEBUG: login of anna"]
    assert (broken.kind, broken.value("Path")) == ("SERVER ERROR", "/broken")
    assert texts(broken)[0] == "shop DEBUG: looking for 4711"
    assert texts(broken)[1].endswith("KeyError: 'missing'")


@pytest.mark.peer
def test_fastapi(tmp_path: Path):
    needs("fastapi")
    ran = run("fastapi_shop.py", tmp_path, ASGI + "\nask(app, 'GET', '/broken'); ask(app, 'GET', '/nothing')")
    assert "raised" in ran.stdout
    (block,) = blocks(tmp_path)
    assert (block.kind, block.value("Path"), block.value("Method")) == ("UNTIMELY DEATH", "/broken", "GET")
    own = [text for text in texts(block) if text.startswith("shop")]
    assert own == ["shop DEBUG: looking for 4711"]
    assert texts(block)[-1].endswith("KeyError: 'missing'")


@pytest.mark.peer
def test_django(tmp_path: Path):
    needs("django")
    (tmp_path / "shop_settings.py").write_text(
        "SECRET_KEY = 'x'; ROOT_URLCONF = 'shop_urls'; ALLOWED_HOSTS = ['*']; LOGGING_CONFIG = None\n"
    )
    (tmp_path / "shop_urls.py").write_text(
        "import logging\nfrom django.urls import path\n"
        "def broken(request):\n    logging.getLogger('shop').debug('looking for %d', 4711)\n    return {}['missing']\n"
        "urlpatterns = [path('broken', broken)]\n"
    )
    ran = run("django_shop.py", tmp_path, WSGI + "\nask(application, 'GET', '/broken'); ask(application, 'GET', '/nothing')")
    assert ran.stdout == "500 Internal Server Error\n404 Not Found\n"
    (block,) = blocks(tmp_path)
    assert (block.kind, block.value("Path")) == ("SERVER ERROR", "/broken")
    own = [text for text in texts(block) if text.startswith("shop")]
    assert own == ["shop DEBUG: looking for 4711"]
    assert any("KeyError: 'missing'" in text for text in texts(block))
