"""LogFormat: what each variable is called, how it stands in text and in JSON, and what is wrong with a template."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import absent
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns.logformat import NAMED, LogFormat, named
from vigilog.patterns.logformat_forms import Value
from vigilog.patterns.logformat_json import encoded

KAFKA = '%h %l %u %t "%r" %s %b'
MOMENT = 1795162996.558407
"""2026-11-20 08:23:16.558407 UTC."""


@pytest.fixture(scope="session")
def captures(sample_data):
    """The folder of what mod_kafka sent in the reference run."""
    folder = sample_data.parent / "reference" / "captures"
    if not folder.is_dir():
        absent(f"no captures in {folder}")
    return folder


@pytest.fixture(autouse=True)
def new_york(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_mod_kafkas_own_records_come_out_field_for_field_and_byte_for_byte(captures):
    page = (captures / "proftpd-kafka-doc_example.txt").read_text()
    records = [line.removeprefix("kafka - ") for line in page.splitlines() if line.startswith("kafka - ")]
    compiled = LogFormat(KAFKA)
    assert len(records) == 22
    for record in records:
        assert compiled.fields(json.loads(record)) == json.loads(record)
        assert compiled.json(json.loads(record)) == record.encode()
        line = compiled.render(json.loads(record))
        found = compiled.parse(line)
        assert found is not None
        assert found == json.loads(record)
        assert compiled.json(found) == record.encode()


def test_session_start_and_end_of_the_pages_second_example(captures):
    page = (captures / "proftpd-kafka-doc_sessions_example.txt").read_text()
    sessions = LogFormat("%{iso8601} %a")
    records = [line.removeprefix("sessions - ") for line in page.splitlines() if line.startswith("sessions - ")]
    assert len(records) == 2
    for record in records:
        found = sessions.parse(sessions.render(json.loads(record)))
        assert found is not None
        assert sessions.json(found) == record.encode()


PAGE = """
%A anon_password|%a remote_ip|%b bytes_sent|%c connection_class|%D dir_path|%d dir_name|%E session_end_reason|%{epoch} epoch
%{FOO}e ENV:FOO|%F transfer_path|%f file|%{file-modified} file_modified|%g group|%{gid} gid|%H server_ip|%h remote_dns
%I session_bytes_rcvd|%{iso8601} timestamp|%J command_params|%L local_ip|%l identd_user|%m command|%{microsecs} microsecs
%{millisecs} millisecs|%{note:foo} NOTE:foo|%O session_bytes_sent|%P pid|%p local_port|%{protocol} protocol|%r raw_command
%S response_msg|%s response_code|%T transfer_secs|%t local_time|%{transfer-failure} transfer_failure|%U original_user|%u user
%{transfer-status} transfer_status|%{uid} uid|%V server_dns|%v server_name|%{version} server_version|%w rename_from
%{basename} basename|%{file-offset} file_offset|%{file-size} file_size|%{remote-port} remote_port|%R response_millis
%{transfer-millisecs} transfer_millis|%{transfer-port} transfer_port|%{transfer-type} transfer_type|%{ISO8601} timestamp
%{env:FOO} ENV:FOO|%{%H:%M}t %H:%M|%{time:%H:%M} %H:%M|%{transfer-speed} transfer_speed|%{var:x} VAR:x
"""


def test_every_variable_of_the_pages_table_has_its_key():
    rows = [row.rsplit(" ", 1) for row in PAGE.strip().replace("\n", "|").split("|")]
    assert len(rows) == 57
    assert {variable: LogFormat(variable).keys for variable, _ in rows} == {variable: (key,) for variable, key in rows}


def test_the_seeds_own_table_is_held(seeds):
    page = (seeds / "002_b785ce3458731b1f.txt").read_text()
    rows = [line.split() for line in page.splitlines() if line.strip().startswith("%")]
    assert len(rows) == 43
    for variable, *key in rows:
        expected = "epoch" if variable == "%{epoch}" else key[0]
        assert LogFormat(variable).keys == (expected,)


def test_types_are_those_of_mod_kafka():
    event = {"time": MOMENT, "response_code": 226, "transfer_secs": 4.211, "file_modified": False, "uid": 0, "dir_name": ""}
    template = LogFormat("%s %T %{file-modified} %{uid} %d %t %{iso8601} %{epoch} %{microsecs} %{millisecs} %{%H:%M}t")
    assert template.fields(event) == {
        "response_code": 226,
        "transfer_secs": 4.211,
        "file_modified": False,
        "uid": 0,
        "dir_name": "",
        "local_time": "2026-11-20 08:23:16 +0000",
        "timestamp": "2026-11-20 03:23:16,558",
        "epoch": 1795162996,
        "microsecs": 558407,
        "millisecs": 558,
        "%H:%M": "08:23",
    }
    assert template.render(event) == (
        b"226 4.211 false 0  [20/Nov/2026:03:23:16 -0500] 2026-11-20 03:23:16,558 1795162996 558407 558 03:23"
    )


def test_whole_seconds_have_no_fraction_in_json():
    assert LogFormat("%T").json({"transfer_secs": 4.0}) == b'{"transfer_secs":4}'
    assert LogFormat("%T").render({"transfer_secs": 4}) == b"4.000"
    assert LogFormat("%T").parse(b"4.000") == {"transfer_secs": 4}


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("%A %l", b"UNKNOWN UNKNOWN"),
        ("<%E><%D><%d><%J><%m><%r><%{X}e><%{note:x}>", b"<><><><><><><><>"),
        ("%a %b %c %F %f %g %H %h %I %L %O %P %p %R %S %s %T %t %U %u %V %v %w", b" ".join([b"-"] * 23)),
    ],
)
def test_what_is_absent_is_written_as_proftpd_does_and_read_as_absent(template, line):
    assert LogFormat(template).render({}) == line
    assert LogFormat(template).parse(line) == {}
    assert LogFormat(template).json({}) == b"{}"


def test_a_format_without_a_variable_is_an_empty_record():
    assert LogFormat("hello").json({"user": "anna"}) == b"{}"
    assert LogFormat("hello").render({"user": "anna"}) == b"hello"
    assert LogFormat("hello").parse(b"hello\n") == {}


def test_notes_and_the_environment_come_from_mappings_or_by_their_keys():
    template = LogFormat("%{note:mod_x.id} %{HOME}e")
    expected = {"NOTE:mod_x.id": "7", "ENV:HOME": "/root"}
    assert template.fields({"notes": {"mod_x.id": 7}, "env": {"HOME": b"/root"}}) == expected
    assert template.fields(expected) == expected
    assert template.fields({"env": {"home": "/root"}}) == {}


def test_a_variable_named_twice_gives_its_key_once():
    template = LogFormat("%a %u %a")
    assert template.json({"remote_ip": "192.0.2.1", "user": "anna"}) == b'{"remote_ip":"192.0.2.1","user":"anna"}'
    assert template.parse(b"192.0.2.1 anna 192.0.2.1") == {"remote_ip": "192.0.2.1", "user": "anna"}
    assert template.parse(b"192.0.2.1 anna 192.0.2.2") is None


def test_json_is_valid_whatever_the_bytes():
    event = {"raw_command": b'RETR \x01\x1f\x7f\xe9"\\/\xc3\xbc\n', "user": "\udce9"}
    made = LogFormat("%r %u").json(event)
    assert made == b'{"raw_command":"RETR \\u0001\\u001f\x7f\\\\xe9\\"\\\\/\xc3\xbc\\n","user":"\\\\xe9"}'
    assert json.loads(made) == {"raw_command": 'RETR \x01\x1f\x7f\\xe9"\\/ü\n', "user": "\\xe9"}


def test_a_line_feed_in_a_value_makes_no_second_line():
    assert LogFormat("%r %u").render({"raw_command": "RETR a\nroot", "user": "x\r\n"}) == b"RETR a#012root x\r#012"


def test_text_between_variables_is_kept_as_proftpd_keeps_it():
    assert LogFormat('100%% %%h \\"%u\\" \\x').render({"remote_dns": "host", "user": "u"}) == b'100%% %host "u" \\x'


@pytest.mark.parametrize(
    ("template", "column", "words"),
    [
        ("%a %Z", 4, "`%Z` in a LogFormat; expected one of %A %a"),
        ("%a %{unknown}", 4, "`%{unknown}` in a LogFormat; expected one of basename, epoch"),
        ("%{Referer}i", 1, "`%{Referer}` in a LogFormat"),
        ("%a %", 4, "`%` in a LogFormat; expected a letter or a name in braces"),
        ("%a % b", 4, "`%` in a LogFormat"),
        ("%{uid", 1, "`%{uid` in a LogFormat"),
        ("%{note:}", 1, "`%{note:}` in a LogFormat; expected a name, as in %{note:NAME}"),
        ("%{}e", 1, "`%{}e` in a LogFormat; expected a name"),
        ("%{%Q}t", 1, "`%{%Q}t` in a LogFormat; expected a time as strftime writes it; %Q is none of its codes"),
        ("%a\n%u", 1, "expected one line"),
    ],
)
def test_a_mistake_is_told_with_its_column(template, column, words):
    with pytest.raises(RuleError) as told:
        LogFormat(template, place=Place("vigilog.toml", 7))
    assert words in str(told.value)
    assert str(told.value).startswith(f"vigilog.toml:7:{column}: ")


@pytest.mark.parametrize("template", ["%h%l", "%b%s", "%s7", "%f%b", "%b%f", "%u%{note:x}"])
def test_variables_side_by_side_are_written_and_refused_to_be_read(template):
    compiled = LogFormat(template)
    assert compiled.render({})
    with pytest.raises(RuleError, match="nothing says where the one ends; expected text between them"):
        compiled.parse(b"x")


def test_an_event_that_holds_no_number_where_one_belongs_is_an_error():
    with pytest.raises(ValueError, match="invalid literal"):
        LogFormat("%b").render({"bytes_sent": "many"})
    with pytest.raises(ValueError, match="nan is no number"):
        LogFormat("%T").json({"transfer_secs": float("nan")})


@pytest.mark.parametrize("name", NAMED)
def test_a_well_known_format_writes_and_reads_its_own_lines(name):
    compiled = named(name)
    event = {"time": MOMENT, "remote_dns": "192.0.2.1", "bytes_sent": 5, "user": "anna", "server_name": "www"}
    line = compiled.render(event)
    found = compiled.parse(line)
    assert found is not None
    assert found["user"] == "anna"
    assert compiled.render(found) == line


def test_a_name_that_is_none_is_told():
    with pytest.raises(RuleError, match="a LogFormat called `combinde`; expected one of common, combined"):
        named("combinde")


def test_a_transfer_log_line_is_proftpds():
    event = {
        "local_time": "2026-11-09 08:18:42 +0000",
        "transfer_secs": 3.6,
        "remote_dns": "host.example",
        "bytes_sent": 5000,
        "file": "/home/anna/a  b\x01.txt",
        "transfer_type": "binary",
        "direction": "incoming",
        "access_mode": "real",
        "user": "anna",
        "protocol": "ftp",
        "transfer_status": "success",
    }
    line = b"Mon Nov 09 08:18:42 2026 4 host.example 5000 /home/anna/a__b_.txt b _ i r anna ftp 0 * c"
    assert named("xferlog").render(event) == line
    failed = {**event, "transfer_status": "failed", "identd_user": "UNKNOWN", "transfer_type": "ASCII"}
    assert named("xferlog").render(failed).endswith(b"a _ i r anna ftp 1 * i")
    assert named("xferlog").parse(line) == {
        **event,
        "local_time": "2026-11-09 08:18:42",
        "file": "/home/anna/a__b_.txt",
        "transfer_secs": 4,
        "authentication_method": 0,
    }


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", 'c"d', "é"]),
        st.one_of(
            st.text(),
            st.text(st.characters(max_codepoint=0x7F)),
            st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")),
            st.integers(),
            st.booleans(),
            st.floats(-1e300, 1e300, allow_subnormal=False),
        ),
    )
)
def test_any_fields_are_json_that_a_stranger_reads(fields):
    made = encoded(fields)
    assert b"\n" not in made
    read = json.loads(made)
    for key, value in fields.items():
        if isinstance(value, str):
            shown = "".join(f"\\x{ord(one) - 0xDC00:02x}" if "\udc80" <= one <= "\udcff" else one for one in value)
            assert read[key] == shown
        elif isinstance(value, float):
            assert read[key] == pytest.approx(value, rel=1e-15, abs=0)
        else:
            assert read[key] is value if isinstance(value, bool) else read[key] == value
    assert list(read) == list(fields)


def test_one_fraction_or_one_foreign_byte_changes_nothing_else():
    plain: dict[str, Value] = {"user": 'a"\x01\x7fé', "pid": 2**70, "done": True}
    alone = json.loads(encoded(plain))
    assert json.loads(encoded({**plain, "secs": 0.1})) == {**alone, "secs": 0.1}
    assert encoded({"secs": 0.1, **plain})[12:] == encoded(plain)[1:]
    assert encoded({"name": "\udce9", **plain})[16:] == encoded(plain)[1:]
