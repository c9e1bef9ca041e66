"""The shipped scripts, and the one that logtrigger's page has, run by real shells as the action runs them."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import vigilog
import vigilog.act
from tests.act.samples import HOSTILE, alert, event, order
from vigilog.act.script import Script

RULES = Path(vigilog.__file__).parent / "detect" / "trigger_rules"
SCRIPTS = Path(vigilog.act.__file__).parent / "scripts"
SHELLS = ["dash", "busybox sh", "bash"]
pytestmark = pytest.mark.peer

FORGED = "x\x1b[2J\nNov 20 12:00:01 web1 sshd[8]: forged\t"
ATTACKS = [
    "$(touch RUN)",
    "`touch RUN`",
    "; touch RUN",
    "' ; touch RUN; '",
    '"; touch RUN; "',
    "-n",
    "-e \\033c",
    "* ? [a]",
    "%s%n",
    "\\c",
]


@pytest.fixture
def put(tmp_path, need):
    """A copy of a script for one of the shells, with a `vigilog` before all others that notes what it is called with."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "vigilog").write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/called\necho said >&2\nexit ${{ENDS:-0}}\n"
    )
    (programs / "vigilog").chmod(0o755)

    def make(text, shell, log=lambda line: None, **more):
        need(shell.split()[0])
        where = subprocess.run(["which", shell.split()[0]], capture_output=True, check=True, text=True).stdout.strip()
        path = tmp_path / "act.sh"
        path.write_text(re.sub(r"\A#!.*", f"#!{where}{shell[len(shell.split()[0]) :]}", text))
        path.chmod(0o755)
        base = {"PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"}
        return Script(str(path), base=base, more={"LOG_DIRECTORY": str(tmp_path), **more}, time_limit=20, log=log)

    return make


def run(script, name="SIP_Login", **facts):
    found = list(script.perform([order(about=alert(event(rule=name, **facts), rule=name))]))
    while script.due() is not None:
        found += script.tick()
    [only] = found
    return only


def logit():
    return (SCRIPTS / "logit.sh").read_text()


def ipblock():
    return (SCRIPTS / "ipblock.sh").read_text()


def test_the_shipped_scripts_may_be_run_as_they_are():
    assert sorted(path.name for path in SCRIPTS.iterdir() if path.suffix == ".sh") == ["ipblock.sh", "logit.sh"]
    for path in SCRIPTS.glob("*.sh"):
        assert path.stat().st_mode & 0o111 == 0o111
        assert path.read_text().startswith("#!/bin/sh\n")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("DDNS_Status", "ddns.log"),
        ("SIP_Login", "logins.log"),
        ("Dropbear_Login", "logins.log"),
        ("Dropbear_Notice", "dropbear.log"),
        ("MiniUPNPD", "miniupnpd.log"),
        ("SIP_WrongPass", "failed_logins.log"),
        ("Login failed today", "failed_logins.log"),
    ],
)
def test_our_logit_writes_the_line_to_the_file_of_its_kind_in_every_shell(put, tmp_path, shell, name, file):
    found = run(put(logit(), shell), name)
    assert (found.done, found.reason) == (True, "ended with status 0")
    assert (tmp_path / file).read_bytes() == event().line + b"\n"
    assert (tmp_path / file).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("*.log")] == [file]


@pytest.mark.parametrize("path", sorted(RULES.glob("*.toml")), ids=lambda path: path.stem)
def test_our_logit_has_a_file_for_every_shipped_rule(put, tmp_path, path):
    script = put(logit(), "dash")
    for trigger in tomllib.loads(path.read_text())["trigger"]:
        assert run(script, trigger["name"]).done, trigger["name"]
        name = trigger["name"]
        good = (
            ("login" in name and "failed" not in name)
            or path.stem in ("network", "ledger")
            or "notice" in name
            or "death" in name
        )
        assert (tmp_path / "failed_logins.log").exists() != good, name
        for file in tmp_path.glob("*.log"):
            file.unlink()


@pytest.mark.parametrize("shell", SHELLS)
def test_our_logit_says_which_rule_it_has_no_file_for(put, tmp_path, shell):
    found = run(put(logit(), shell), "Motion $(touch RUN)")
    assert (found.done, found.reason) == (
        False,
        "ended with status 1; it said: no log file is named for the rule Motion $(touch RUN)",
    )
    assert list(tmp_path.glob("*.log")) == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_in_our_logit_a_line_is_text_and_stays_as_it_is(put, tmp_path, shell, attack):
    text = attack.replace("RUN", str(tmp_path / "run")).encode()
    assert run(put(logit(), shell), line=text, fields={"user": text.decode(), "LOG_DIRECTORY": "/"}).done
    assert (tmp_path / "logins.log").read_bytes() == text + b"\n"
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_in_our_logit_no_line_forges_another_nor_steers_a_terminal(put, tmp_path, shell):
    assert run(put(logit(), shell), line=FORGED.encode()).done
    assert (tmp_path / "logins.log").read_text() == "x?[2J?Nov 20 12:00:01 web1 sshd[8]: forged?\n"
    assert run(put(logit(), shell), line=HOSTILE).done
    assert (tmp_path / "logins.log").read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("field", "address"), [("ip", "203.0.113.5"), ("address", "2001:db8::5"), ("ip", "::ffff:203.0.113.5")]
)
def test_ipblock_bans_the_address_of_the_alert(put, tmp_path, shell, field, address):
    found = run(put(ipblock(), shell), fields={"user": "root", field: address})
    assert (found.done, found.reason) == (True, "ended with status 0; it said: said")
    assert (tmp_path / "called").read_text().split("\n") == ["ban", "--", address, ""]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "value", [*ATTACKS, "0.0.0.0/0", "--all", "203.0.113.5 198.51.100.1", "fe80::1%eth0", "example.com", "203.0.113.5\n", "é"]
)
def test_ipblock_hands_on_nothing_but_what_looks_like_one_address(put, tmp_path, shell, value):
    found = run(put(ipblock(), shell), fields={"ip": value.replace("RUN", str(tmp_path / "run"))})
    assert not found.done
    assert "status 1" in found.reason
    assert not (tmp_path / "called").exists()
    assert not (tmp_path / "run").exists()


def test_ipblock_says_that_a_rule_has_no_address(put, tmp_path):
    found = run(put(ipblock(), "dash"), "SIP_Login", fields={"user": "root"})
    assert found.reason == "ended with status 1; it said: the rule SIP_Login has neither a field ip nor a field address"


def test_a_ban_that_fails_is_an_action_that_is_not_done(put, tmp_path):
    script = put(ipblock(), "dash", ENDS="77")
    found = run(script)
    assert (found.done, found.reason) == (False, "ended with status 77; it said: said")


@pytest.fixture
def seeds_logit(seeds, tmp_path):
    """The script as the page has it, its files put where the test can look at them."""
    # The page came from HTML: its blanks are not all blanks.
    pages = [path.read_text().replace("\xa0", " ") for path in sorted(seeds.glob("*.txt"))]
    page = next(page for page in pages if "Logtrigger  SecureOffice" in page)
    text = page[page.index("#!/bin/sh") : page.index("return 0") + len("return 0")] + "\n"
    assert "[ $LT_name == " in text
    return text.replace("/var/log/", f"{tmp_path}/")


@pytest.mark.parametrize("name", ["DDNS_Status", "SIP_Login", "Dropbear_Notice", "Dropbear_Login", "MiniUPNPD"])
def test_the_seeds_own_logit_works_as_it_stands_in_busyboxs_sh(put, tmp_path, seeds_logit, name):
    found = run(put(seeds_logit, "busybox sh"), name)
    assert (found.done, found.reason) == (True, "ended with status 0")
    files = {"DDNS_Status": "ddns", "Dropbear_Notice": "dropbear", "MiniUPNPD": "miniupnpd"}
    assert [path.name for path in tmp_path.glob("*.log")] == [f"{files.get(name, 'logins')}.log"]
    assert next(tmp_path.glob("*.log")).read_bytes() == event().line + b"\n"


def test_the_seeds_own_logit_writes_nothing_in_dash_and_its_complaint_is_shown(put, tmp_path, seeds_logit):
    said: list[str] = []
    found = run(put(seeds_logit, "dash", log=said.append), "SIP_Login")
    # It ends with `return 0`: to dash all is well.
    assert found.done
    assert re.fullmatch(r"ended with status 0; it said: \S*act\.sh: \d+: \[: SIP_Login: unexpected operator", found.reason)
    assert len(said) == 5
    assert list(tmp_path.glob("*.log")) == []


def test_the_seeds_own_logit_cannot_tell_rule_names_with_blanks(put, tmp_path, seeds_logit):
    found = run(put(seeds_logit, "busybox sh"), "SIP Login")
    assert "unknown operand" in found.reason
    assert list(tmp_path.glob("*.log")) == []
