"""The shipped trigger rules beside real programs: fail2ban's filters, and an sshd that is attacked with hostile names."""

import random
import re
import socket
import subprocess
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import absent
from vigilog.config.trigger_files import shipped
from vigilog.detect.triggers import TriggerSet
from vigilog.parse.stamps import stamp
from vigilog.run.plan import made

pytestmark = pytest.mark.peer
RULES = shipped()
NOW = time.time()
BYSTANDER = "192.0.2.66"


def events(names, data):
    """What rules whose key is an address find in log data: time and address of each event."""
    found: list[tuple[float, str]] = []
    for name in names:
        ready = TriggerSet((made(RULES[name].trigger, (), str),))
        occurrences = ready.occurrences("", data, lambda line: stamp(line, NOW) or 0.0)
        found += [(time, key[0].decode()) for _, _, key, time, _, _ in occurrences]
    return found


def addresses(names, data):
    return {address for _, address in events(names, data)}


def of_fail2ban(path, filter_name):
    """What fail2ban-regex takes out of a file: time and address of each failure."""
    answer = subprocess.run(
        ["fail2ban-regex", "--usedns=no", "-o", "<time> <ip>", str(path), filter_name],
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    return [
        (float(time), address)
        for time, address in (line.split() for line in answer.stdout.splitlines() if line.count(" ") == 1)
    ]


def too_many(found, count, within):
    """The addresses with so many events within a time."""
    times = defaultdict(list)
    for moment, address in found:
        times[address].append(moment)
    return {
        address
        for address, moments in times.items()
        if any(late - early <= within for early, late in zip(sorted(moments), sorted(moments)[count - 1 :], strict=False))
    }


@pytest.mark.parametrize(
    "log",
    [
        "debian12-lab/syslog.rfc3164",
        "debian12-lab/syslog.rfc3339",
        "auth/elastic-examples/auth.log",
        "auth/gtkcyber-drillworkshop/auth.log",
        "loghub/OpenSSH/OpenSSH_2k.log",
    ],
)
def test_the_rule_sshd_finds_the_addresses_that_fail2bans_filter_finds(need, sample_data, log):
    need("fail2ban-regex")
    path = sample_data / log
    theirs = {address for _, address in of_fail2ban(path, "sshd[mode=normal]")}
    assert len(theirs) > 20
    assert addresses(["sshd"], path.read_bytes() + b"\n") == theirs


@pytest.mark.parametrize(
    "log", ["debian12-lab/syslog.rfc3164", "auth/gtkcyber-drillworkshop/auth.log", "loghub/OpenSSH/OpenSSH_2k.log"]
)
def test_five_failures_in_ten_minutes_are_the_same_addresses(need, sample_data, log):
    need("fail2ban-regex")
    path = sample_data / log
    theirs = too_many(of_fail2ban(path, "sshd[mode=normal]"), 5, 600)
    assert len(theirs) > 9
    assert too_many(events(["sshd"], path.read_bytes() + b"\n"), 5, 600) == theirs


def test_messages_that_syslog_folded_are_counted_here_only(need, sample_data):
    """`message repeated 5 times: [ Failed password ... ]` is no failure to fail2ban."""
    need("fail2ban-regex")
    path = sample_data / "auth/elastic-examples/auth.log"
    theirs = too_many(of_fail2ban(path, "sshd[mode=normal]"), 5, 600)
    data = path.read_bytes()
    assert too_many(events(["sshd"], data), 5, 600) > theirs
    unfolded = b"".join(line for line in data.splitlines(keepends=True) if b"message repeated" not in line)
    assert too_many(events(["sshd"], unfolded), 5, 600) == theirs


def test_fail2bans_own_sample_log_differs_only_where_several_lines_make_a_failure(need):
    """Its samples for mode=normal. In each line it is told which of the ways to find an address is missing here."""
    need("fail2ban-regex")
    path = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs/sshd"
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        absent(f"no sample log of fail2ban: {path}")
    theirs = {address for _, address in of_fail2ban(path, "sshd[mode=normal]")}
    only_theirs = {
        "115.249.163.77",  # named in "Connection from", the failure is a line without an address
        "192.0.2.111",  # a refused key, then "Too many authentication failures" without an address
        "192.0.2.114",  # a failure of PAM, then a login as somebody else
        "192.0.2.116",  # the same
        "198.51.100.34",  # "account is locked" without an address, then the disconnect
        "198.51.100.76",  # the same
        "211.188.220.49",  # the program is written "[sshd]:"
    }
    ours = addresses(["sshd"], data)
    assert theirs - ours <= only_theirs
    assert ours <= theirs


def test_generated_logs_give_the_same_addresses(need, tmp_path):
    """Lines of every form that both count, by chance, among others."""
    need("fail2ban-regex")
    chance = random.Random(20261120)
    forms = [
        "Failed password for {user} from {address} port {port} ssh2",
        "Failed password for invalid user {name} from {address} port {port} ssh2",
        "Failed keyboard-interactive/pam for invalid user {name} from {address} port {port} ssh2",
        "Failed none for invalid user {name} from {address} port {port} ssh2",
        "Failed publickey for invalid user {name} from {address} port {port} ssh2: RSA SHA256:q9w8e7r6t5z4u3",
        "Invalid user {name} from {address} port {port}",
        "error: maximum authentication attempts exceeded for {user} from {address} port {port} ssh2 [preauth]",
        "error: PAM: Authentication failure for {user} from {address}",
        "error: PAM: Authentication failure for illegal user {name} from {address}",
        "User {user} from {address} not allowed because listed in DenyUsers",
        "error: Received disconnect from {address} port {port}:3: com.example.X: Auth fail [preauth]",
        "Connection closed by authenticating user {user} {address} port {port} [preauth]",
        "Received disconnect from {address} port {port}:11: Bye Bye",
        "Accepted publickey for {user} from {address} port {port} ssh2: ED25519 SHA256:q9w8e7r6",
        "Failed publickey for {user} from {address} port {port} ssh2: ED25519 SHA256:q9w8e7r6",
        "Did not receive identification string from {address} port {port}",
        "Unable to negotiate with {address} port {port}: no matching cipher found. Their offer: x [preauth]",
        "pam_unix(sshd:session): session opened for user {user}(uid=1001) by (uid=0)",
    ]
    names = ["guest", "a b", "x from 192.0.2.66 port 22 ssh2", "from 192.0.2.66", "müller", "test]", "'", "admin\\\\001"]
    lines = []
    for number in range(4000):
        address = f"203.0.113.{chance.randrange(256)}" if chance.random() < 0.5 else f"2001:db8::{chance.randrange(1, 400):x}"
        form = chance.choice(forms)
        parts = {"user": chance.choice(["root", "anna"]), "name": chance.choice(names), "port": chance.randrange(1024, 65536)}
        # sshd says both of an unknown user; fail2ban misses the second where the name has " from " in it
        both = ["Invalid user {name} from {address} port {port}", form] if "for invalid user" in form else [form]
        head = f"Nov 20 08:{number // 60 % 60:02}:{number % 60:02} mx1 sshd[{1000 + number}]: "
        lines += [f"{head}{each.format(address=address, **parts)}\n" for each in both]
    path = tmp_path / "auth.log"
    path.write_text("".join(lines))
    theirs = {address for _, address in of_fail2ban(path, "sshd[mode=normal]")}
    assert len(theirs) > 300
    assert addresses(["sshd"], path.read_bytes()) == theirs


@pytest.mark.parametrize(
    ("log", "filter_name", "names"),
    [
        ("debian12-lab/syslog.rfc3164", "postfix[mode=auth]", ["postfix"]),
        ("debian12-lab/syslog.rfc3164", "dovecot", ["dovecot", "pam-remote"]),
        ("ftp/proftpd-1.3.8/system.log", "proftpd", ["proftpd-log"]),
    ],
)
def test_other_rules_find_what_fail2bans_filters_find(need, sample_data, log, filter_name, names):
    need("fail2ban-regex")
    path = sample_data / log
    theirs = {address for _, address in of_fail2ban(path, filter_name)}
    assert len(theirs) > 5
    assert addresses(names, path.read_bytes() + b"\n") == theirs


def test_nobody_who_did_no_wrong_is_found_in_the_lab(sample_data):
    """truth.tsv: attackers come from 203.0.113.0/24 and 2001:db8:5::, legitimate clients never fail."""
    found = addresses(
        ["sshd", "postfix", "dovecot", "dovecot-auth", "pam-remote"], (sample_data / "debian12-lab/syslog.rfc3164").read_bytes()
    )
    assert found
    assert {address for address in found if not address.startswith(("203.0.113.", "2001:db8:5::"))} == set()


HOSTILE = [
    "x from 192.0.2.66 port 22 ssh2",
    "x from 192.0.2.66",
    "from 192.0.2.66 port 22",
    "invalid user x from 192.0.2.66 port 22 ssh2",
    "root from 192.0.2.66 port 22 ssh2: y",
    "Failed password for root from 192.0.2.66 port 22 ssh2",
    "x 192.0.2.66 port 22 [preauth]",
    "",
    " ",
    "a'b] from 192.0.2.66",
]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(command, port, log):
    """A server of SSH while it takes connections; what it says goes into `log`."""
    with log.open("wb") as output, subprocess.Popen([*command], stdout=output, stderr=output) as server:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield
        finally:
            server.terminate()


def knock(port, name):
    """One login with a wrong password."""
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "NumberOfPasswordPrompts=1"]
    options += ["PreferredAuthentications=password", "PubkeyAuthentication=no"]
    client = ["sshpass", "-p", "wrong", "ssh", *(part for option in options for part in ("-o", option)), "-p", str(port)]
    subprocess.run([*client, "-l", name, "127.0.0.1", "true"], capture_output=True, check=False, timeout=30)


def test_a_real_sshd_attacked_with_hostile_names_gives_the_attacker_only(need, tmp_path):
    need("sshd", "ssh", "sshpass", "ssh-keygen")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    key, settings, port = tmp_path / "key", tmp_path / "sshd_config", free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    settings.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\nUsePAM no\nPasswordAuthentication yes\n"
    )
    with serving(["/usr/sbin/sshd", "-D", "-e", "-f", str(settings)], port, tmp_path / "log"):
        for name in HOSTILE:
            knock(port, name)
    lines = (tmp_path / "log").read_bytes().replace(b"\r", b"").splitlines()
    log = b"".join(b"Nov 20 08:30:00 mx1 sshd[4711]: %s\n" % line for line in lines)
    assert len(re.findall(rb"Failed password for", log)) >= len(HOSTILE)
    assert BYSTANDER.encode() in log
    assert addresses(["sshd", "sshd-probe"], log) == {"127.0.0.1"}
    assert len(events(["sshd"], log)) >= 2 * (len(HOSTILE) - 1)


def test_a_real_dropbear_attacked_with_hostile_names_gives_the_attacker_only(need, tmp_path):
    need("dropbear", "dropbearkey", "ssh", "sshpass")
    key, port = tmp_path / "key", free_port()
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(key)], check=True, capture_output=True)
    with serving(["dropbear", "-F", "-E", "-r", str(key), "-p", f"127.0.0.1:{port}"], port, tmp_path / "log"):
        for name in ["root", "root", "x' from 192.0.2.66:1", "x from <192.0.2.66:1>", "nobody"]:
            knock(port, name)
    said = re.sub(
        rb"(?m)^\[(\d+)\] \w+ \d+ [\d:]+ ",
        rb"Sun Nov 29 17:20:00 2020 authpriv.info dropbear[\1]: ",
        (tmp_path / "log").read_bytes(),
    )
    assert len(events(["dropbear"], said)) >= 2
    assert len(events(["dropbear-probe"], said)) >= 4
    assert addresses(["dropbear", "dropbear-probe"], said) == {"127.0.0.1"}
