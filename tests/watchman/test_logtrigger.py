"""logtrigger's own files, as they stand, under `vigilog run --logtrigger FILE`: what its page promises, seen live."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import vigilog.act
from tests.act.namespaces import namespaces
from tests.watchman.running import running

pytestmark = pytest.mark.peer

SIP_WRONGPASS = """\
config rule

option name "SIP_WrongPass"

option pattern "Freeswitch: SIP registration failed User:%s IP:%s"

option fields "user ip"

option script "{script}"

option time "{time}"

option maxfail "5"

option enabled "1"
"""
"""The page's own rule with its empty lines; only the script lies elsewhere. There, `time` is 3600."""

PRINTING = """\
#!/bin/sh
env > {directory}/env.$VIGILOG_ORDER.new
mv {directory}/env.$VIGILOG_ORDER.new {directory}/env.$VIGILOG_ORDER
echo "hello from $LT_name" >&2
"""


def rule(name, pattern, script, **options):
    """A rule as people write it."""
    lines = [f"\toption name '{name}'", f'\toption pattern "{pattern}"', f"\toption script '{script}'", "\toption enabled 1"]
    return "\n".join(["config rule", *lines, *(f"\toption {name} '{value}'" for name, value in options.items()), ""])


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def logger(daemon, text, *options):
    """The seed's way to test a rule: logger(1), here into Vigilog's own socket."""
    subprocess.run(["logger", "--socket", f"{daemon.directory}/devlog", *options, "--", text], check=True)


def watching(tmp_path, rules, host=None, *options):
    """A daemon that is its host's syslog, with these rules."""
    (tmp_path / "logtrigger").write_text(rules)
    text = f'sources = ["syslog:unix:{tmp_path}/devlog"]\n[ban]\nallow = ["10.77.0.3"]\n'
    return running(tmp_path, text, host=host, options=("--logtrigger", f"{tmp_path}/logtrigger", *options))


def printed(tmp_path):
    """The environments that the script has printed, in the order of its calls."""
    files = sorted(tmp_path.glob("env.*[0-9]"), key=lambda path: int(path.name.rpartition(".")[2]))
    return [dict(line.split("=", 1) for line in path.read_text().splitlines()) for path in files]


def events(daemon):
    return sum(trigger["events"] for trigger in daemon.status()["triggers"])


# --- SIP_WrongPass


@pytest.fixture
def hosts(need):
    need("nft", "ip", "logger")
    with namespaces() as both:
        yield both


@pytest.fixture
def ipblock(tmp_path):
    """The script that comes with Vigilog, put where a rule may name it."""
    shipped = Path(vigilog.act.__file__).parent / "scripts" / "ipblock.sh"
    return shutil.copy(shipped, tmp_path / "ipblock.sh")


def hears(hosts, source):
    """Whether a SIP registration (UDP) from `source` arrives at the server."""
    server, client = hosts
    with server.listen("udp", 5060) as listening, client.own_socket(server.ipv4, "udp") as attacker:
        attacker.bind((source, 0))
        attacker.sendto(b"REGISTER sip:example.com SIP/2.0", (server.ipv4, 5060))
        listening.settimeout(0.3)
        try:
            return bool(listening.recv(100))
        except TimeoutError:
            return False


def failed(user, ip):
    return f"Freeswitch: SIP registration failed User:{user} IP:{ip}"


@pytest.mark.parametrize("way", ["logger", "file"])
def test_sip_wrongpass_ends_in_a_dropped_packet_at_the_fifth_failure(hosts, tmp_path, ipblock, way):
    server, _ = hosts
    text = SIP_WRONGPASS.format(script=ipblock, time=3600)
    if way == "file":
        text = text.replace("option time", f'option file "{tmp_path}/log"\n\noption time')
    with watching(tmp_path, text, server) as daemon:

        def fails(user, ip):
            if way == "logger":
                logger(daemon, failed(user, ip))
            else:
                daemon.log(f"{time.strftime('%b %e %H:%M:%S')} pbx {failed(user, ip)}")

        for user, ip in [("1001", "10.77.0.2")] * 4 + [("1002", "10.77.0.2")] * 3 + [("1001", "10.77.0.3")] * 5:
            fails(user, ip)
        daemon.until(lambda: "10.77.0.3 is never banned" in daemon.said())
        assert events(daemon) == 12
        assert hears(hosts, "10.77.0.2")
        fails("1001", "10.77.0.2")
        took = daemon.until(daemon.bans)
        print(f"\nbanned {took:.2f} s after the fifth failure")
        assert not hears(hosts, "10.77.0.2")
        assert hears(hosts, "10.77.0.3")
        assert daemon.bans().keys() == {"10.77.0.2"}
        assert daemon.vigilog("unban", "--all").returncode == 0
        assert hears(hosts, "10.77.0.2")


def test_sip_wrongpass_bans_nobody_whose_failures_take_longer_than_its_time(hosts, tmp_path, ipblock):
    with watching(tmp_path, SIP_WRONGPASS.format(script=ipblock, time=2), hosts[0]) as daemon:
        for _ in range(4):
            logger(daemon, failed("1001", "10.77.0.2"))
        daemon.until(lambda: events(daemon) == 4)
        time.sleep(3.1)  # logger stamps whole seconds
        for _ in range(4):
            logger(daemon, failed("1001", "10.77.0.2"))
        daemon.until(lambda: events(daemon) == 8)
        assert daemon.status()["triggers"][0]["alerts"] == 0
        assert hears(hosts, "10.77.0.2")
        logger(daemon, failed("1001", "10.77.0.2"))
        daemon.until(lambda: not hears(hosts, "10.77.0.2"))


@pytest.mark.parametrize("ip", ["10.77.0.2;reboot", "$(reboot)", "10.77.0.0/24", "--all", "0.0.0.0", "::ffff:10.77.0.3"])
def test_sip_wrongpass_bans_nobody_for_what_is_no_address(hosts, tmp_path, ipblock, ip):
    with watching(tmp_path, SIP_WRONGPASS.format(script=ipblock, time=3600), hosts[0]) as daemon:
        for _ in range(5):
            logger(daemon, failed("1001", ip))
        daemon.until(lambda: "ended with status 1" in daemon.said())
        assert daemon.bans() == {}


# --- the page's other examples

TO_THE_END = "The %s ate my homework and, I know this is the %d th time this has happened."
AND_MORE = "The %s ate my homework and, I know this is the %d th time %s"
EVENT_1 = "The dog ate my homework and, I know this is the 10 th time this has happened."
EVENT_2 = EVENT_1 + " Sorry, won't happen again (heh heh)."


@pytest.fixture
def printing(tmp_path, need):
    need("logger")
    return program(tmp_path / "print.sh", PRINTING.format(directory=tmp_path))


def test_the_dog_that_ate_my_homework(tmp_path, printing):
    rules = rule("to_the_end", TO_THE_END, printing, fields="what times") + rule(
        "and_more", AND_MORE, printing, fields="what times rest"
    )
    with watching(tmp_path, rules) as daemon:
        logger(daemon, EVENT_1)
        logger(daemon, EVENT_2)
        daemon.until(lambda: len(printed(tmp_path)) == 3)
        daemon.until(lambda: daemon.said().count("hello from and_more") >= 2)
        calls = printed(tmp_path)
        assert sorted(call["LT_name"] for call in calls) == ["and_more", "and_more", "to_the_end"]
        assert {call["LT_what"] for call in calls} == {"dog"}
        assert {call["LT_times"] for call in calls} == {"10"}
        [first] = [call for call in calls if call["LT_name"] == "to_the_end"]
        assert first["LT_message"].endswith(EVENT_1)
        assert first["LT_string"] == TO_THE_END.replace("%s", "dog").replace("%d", "10").split("10")[0] + "10"
        more = [call for call in calls if call["LT_name"] == "and_more"]
        assert {call["LT_rest"] for call in more} == {"this"}
        assert {call["LT_message"].partition("The dog")[2] for call in more} == {
            EVENT_1.partition("The dog")[2],
            EVENT_2.partition("The dog")[2],
        }
        for call in calls:
            assert set(call) - {"PWD", "OLDPWD", "SHLVL", "_"} <= ALLOWED | {f"LT_{name}" for name in ("what", "times", "rest")}


ALLOWED = {"PATH", "HOME", "LANG", "VIGILOG_CONTROL", "VIGILOG_ORDER", "VIGILOG_ATTEMPT"} | {
    f"LT_{name}"
    for name in ("message", "name", "pattern", "string", "count", "generator", "date", "time", "datetime")
}  # fmt: skip


def test_the_lease_that_dnsmasq_gave(tmp_path, printing):
    pattern = "dnsmasq-dhcp[%d]: DHCPACK(%s) %s"
    rules = rule("dhcp", pattern, printing, fields="pid interface ip", channel="lan")
    with watching(tmp_path, rules, None, "-D", "2") as daemon:
        logger(daemon, "DHCPACK(br-lan) 192.168.2.153 'mac address' 'computer name'", "--tag", "dnsmasq-dhcp", "--id=4273")
        daemon.until(lambda: printed(tmp_path))
        [call] = printed(tmp_path)
        assert (call["LT_pid"], call["LT_interface"], call["LT_ip"]) == ("4273", "br-lan", "192.168.2.153")
        assert call["LT_message"].endswith("dnsmasq-dhcp[4273]: DHCPACK(br-lan) 192.168.2.153 'mac address' 'computer name'")
        assert call["LT_string"] == "dnsmasq-dhcp[4273]: DHCPACK(br-lan) 192.168.2.153"
        assert (call["LT_pattern"], call["LT_channel"], call["LT_count"]) == (pattern, "lan", "1")
        assert abs(int(call["LT_datetime"]) - time.time()) < 60
        daemon.until(lambda: "hello from dhcp" in daemon.said())
        assert f"Call action script: {printing}\n" in daemon.said()
        assert f"{'LT_ip':>24}: 192.168.2.153\n" in daemon.said()


# --- the page's own script


@pytest.fixture
def logit(seeds, tmp_path):
    """A function that puts the page's logit.sh, as it stands, under a shell; its files lie in the test's directory."""
    # The page came from HTML: its blanks are not all blanks.
    pages = [path.read_text().replace("\xa0", " ") for path in sorted(seeds.glob("*.txt"))]
    page = next(page for page in pages if "Logtrigger  SecureOffice" in page)
    text = page[page.index("#!/bin/sh") : page.index("return 0") + len("return 0")] + "\n"
    assert "[ $LT_name == " in text

    def put(shell):
        return program(tmp_path / "logit.sh", text.replace("/var/log/", f"{tmp_path}/").replace("#!/bin/sh", f"#!{shell}"))

    return put


def test_the_pages_own_logit_works_under_busyboxs_sh(tmp_path, logit, need):
    need("busybox", "logger")
    script = logit(f"{shutil.which('busybox')} sh")
    with watching(tmp_path, rule("SIP_Login", "SIP registration of %s", script, fields="user")) as daemon:
        logger(daemon, "Freeswitch: SIP registration of 1001")
        daemon.until(lambda: "ended with status 0" in daemon.said())
        assert (tmp_path / "logins.log").read_text().endswith(" Freeswitch: SIP registration of 1001\n")
        assert "it said" not in daemon.said()


def test_the_pages_own_logit_fails_under_dash_and_the_daemon_shows_what_it_said(tmp_path, logit, need):
    need("dash", "logger")
    script = logit(shutil.which("dash"))
    with watching(tmp_path, rule("SIP_Login", "SIP registration of %s", script, fields="user")) as daemon:
        logger(daemon, "Freeswitch: SIP registration of 1001")
        daemon.until(lambda: "ended with status" in daemon.said())
        assert not (tmp_path / "logins.log").exists()
        assert len(re.findall(r"logit\.sh: \d+: \[: SIP_Login: unexpected operator", daemon.said())) >= 5
        assert re.search(r"SIP_Login: ended with status 0; it said: .*unexpected operator", daemon.said())
