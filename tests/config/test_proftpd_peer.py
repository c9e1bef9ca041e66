"""proftpd.conf against the real `proftpd -t`: the same files are accepted, and of the others the same line is refused in the same words."""

from __future__ import annotations

import random
import re
import subprocess
from itertools import groupby

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.config.proftpd_peer import head, present, verdict
from tests.conftest import absent
from vigilog.config.proftpd import read, told
from vigilog.config.proftpd_known import table

pytestmark = pytest.mark.peer

BOOLEANS = ["on", "off", "YES", "no", "True", "0", "1", "maybe", '""', "onn"]
NUMBERS = ["0", "1", "5", "-5", "abc", "10k", "+7", '" 7"', '""', "none", "65536", "1023", "2000", "22 22", "1024 2048", "0x10"]
TIMES = ["10", "0", "-1", "abc", "01:02:03", "5m", "5MIN", "1h", "1hr", "10s", "10sec", "10x", '""', "1:2", "none", "5 m"]
PATHS = ["/x.log", "relative", "none", '""', "NONE", "~/x", "/"]
WORDS = ["a", "a,b", "!a,b", "and a b", "or a b", "regex ^f", "regex ^f g", '""', "AND a", "regex a"]
SOURCES = [
    *(
        "all",
        "none",
        "from all",
        "from",
        "192.0.2.7",
        "from 192.0.2.7,10.0.0.0/8",
        "10.0.0.0/33",
        "!all",
        ".example.org",
        "10.0.",
    ),
    *("!192.0.2.7", "192.0.2.7 all", "all,192.0.2.7", "*.example.org", "::1", "fe80::/10", "from from all", "2001:db8::/129"),
]
PARAMETERS = {
    "ForensicLogEngine": BOOLEANS,
    "ForensicLogFile": PATHS,
    "ForensicLogBufferSize": [each for each in NUMBERS if each != "-5"],
    "ForensicLogCapture": ["syslog", "unknown Unspec", "foo", "syslog,Unspec", "TRACELOG systemlog", '""'],
    "ForensicLogCriteria": ["failedlogin", "FailedLogin ModuleConfig", "x", '""'],
    "ServerName": ["x", '"a b"', '""', "a b"],
    "ServerIdent": ["on", "off", 'on "hi"', "on a b", "maybe", "off x y"],
    "ServerType": ["inetd", "STANDALONE", "x"],
    "ServerAdmin": ["x"],
    "ServerAlias": ["a", "a b"],
    "DefaultServer": BOOLEANS,
    "UseIPv6": BOOLEANS,
    "Umask": ["022", "022 027", "9", "022 9", "x", "022 022 022"],
    "DefaultRoot": ["~", "/srv ftp", "~/x a,b !c", "rel", "/a*", '""'],
    "DefaultChdir": ["x", "/a*", "~ a"],
    "RequireValidShell": BOOLEANS,
    "MaxClients": NUMBERS,
    "MaxClientsPerHost": [*NUMBERS, '5 "too many %m"', "5 a b"],
    "MaxLoginAttempts": NUMBERS,
    "MaxInstances": NUMBERS,
    "TimeoutLogin": TIMES,
    "TimeoutIdle": TIMES,
    "TimeoutNoTransfer": TIMES,
    "TimeoutSession": [*TIMES, "10 user a", "0 x y", "10 foo bar", "10 a", "10 group a,b", "10 a b c"],
    "PassivePorts": [*NUMBERS, "1 2", "50000 40000"],
    "MasqueradeAddress": ["127.0.0.1", '""'],
    "AllowOverwrite": BOOLEANS,
    "DebugLevel": ["0", "10", "11", "-1", "x"],
    "SyslogFacility": ["x", '""'],
    "SyslogLevel": ["debug", "WARN", "x", '""', "warning"],
    "AllowLogSymlinks": BOOLEANS,
    "TransferLog": PATHS,
    "ExtendedLog": [
        "/e",
        "/e ALL",
        "/e READ,WRITE",
        "/e read|!auth x",
        "/e FOO",
        "syslog:info",
        "syslog:x",
        "rel",
        "/e SECURE,EXIT",
    ],
    "LogFormat": ['a "%h %l"', '"" x', "a", "a b c"],
    "Trace": ["DEFAULT:10", "session DEFAULT:1", "x", "session"],
    "PidFile": ["/run/x.pid", "rel"],
    "AuthOrder": ["mod_auth_file.c", "mod_auth_pam.c* mod_auth_unix.c"],
    "AuthUserFile": [
        "SECRET",
        "OPEN",
        "/no/such/file",
        "rel",
        "SECRET id 1-2",
        "SECRET id 5-2",
        "SECRET id 5",
        "SECRET foo x",
        "/etc",
    ],
    "AuthGroupFile": ["SECRET", "OPEN", "OPEN home x", "OPEN id 1-2 name !^a"],
    "Allow": SOURCES,
    "Deny": SOURCES,
    "From": SOURCES,
    "Satisfy": ["any", "ALL", "x"],
    "AllowUser": WORDS,
    "DenyGroup": WORDS,
    "DenyClass": WORDS,
    "AllowAll": ["x"],
    "DenyAll": ["x"],
    "Order": ["allow,deny", "deny,allow", "deny, allow", "x", "DENY,ALLOW", "allow , deny"],
    "AllowFilter": ["x", "x [NC]", "x NC", "x [X]"],
    "User": ["root", "no-such-user", "nobody"],
    "Group": ["root", "no-such-group"],
    "UserAlias": ["a b", "a a", "a"],
    "AnonRequirePassword": BOOLEANS,
    "WrapEngine": BOOLEANS,
    "WrapTables": ["file:/a file:/b", "x y", "foo:/a file:/b", "file:/a"],
    "WrapUserTables": ["u file:/a file:/b", "u a b"],
    "WrapLog": PATHS,
    "WrapOptions": ["CheckOnConnect", "x", "CheckAllNames CheckOnConnect"],
    "WrapDenyMsg": ['"no"'],
    "TCPAccessFiles": ["OPEN OPEN", "/no/such/file OPEN", "OPEN", "a b", "~/a ~/b"],
    "DeferWelcome": BOOLEANS,
    "DisplayLogin": ["x"],
    "HideFiles": ["x"],
    "RootLogin": BOOLEANS,
    "SetEnv": ["a b", "a"],
    "Define": ["X"],
    "RLimitCPU": ["1"],
    "IdentLookups": BOOLEANS,
    "NoSuchThing": ["x"],
}
WITH_TLS = {
    "TLSEngine": BOOLEANS,
    "TLSRequired": ["on", "off", "ctrl", "control", "data", "!data", "both", "auth+data", "ctrl+!data", "CTRL", "x", '""'],
    "TLSProtocol": ["TLSv1.2", "tlsv1.2 TLSv1.3", "ALL -SSLv3 +TLSv1", "all TLSv1", "x", "SSLv23", "ALL", "ALL -x", "TLSv1.0"],
    "TLSOptions": ["NoSessionReuseRequired", "x", "UseImplicitSSL StdEnvVars"],
    "TLSVerifyClient": [*BOOLEANS, "optional"],
    "TLSLog": PATHS,
    "TLSRSACertificateFile": ["CERTIFICATE", "/no/such/file", "rel", "KEY"],
    "TLSRSACertificateKeyFile": ["KEY", "/no/such/file", "CERTIFICATE"],
    "TLSCipherSuite": ["HIGH", "TLSv1.3 TLS_AES_256_GCM_SHA384", "TLSv1.2 HIGH"],
}
SECTIONS = {
    "VirtualHost": ["127.0.0.1", "127.0.0.2 127.0.0.3", '""'],
    "Global": ["", " x"],
    "Anonymous": ["~ftp", "/srv/a", "rel", "/", "/a*", ""],
    "Directory": ["/a", "~", "rel", "*", "/a/*"],
    "Limit": ["ALL", "LOGIN", "READ,WRITE", "", " STOR RETR"],
    "Class": ["k", ""],
    "IfModule": ["mod_log_forensic.c", "!mod_log_forensic.c", "mod_none.c", "!mod_none.c", ""],
    "IfDefine": ["GIVEN", "!GIVEN", "X", ""],
}


KILLED_OR_OTHERWISE = {"MaxClientsPerClass", "BanEngine"}
"""The first kills the real one when it has no parameters; of the second it looks at the value before the section."""


def written(chance: random.Random, pool: dict[str, list[str]], depth: int = 0) -> list[str]:
    """The lines of a configuration of which much is right and something is wrong."""
    out = []
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.3 and depth < 3:
            kind = chance.choice(list(SECTIONS))
            name = chance.choice([kind, kind, kind, kind.lower()])
            out += [f"<{name} {chance.choice(SECTIONS[kind])}>", *written(chance, pool, depth + 1)]
            ends = chance.random()
            if ends < 0.95:
                out.append(f"</{kind if ends < 0.9 else chance.choice(list(SECTIONS))}>")
            continue
        name = chance.choice(list(pool))
        line = f"{name} {chance.choice(pool[name]) if chance.random() < 0.95 else ''}"
        if chance.random() < 0.05:
            line = line.upper() if chance.random() < 0.5 else line.lower()
        if chance.random() < 0.05:
            line = line.replace(" ", " \\\n ", 1)
        if chance.random() < 0.03:
            out.append("# a comment \\")
        out.append("  " * depth + line + (" # x" if chance.random() < 0.05 else ""))
    return out


def alike(line: str) -> str:
    """A line of either without what a library says in its own words, and without the number in what is said of a condition that
    is never closed: there that of the last line, here that of the first."""
    line = re.sub(r"(unclosed <\w+> context on line )\d+", r"\1", line)
    line = re.sub(r"(unable to use '[^']*': ).*", r"\1", line)
    return re.sub(r"(failed regex compilation: ).*", r"\1", line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A directory that nobody else may write, with the files that configurations name."""
    folder = tmp_path_factory.mktemp("peer")
    folder.chmod(0o755)
    for name, mode in (("SECRET", 0o600), ("OPEN", 0o644)):
        (folder / name).write_text("joe:x:1000:1000::/home/joe:/bin/sh\n")
        (folder / name).chmod(mode)
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", folder / "KEY", "-out", folder / "CERTIFICATE"], check=True, capture_output=True)
    return folder


@pytest.fixture(autouse=True)
def installed(need):
    need("proftpd", "openssl")


def compare(folder, seed, pool):
    """Writes files out of the pool and asks both."""
    chance = random.Random(seed)
    path = folder / "proftpd.conf"
    refused = 0
    for _ in range(75):
        body = "\n".join(written(chance, pool)) + "\n"
        for name in ("SECRET", "OPEN", "KEY", "CERTIFICATE"):
            body = re.sub(rf"\b{name}\b", str(folder / name), body, flags=re.IGNORECASE)
        path.write_text(head() + body)
        configuration = read(str(path), ("GIVEN",))
        ours = told(configuration.errors[0], str(path)) if configuration.errors else ""
        theirs = verdict(path, "-D", "GIVEN")
        assert alike(ours) == alike(theirs), body
        refused += bool(ours)
    assert 20 < refused < 75


@pytest.mark.parametrize("seed", range(8))
def test_both_accept_and_refuse_the_same_files(folder, seed):
    compare(folder, seed, PARAMETERS)


@pytest.mark.parametrize("seed", range(100, 103))
def test_both_accept_and_refuse_the_same_of_tls(folder, seed):
    if not present("mod_tls.c"):
        absent("not installed: proftpd-mod-crypto")
    compare(
        folder,
        seed,
        {name: PARAMETERS[name] for name in ("ServerName", "Port", "Allow", "User") if name in PARAMETERS} | WITH_TLS,
    )


def known_to_both():
    """The directives of modules that are installed, each with the module's name."""
    modules = {known.module for known in table().values()}
    loaded = {
        "mod_core.c",
        "mod_auth.c",
        "mod_auth_file.c",
        "mod_auth_pam.c",
        "mod_auth_unix.c",
        "mod_log.c",
        "mod_ls.c",
        "mod_xfer.c",
    }
    loaded |= {"mod_cap.c", "mod_ctrls.c", "mod_delay.c", "mod_facts.c", "mod_lang.c", "mod_rlimit.c"}
    loadable = {module for module in modules if present(module)} - loaded - {"mod_redis.c", "mod_load.c", "mod_dnsbl.c"}
    return sorted((known for known in table().values() if known.module in loaded | loadable), key=lambda known: known.module)


def test_where_each_may_stand_and_with_how_many_parameters(folder):
    """Asked of the real one for every directive: once without parameters, once in a section where it may not stand."""
    path = folder / "one.conf"
    openers = {
        "s": "",
        "g": "<Global>\n",
        "a": "<Anonymous ~ftp>\n",
        "d": "<Directory /a>\n",
        "l": "<Limit ALL>\n",
        "c": "<Class k>\n",
    }
    differing, asked = [], 0
    for module, directives in groupby(known_to_both(), lambda known: known.module):
        before = ("mod_sql.c",) if module.startswith("mod_sql") else ("mod_wrap2.c",) if module.startswith("mod_wrap2_") else ()
        start = head(tuple(dict.fromkeys((*before, module))))
        path.write_text(start)
        if verdict(path):
            continue  # a module that cannot be loaded without others
        for known in directives:
            least = known.least or min(known.counts, default=0)
            wrong = next((letter for letter in "ldgs" if letter not in known.where), "")
            bodies = [openers[known.where[0]] + known.name + " x" * (least - 1)] if least else []
            bodies += [openers[wrong] + known.name + " x" * least] if wrong else []
            for body in bodies:
                path.write_text(start + body + "\n")
                found = read(str(path)).errors
                ours, theirs = told(found[0], str(path)) if found else "", verdict(path)
                asked += 1
                if ours != theirs and known.name not in KILLED_OR_OTHERWISE:
                    differing.append((body, ours, theirs))
    assert differing == []
    assert asked > 300


@hypothesis.settings(max_examples=60, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(st.text(st.sampled_from('ab "\\#\t%{}env:PEER\n'), max_size=40))
def test_both_see_the_same_words(folder, text):
    """An unknown directive is told with its name as it was read; a Trace with one bad word is told with that word."""
    path = folder / "words.conf"
    body = f"Trace session {text}\n".replace("\n\n", "\n")
    path.write_text(head(()) + body)
    found = read(str(path), environment={"PEER": "here it is"}).errors
    ours = told(found[0], str(path)) if found else ""
    hypothesis.assume("error parsing level" not in ours and "error setting level" not in ours)
    assert ours == verdict(path)
