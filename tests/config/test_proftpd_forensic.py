"""The five Forensic directives: ProFTPD's messages word for word, and which of several lines counts."""

from __future__ import annotations

import pytest

from vigilog.config.proftpd import read, told
from vigilog.config.proftpd_nouns import LOG_TYPES, Forensics


@pytest.fixture
def conf(tmp_path):
    """A function that reads a text as a proftpd.conf."""

    def reads(text, **options):
        path = tmp_path / "proftpd.conf"
        path.write_text(text)
        return read(str(path), **options)

    return reads


REFUSED = [
    ("ForensicLogEngine", "missing parameters"),
    ("ForensicLogFile", "missing parameters"),
    ("ForensicLogBufferSize", "missing parameters"),
    ("ForensicLogCapture", "wrong number of parameters"),
    ("ForensicLogCriteria", "wrong number of parameters"),
    ("ForensicLogEngine maybe", "expected Boolean parameter"),
    ("ForensicLogEngine onn", "expected Boolean parameter"),
    ('ForensicLogEngine ""', "expected Boolean parameter"),
    ("ForensicLogFile forensic.log", "must be an absolute path"),
    ('ForensicLogFile ""', "must be an absolute path"),
    ("ForensicLogFile none", "must be an absolute path"),
    ("ForensicLogFile ~/forensic.log", "must be an absolute path"),
    ("ForensicLogBufferSize abc", "badly formatted number: abc"),
    ("ForensicLogBufferSize 10k", "badly formatted number: 10k"),
    ("ForensicLogBufferSize 0x10", "badly formatted number: 0x10"),
    ("ForensicLogBufferSize 0", "size must be greater than zero"),
    ('ForensicLogBufferSize ""', "size must be greater than zero"),
    ("ForensicLogBufferSize 4294967296", "size must be greater than zero"),
    ("ForensicLogCapture syslog foo", "unknown log type: foo"),
    ("ForensicLogCapture syslog,SystemLog", "unknown log type: syslog,SystemLog"),
    ("ForensicLogCapture none", "unknown log type: none"),
    ("ForensicLogCapture all", "unknown log type: all"),
    ("ForensicLogCriteria FailedLogin foo", "unknown criterion: foo"),
    ("ForensicLogCriteria none", "unknown criterion: none"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_what_proftpd_refuses_is_refused_in_its_words(conf, tmp_path, line, message):
    (error,) = conf(f"ServerName x\n{line}\n").errors
    name = line.split()[0]
    assert told(error, "") == f"fatal: {name}: {message} on line 2 of '{tmp_path}/proftpd.conf'"


@pytest.mark.parametrize("size", ["-5", "-0", "4294967297", "9" * 5000])
def test_a_buffer_size_that_proftpd_takes_and_cannot_mean_is_refused(conf, size):
    """There -5 becomes four billion messages, and every session dies at connect without a word."""
    (error,) = conf(f"ForensicLogBufferSize {size}\n").errors
    assert error.found == "ForensicLogBufferSize: size must be greater than zero"


@pytest.mark.parametrize("name", ["Engine on", "File /f", "BufferSize 5", "Capture syslog", "Criteria FailedLogin"])
@pytest.mark.parametrize(
    ("begin", "end"), [("Anonymous ~ftp", "Anonymous"), ("Directory /srv", "Directory"), ("Limit ALL", "Limit")]
)
def test_they_stand_in_servers_only(conf, tmp_path, name, begin, end):
    (error,) = conf(f"<{begin}>\nForensicLog{name}\n</{end}>\n").errors
    directive = "ForensicLog" + name.split()[0]
    where = f"on line 2 of '{tmp_path}/proftpd.conf'"
    assert told(error, "") == f"fatal: {directive}: directive not allowed in <{end}> context {where}"


@pytest.mark.parametrize("word", ["on", "ON", "yes", "true", "1"])
def test_switched_on(conf, word):
    assert conf(f"ForensicLogEngine {word}\n").servers[0].forensics.engine


@pytest.mark.parametrize("word", ["off", "no", "False", "0"])
def test_switched_off(conf, word):
    assert not conf(f"ForensicLogEngine {word}\n").servers[0].forensics.engine


def test_without_any_of_them(conf):
    assert conf("").servers[0].forensics == Forensics(
        engine=False, file=None, buffer_size=1024, capture=LOG_TYPES, criteria=("FailedLogin", "UntimelyDeath")
    )


def test_names_in_any_case_and_surplus_parameters_without_a_word(conf):
    settings = conf(
        "forensiclogENGINE on x y\nFORENSICLOGFILE /f /g\nForensicLogBufferSize +7 x\n"
        "ForensicLogCapture tracelog UNKNOWN\nForensicLogCriteria moduleconfig\n"
    )
    assert settings.errors == ()
    assert settings.servers[0].forensics == Forensics(True, "/f", 7, ("Unspec", "TraceLog"), ("ModuleConfig",))


def test_a_buffer_size_with_a_blank_in_front(conf):
    assert conf('ForensicLogBufferSize " 7"\n').servers[0].forensics.buffer_size == 7


def test_of_two_lines_the_first_counts(conf):
    configuration = conf("ForensicLogFile /first\nForensicLogFile /second\n")
    assert configuration.servers[0].forensics.file == "/first"
    assert configuration.servers[0].place_of("ForensicLogFile").line == 1


def test_a_servers_own_line_counts_before_that_of_global_wherever_it_stands(conf):
    text = "<Global>\nForensicLogFile /global\nForensicLogEngine on\n</Global>\nForensicLogFile /own\n"
    forensics = conf(text).servers[0].forensics
    assert (forensics.file, forensics.engine) == ("/own", True)


def test_a_virtual_host_has_what_is_in_global_and_nothing_of_the_main_server(conf):
    configuration = conf(
        "ForensicLogEngine on\nForensicLogBufferSize 5\n<VirtualHost 127.0.0.1>\nForensicLogFile /host\n</VirtualHost>\n"
        "<Global>\nForensicLogBufferSize 9\nForensicLogCriteria ModuleConfig\n</Global>\n"
    )
    main, host = (server.forensics for server in configuration.servers)
    assert main == Forensics(True, None, 5, criteria=("ModuleConfig",))
    assert host == Forensics(False, "/host", 9, criteria=("ModuleConfig",))


def test_capture_and_criteria_replace_the_default(conf):
    forensics = conf("ForensicLogCapture TraceLog\nForensicLogCriteria ModuleConfig\n").servers[0].forensics
    assert (forensics.capture, forensics.criteria) == (("TraceLog",), ("ModuleConfig",))
