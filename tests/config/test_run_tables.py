"""[run], [ban], [action.NAME] and [[trigger]] in vigilog.toml: what may stand there, and what is told where it may not."""

from __future__ import annotations

import pytest

from vigilog.config.layer import settled
from vigilog.config.run_settings import Action, Ban, Run, Sample, Trigger
from vigilog.config.toml import read, read_text

WHOLE = """\
[run]
sources = ["journal", "/var/log/*.log", "multilog:/m", "-", "syslog:unix:/s", "syslog:udp:0.0.0.0:514", "syslog:tcp:[::1]:601"]
first_match = true
metrics_listen = "127.0.0.1:9180"
metrics_interval = "1m"
[ban]
time = "1h"
factor = 1.5
max_time = 86400
allow = ["192.0.2.0/24", "2001:db8::/32", "192.0.2.7", "::1", "host.example", "/etc/vigilog/allow"]
[action.page]
type = "script"
script = "/etc/vigilog/page.sh"
environment = { PAGER = "tab\\there", LT_color = "red" }
[[trigger]]
name = "a"
pattern = 'one (?P<ip>\\S+)'
program = "sshd"
key = "ip"
within = "1h30m"
ports = ["tcp/22", "udp/5060", "tcp/6000-6002"]
actions = "page"
[[trigger.sample]]
line = "one 192.0.2.7"
fields = { ip = "192.0.2.7" }
[[trigger.sample]]
line = "two"
[[trigger]]
name = "b"
language = "scanf"
pattern = ["%d %s", "%d, %s"]
fields = "- user"
reset = "ok %d %s"
ban_time = "7d"
"""


def test_all_tables_are_read():
    layer = read_text(WHOLE, "v")
    assert layer.errors == ()
    settings = settled(layer)
    assert (settings.run.first_match, settings.run.metrics_interval, len(settings.run.sources)) == (True, 60.0, 7)
    assert (settings.ban.time, settings.ban.factor, settings.ban.max_time) == (3600.0, 1.5, 86400.0)
    page = Action(type="script", script="/etc/vigilog/page.sh", environment={"PAGER": "tab\there", "LT_color": "red"})
    assert settings.actions == {"ban": Action(type="ban"), "null": Action(type="null"), "page": page}
    a, b = settings.triggers
    assert a == Trigger(
        name="a", pattern=(r"one (?P<ip>\S+)",), program=("sshd",), key=("ip",), within=5400.0,
        ports=("tcp/22", "udp/5060", "tcp/6000", "tcp/6001", "tcp/6002"), actions=("page",),
    )  # fmt: skip
    assert (b.pattern, b.fields, b.reset, b.ban_time) == (("%d %s", "%d, %s"), ("", "user"), ("ok %d %s",), 604800.0)
    samples = layer.triggers["a"].samples
    assert samples == (Sample(line="one 192.0.2.7", fields={"ip": "192.0.2.7"}), Sample(line="two"))


def test_triggers_and_the_entries_of_their_lists_know_their_lines():
    layer = read_text(WHOLE, "v")
    b = layer.triggers["b"]
    assert (b.place.line, b.places["pattern"].line, b.places["pattern.1"].line) == (28, 31, 31)
    spread = read_text('[[trigger]]\nname="x"\npattern = [\n"a",\n\n"b",\n]\n', "v").triggers["x"]
    assert [spread.places[key].line for key in ("pattern", "pattern.0", "pattern.1")] == [3, 4, 6]


def test_without_any_table_the_actions_ban_and_null_are_there():
    settings = settled(read_text("", "v"))
    assert settings.actions == {"ban": Action(type="ban"), "null": Action(type="null")}
    assert (settings.run, settings.ban, settings.triggers) == (Run(), Ban(), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[trigger]]\npattern='x'", "1: a trigger without a name; expected the key name"),
        (
            "[trigger]\nname='x'",
            '1: trigger is {name = "x"}; expected an array of tables; write [[trigger]] on a line of its own',
        ),
        ("trigger = 5", "1: trigger is 5; expected an array of tables"),
        (
            "[[trigger]]\nname='x'\nmaxfail=5",
            '3: unknown key "maxfail" in [[trigger]]; expected a key of [[trigger]]; it is called `count`',
        ),
        (
            "[[trigger]]\nname='x'\ntime=5",
            '3: unknown key "time" in [[trigger]]; expected a key of [[trigger]]; `within` is the time',
        ),
        (
            "[[trigger]]\nname='x'\npatern='y'",
            '3: unknown key "patern" in [[trigger]]; expected a key of [[trigger]]; did you mean "pattern"?',
        ),
        ("[[trigger]]\nname='x'\nname2='y'", '3: unknown key "name2" in [[trigger]]'),
        ("[[trigger]]\nname=''", '2: trigger.name has ""; expected a name'),
        ("[[trigger]]\nname='x'\npattern=''", '3: trigger.pattern has ""; expected a pattern that is not empty'),
        ("[[trigger]]\nname='x'\npattern=[5]", "3: trigger.pattern is [5]; expected a text or a list of texts"),
        ("[[trigger]]\nname='x'\nlanguage='perl'", '3: trigger.language is "perl"; expected one of'),
        ("[[trigger]]\nname='x'\ncount=0", "3: trigger.count is 0; expected a whole number from 1"),
        (
            "[[trigger]]\nname='x'\nwithin='soon'",
            '3: trigger.within is "soon"; expected a number of seconds, or a text such as "10m"',
        ),
        ("[[trigger]]\nname='x'\nwithin=-1", "3: trigger.within is -1; expected a number of seconds"),
        ("[[trigger]]\nname='x'\nwithin=nan", "3: trigger.within is nan; expected a number of seconds"),
        ("[[trigger]]\nname='x'\nwithin=inf", "3: trigger.within is inf; expected a finite number"),
        ("[[trigger]]\nname='x'\nban_time=0", "3: trigger.ban_time has 0.0; expected more than 0"),
        (
            "[[trigger]]\nname='x'\nfields=5",
            "3: trigger.fields is 5; expected names with blanks between them, or a list of names",
        ),
        ("[[trigger]]\nname='x'\nfields='a b-c'", '3: trigger.fields has "b-c"; expected a name made of letters, digits and _'),
        ("[[trigger]]\nname='x'\nfields=['a b']", '3: trigger.fields has "a b"; expected a name made of letters'),
        (
            "[[trigger]]\nname='x'\nfields='time'",
            '3: trigger.fields has "time"; expected another name: scripts have LT_time for',
        ),
        ("[[trigger]]\nname='x'\nports='22'", '3: trigger.ports has "22"; expected a protocol and a port, such as tcp/22'),
        ("[[trigger]]\nname='x'\nports='tcp/70000'", '3: trigger.ports has "tcp/70000"; expected a protocol'),
        ("[[trigger]]\nname='x'\nports='udp/10000-20000'", '3: trigger.ports has "udp/10000-20000"; expected a protocol'),
        ("[[trigger]]\nname='x'\nports=22", "3: trigger.ports is 22; expected a text or a list of texts"),
        ("[[trigger]]\nname='x'\nports=[22]", "3: trigger.ports is [22]; expected a text or a list of texts"),
        ("[[trigger]]\nname='x'\nports='tcp/20-10'", '3: trigger.ports has "tcp/20-10"; expected a protocol'),
        ("[[trigger]]\nname='x'\nprogram='a[1]:'", '3: trigger.program has "a[1]:"; expected a program\'s name'),
        ("[[trigger]]\nname='x'\nkind='a b'", '3: trigger.kind has "a b"; expected a word'),
        (
            "[[trigger]]\nname='x'\nsources='x'",
            '3: trigger.sources has "x"; expected a path from the root, beginning with /, or journal',
        ),
        (
            "[[trigger]]\nname='x'\nenabled='yes'",
            '3: trigger.enabled is "yes"; expected true or false; write true without quotes',
        ),
        ("[[trigger]]\nname='x'\n[[trigger.sample]]", "3: a sample without a line; expected the key line"),
        ("[[trigger]]\nname='x'\n[[trigger.sample]]\nline='a'\nfield={}", '5: unknown key "field" in [[trigger.sample]]'),
        (
            "[[trigger]]\nname='x'\n[[trigger.sample]]\nline='a'\nfields={a=1}",
            "5: sample.fields is {a = 1}; expected a table of texts",
        ),
        ("[[trigger]]\nname='x'\nsample='y'", '3: sample is "y"; expected an array of tables; write [[trigger.sample]] on'),
        (
            "[[trigger]]\nname='x'\n[[trigger]]\nname='x'",
            '4: a second trigger "x"; the first is in line 1; expected each name once',
        ),
        ("[action]\ntype='mail'", '2: key "type" is in no action; expected [action.NAME]; write [action.NAME] above it'),
        ("[action.'a b']\ntype='mail'", '1: an action called "a b"; expected a name made of letters, digits, - and _'),
        ("action = 1", "1: action is 1; expected a table; write [action.NAME] on a line of its own"),
        ("[action.x]\ntype='mial'", '2: action.x.type is "mial"; expected one of "append", "ban", "mail"'),
        (
            "[action.x]\nscipt='/y'",
            '2: unknown key "scipt" in [action.x]; expected a key of [action.x]; did you mean "script"?',
        ),
        ("[action.x]\nscript='y'", '2: action.x.script has "y"; expected a path from the root'),
        ("[action.x]\nfile='y'", '2: action.x.file has "y"; expected a path from the root'),
        (
            "[action.x]\nurl='ftp://h'",
            "2: action.x.url has something else; expected http:// or https:// and a host, without blanks",
        ),
        ("[action.x]\nto=['-x']", '2: action.x.to has "-x"; expected a mail address'),
        (
            "[action.x]\nenvironment={LT_name='y'}",
            '2: action.x.environment has "LT_name"; expected another: LT_name is set by Vigilog itself',
        ),
        ("[action.x]\nenvironment={VIGILOG_ORDER='y'}", "2: action.x.environment has"),
        ("[action.x]\nenvironment={'a b'='y'}", '2: action.x.environment has "a b"; expected letters, digits and _'),
        ("[action.x]\nheaders={a='y\\n'}", None),
        ('[action.x]\nheaders={a="y\\nB: c"}', '2: action.x.headers has "a"; expected no control characters'),
        ("[action.x]\ntime_limit=0", "2: action.x.time_limit has 0.0; expected more than 0"),
        (
            "[run]\nsources=['x']",
            '2: run.sources has "x"; expected a path from the root, beginning with /, or journal, journal:DIRECTORY, multilog',
        ),
        ("[run]\nsources='journal'", '2: run.sources is "journal"; expected a list of texts; write ["journal"]'),
        ("[run]\nsources=['syslog:udp:1.2.3:5']", '2: run.sources has "syslog:udp:1.2.3:5"; expected an address of this host'),
        ("[run]\nsources=['syslog:tcp:::1:5']", '2: run.sources has "syslog:tcp:::1:5"; expected an address'),
        ("[run]\nsources=['syslog:tcp:[::1]:0']", '2: run.sources has "syslog:tcp:[::1]:0"; expected a port'),
        ("[run]\nsources=['syslog:unix:x']", '2: run.sources has "syslog:unix:x"; expected syslog:unix:/PATH'),
        ("[run]\nsources=['syslog:sctp:1']", '2: run.sources has "syslog:sctp:1"; expected syslog:unix:/PATH'),
        ("[run]\nmetrics_listen='0.0.0.0:9'", '2: run.metrics_listen has "0.0.0.0:9"; expected ADDRESS:PORT of the loopback'),
        ("[run]\nmetrics_listen='localhost:9'", '2: run.metrics_listen has "localhost:9"; expected ADDRESS:PORT'),
        ("[run]\nmetrics_listen='127.0.0.1'", '2: run.metrics_listen has "127.0.0.1"; expected ADDRESS:PORT'),
        ("[run]\nmetrics_interval=0", "2: run.metrics_interval has 0.0; expected more than 0"),
        ("[run]\ncontrol=''", '2: run.control has ""; expected a path from the root'),
        ("[ban]\nfactor=0.5", "2: ban.factor is 0.5; expected a number from 1"),
        ("[ban]\nipv6_prefix=129", "2: ban.ipv6_prefix is 129; expected a whole number from 32 up to 128"),
        ("[ban]\nbackend='pf'", '2: ban.backend is "pf"; expected one of "command", "ipset"'),
        ("[ban]\ntime=0", "2: ban.time has 0.0; expected more than 0"),
        ("[ban]\ncommand='x'", '2: ban.command has "x"; expected a path from the root'),
    ],
)
def test_the_mistake(text, message):
    errors = [str(error) for error in read_text(text, "v").errors]
    if message is None:
        assert errors == []
    else:
        assert [error[: len(message) + 2] for error in errors] == [f"v:{message}"]


def test_every_mistake_of_several_triggers_and_actions_comes_at_once_in_the_order_of_their_lines():
    text = """\
[[trigger]]
count = 0
name = "a"
[action.x]
type = "mial"
[[trigger]]
nam = "b"
[run]
keys = 0
[[trigger]]
name = "a"
"""
    places = [str(error.place) for error in read_text(text, "v").errors]
    assert places == ["v:2", "v:5", "v:6", "v:7", "v:9", "v:11"]


def test_triggers_of_drop_ins_add_up_and_one_of_the_same_name_replaces_the_earlier_wholly(tmp_path):
    file = tmp_path / "v.toml"
    file.write_text(
        '[[trigger]]\nname="a"\ncount=5\npattern="x"\n[[trigger]]\nname="b"\n[action.x]\ntype="script"\nscript="/one"\n'
    )
    (tmp_path / "v.d").mkdir()
    (tmp_path / "v.d" / "1.toml").write_text('[[trigger]]\nname="c"\n[[trigger]]\nname="a"\npattern="y"\n')
    (tmp_path / "v.d" / "2.toml").write_text('[action.x]\nscript="/two"\n')
    layer = read(str(file))
    assert layer.errors == ()
    settings = settled(layer)
    assert [trigger.name for trigger in settings.triggers] == ["a", "b", "c"]
    assert settings.triggers[0] == Trigger(name="a", pattern=("y",))
    assert layer.triggers["a"].place.file == f"{tmp_path}/v.d/1.toml"
    assert settings.actions["x"] == Action(type="script", script="/two")
