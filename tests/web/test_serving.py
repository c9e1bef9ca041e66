"""`vigilog web` as a process: where it listens, when it refuses, TLS from files and of its own."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.act.namespaces import namespaces
from tests.web import stored
from tests.web.serving import serving, vigilog_web

PASSWORD = "correct horse battery"


@pytest.fixture
def directory(tmp_path):
    stored.fill(tmp_path / "state", time.time(), alerts=20, counted=50)
    return tmp_path


def configuration(directory, web=""):
    state = f'[state]\ndirectory = "{directory}/state"\n[run]\ncontrol = "{directory}/control"\n'
    return f'{state}[web]\nlisten = "127.0.0.1:0"\n{web}'


def curl(address, *options, host=None):
    words = ["curl", "--silent", "--show-error", "--max-time", "20", *options, address]
    return subprocess.run(host.command(*words) if host else words, capture_output=True, text=True, check=False)


def set_password(directory, text):
    (directory / "web.toml").write_text(text)
    done = vigilog_web("--config", f"{directory}/web.toml", "--set-password", input=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr


def test_by_default_it_is_on_the_loopback_with_a_key_in_its_address(directory):
    with serving(directory, configuration(directory)) as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/login\?key=\S{32}", server.address)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = opener.open(server.address, timeout=20).read().decode()
        assert "Latest alerts" in page
        assert opener.open(server.address.partition("/login")[0] + "/alerts/1", timeout=20).status == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(server.address.partition("/login")[0] + "/live", timeout=20)


def test_it_ends_at_once_although_somebody_watches(directory):
    with serving(directory, configuration(directory, 'login = "none"\n')) as server:
        stream = urllib.request.urlopen(f"{server.address}live", timeout=20)
        assert stream.readline().startswith(b"retry")
        while not stream.readline().startswith(b"data: "):
            pass
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) in {0, -signal.SIGTERM}


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ("", "without TLS"),
        ("self_signed = true", "there is no password"),
        ('self_signed = true\nlogin = "none"', "without a login"),
        ('certificate = "/nonexistent/x.pem"', "no certificate with its key"),
    ],
)
def test_it_does_not_start_where_it_would_be_open_to_others(directory, web, said):
    text = configuration(directory, web).replace("127.0.0.1:0", "0.0.0.0:0")
    (directory / "web.toml").write_text(text)
    done = vigilog_web("--config", f"{directory}/web.toml")
    assert (done.returncode, done.stdout) == (78, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_command_line_says_is_looked_at_as_well(directory):
    (directory / "web.toml").write_text(configuration(directory))
    for option, said in (("0.0.0.0:1", "without TLS"), ("here", "no place to listen at")):
        done = vigilog_web("--config", f"{directory}/web.toml", "--listen", option)
        assert done.returncode == 78
        assert said in done.stderr


def test_a_taken_port_is_one_line(directory):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (directory / "web.toml").write_text(configuration(directory).replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        done = vigilog_web("--config", f"{directory}/web.toml")
    assert done.returncode == 78
    assert "cannot be listened at: Address already in use" in done.stderr


def test_its_own_certificate_is_for_a_year_and_kept(directory, need):
    need("curl", "openssl")
    text = configuration(directory, "self_signed = true\n")
    set_password(directory, text)
    made = directory / "state" / "web" / "certificate.pem"
    with serving(directory, text) as server:
        assert curl(f"https://127.0.0.1:{server.port}/login", "--cacert", made).stdout.count("Password") == 1
        assert curl(f"https://127.0.0.1:{server.port}/login").returncode == 60
        assert curl(f"http://127.0.0.1:{server.port}/login").returncode != 0
    assert (made.parent / "key.pem").stat().st_mode & 0o777 == 0o600
    dates = subprocess.run(
        ["openssl", "x509", "-noout", "-dates", "-in", made], capture_output=True, text=True, check=True
    ).stdout
    begin, end = (ssl.cert_time_to_seconds(line.partition("=")[2]) for line in dates.splitlines())
    assert 365 * 86400 <= end - begin <= 365 * 86400 + 600
    before = made.read_bytes()
    with serving(directory, text):
        assert made.read_bytes() == before


def test_a_certificate_in_one_file_with_its_key_and_in_two(directory, need):
    need("curl", "openssl")
    key, certificate, both = directory / "k.pem", directory / "c.pem", directory / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "30",
         "-subj", "/CN=watch.example", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    set_password(directory, configuration(directory))
    for web in (f'certificate = "{both}"\n', f'certificate = "{certificate}"\nkey = "{key}"\n'):
        with serving(directory, configuration(directory, web)) as server:
            assert "Password" in curl(f"https://127.0.0.1:{server.port}/login", "--cacert", certificate).stdout


@pytest.mark.peer
def test_another_host_reaches_it_by_its_own_certificate_and_by_nothing_else(directory, need):
    need("curl")
    with namespaces() as (server, client):
        text = configuration(directory, "self_signed = true\n").replace("127.0.0.1:0", f"{server.ipv4}:8470")
        set_password(directory, text)
        made = directory / "state" / "web" / "certificate.pem"
        with serving(directory, text, host=server):
            place = f"{server.ipv4}:8470"
            assert "Password" in curl(f"https://{place}/login", "--cacert", made, host=client).stdout
            assert curl(f"https://{place}/login", host=client).returncode == 60
            assert curl(f"http://{place}/login", host=client).returncode != 0
            jar = directory / "jar"
            options = ("--cacert", made, "--cookie-jar", jar, "--cookie", jar)
            form = ("--data", "password=wrong-password")
            assert "not the password" in curl(f"https://{place}/login", *options, *form, host=client).stdout
            good = ("--location", "--data-urlencode", f"password={PASSWORD}", "--data", "next=/alerts/1")
            page = curl(f"https://{place}/login", *options, *good, host=client).stdout
            assert "Failed password for" in page
