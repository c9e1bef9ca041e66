"""proftpd.conf: Debian's own and the module's page are read as they are, sections nest as ProFTPD has it, every mistake is found."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.proftpd import read, told

STOCK = "/etc/proftpd/proftpd.conf"
TEMPLATE = "/usr/share/proftpd/templates/proftpd.conf"


@pytest.fixture
def conf(tmp_path):
    """A function that reads a text as a proftpd.conf."""

    def reads(text, **options):
        path = tmp_path / "proftpd.conf"
        path.write_text(text)
        return read(str(path), **options)

    return reads


def found(configuration):
    return [(error.place.line, error.found) for error in configuration.errors]


def names(directives):
    return [directive.name for directive in directives]


@pytest.mark.peer
@pytest.mark.parametrize("path", [STOCK, TEMPLATE])
def test_debians_own_is_read_unchanged(need, path):
    need("proftpd")
    configuration = read(path)
    assert configuration.errors == ()
    (server,) = configuration.servers
    assert (server.name, server.port, server.default_server, server.user, server.group) == (
        "Debian",
        21,
        True,
        "proftpd",
        "nogroup",
    )
    assert (server.timeouts.no_transfer, server.timeouts.stalled, server.timeouts.idle) == (600, 600, 1200)
    assert (configuration.max_instances, server.umask, server.directory_umask, server.allow_overwrite) == (
        30,
        0o022,
        0o022,
        True,
    )
    assert (server.transfer_log, configuration.system_log) == ("/var/log/proftpd/xferlog", "/var/log/proftpd/proftpd.log")
    assert {"DeferWelcome", "ShowSymlinks", "DisplayLogin", "ListOptions", "LoadModule"} <= set(
        names(configuration.without_effect)
    )
    assert {"QuotaEngine", "ControlsEngine"}.isdisjoint(names(configuration.without_effect))  # of modules that are not there
    places = {directive.place.file for directive in configuration.without_effect}
    assert places == {path, "/etc/proftpd/modules.conf"}


def test_the_modules_page_is_read_unchanged(conf, seeds):
    page = "".join(file.read_text("utf-8", "replace") for file in seeds.iterdir())
    examples = re.findall(
        r"(?:TraceLog \S+\s+Trace DEFAULT:0\s+)?<IfModule mod_log_forensic\.c>.*?</IfModule>", page, re.DOTALL
    )
    assert len(examples) == 2
    for example in examples:
        configuration = conf(example)
        assert configuration.errors == ()
        assert configuration.servers[0].forensics.engine
        assert configuration.servers[0].forensics.file.endswith("/forensic.log")
    assert (configuration.trace_log, configuration.trace) == ("/path/to/ftpd/trace.log", {"DEFAULT": 0})


def test_a_file_that_is_not_there(tmp_path):
    (error,) = read(str(tmp_path / "none")).errors
    assert error.found == "cannot be read: No such file or directory"


def test_every_mistake_is_found_not_only_the_first(conf, tmp_path):
    configuration = conf(
        "Port ftp\nForensicLogEngine maybe\n<Directory relative>\nUmask 9\n</Directory>\nNoSuchThing x\n"
        "<Limit ALL>\nPort 21\n</Limit>\nMaxClients 0\n<Global>\n"
    )
    assert found(configuration) == [
        (1, "Port: value must be between 0 and 65535"),
        (2, "ForensicLogEngine: expected Boolean parameter"),
        (3, "<Directory>: relative path not allowed in non-<Anonymous> sections"),
        (6, "unknown configuration directive 'NoSuchThing'"),
        (8, "Port: directive not allowed in <Limit> context"),
        (10, "MaxClients: parameter must be 'none' or a number greater than 0"),
        (11, "unclosed configuration section"),
    ]
    path = f"{tmp_path}/proftpd.conf"
    assert told(configuration.errors[0], path) == f"fatal: Port: value must be between 0 and 65535 on line 1 of '{path}'"
    assert (
        told(configuration.errors[-1], path)
        == f"fatal: error processing configuration file '{path}': unclosed configuration section"
    )


def test_what_was_meant_is_said(conf):
    (error,) = conf("ForensicLogEngin on\n").errors
    assert error.remedy == "did you mean ForensicLogEngine?"


def test_what_stands_in_a_section_that_is_wrong_itself_is_not_objected_to(conf):
    assert found(conf("<Anonymous rel>\nNonsense\n<Limit>\nPort\n</Limit>\n</Anonymous>\nPort\n")) == [
        (1, "<Anonymous>: (rel) absolute pathname required"),
        (7, "Port: missing parameters"),
    ]


CROSSED = [
    (
        "<Global>\n<Limit ALL>\n</Global>\n</Limit>\n",
        [
            (3, "</Global>: directive not allowed in <Limit> context"),
            (4, "</Limit>: directive not allowed in server config context"),
        ],
    ),
    ("</Limit>\n", [(1, "</Limit>: directive not allowed in server config context")]),
    ("<Global>\n</VirtualHost>\n</Global>\n", [(2, "</VirtualHost>: directive not allowed in <Global> context")]),
    ("<Global x>\n</Global>\n", [(1, "<Global>: Too many parameters")]),
    ("<Limit ALL>\n</Limit x>\n", [(2, "</Limit>: wrong number of parameters")]),
    ("<Limit>\n</Limit>\n", [(1, "<Limit>: directive requires one or more commands")]),
    ("<VirtualHost>\n</VirtualHost>\n", [(1, "<VirtualHost>: wrong number of parameters")]),
    (
        "<Global>\n<VirtualHost 127.0.0.1>\n</VirtualHost>\n</Global>\n",
        [(2, "<VirtualHost>: directive not allowed in <Global> context")],
    ),
    ("<Anonymous /a*>\n</Anonymous>\n", [(1, "<Anonymous>: (/a*) wildcards not allowed in pathname")]),
    ("<Anonymous />\n</Anonymous>\n", [(1, "<Anonymous>: '/' not permitted for anonymous root directory")]),
    (
        "<Directory /a>\nUmask 022\n</Directory>\n<Directory /a>\n</Directory>\n",
        [(4, "<Directory>: <Directory> section already configured for '/a'")],
    ),
    (
        "<Directory /a>\n<Directory /a/b>\n</Directory>\n</Directory>\n",
        [(2, "<Directory>: directive not allowed in <Directory> context")],
    ),
    ("<Nothing x>\n", [(1, "unknown configuration directive '<Nothing>'")]),
    ("<Limit ALL\n", [(1, "unknown configuration directive '<Limit'")]),
]


@pytest.mark.parametrize(("text", "expected"), CROSSED)
def test_unclosed_and_crossed_sections(conf, text, expected):
    assert found(conf(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["<limit ALL>\n</LIMIT>\n", "<Limit ALL >\n</Limit>\n", '<Limit "ALL">\n</Limit >\n', "<Directory /a >\n</Directory>\n"],
)
def test_how_brackets_may_stand(conf, text):
    assert found(conf(text)) == []


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            ("IfModule mod_log_forensic.c", True),
            ("IfModule mod_wrap2.c", True),
            ("IfModule mod_wrap2", False),  # the real one wants the whole name, too
            ("IfModule MOD_WRAP2.C", False),
            ("IfModule mod_quotatab.c", False),
            ("IfModule !mod_quotatab.c", True),
            ("IfModule !mod_tls.c", False),
            ("IfDefine GIVEN", True),
            ("IfDefine given", False),
            ("IfDefine !GIVEN", False),
            ("IfDefine INSIDE", True),
            ("IfDefine OTHER", False),
            ("IfVersion 1.3.8", True),
            ("IfVersion >= 1.3.6", True),
            ("IfVersion !>= 1.3.6", False),
            ("IfVersion == 1.3.8", True),
            ("IfVersion = 1.3.7", False),
            ("IfVersion <= 1.3.8", True),
            ("IfVersion > 1.3", True),
            ("IfVersion < 1.3.8", False),
            ("IfVersion = /^1\\.3/", True),
        ],
    )
    def test_what_is_in_it_counts_or_not(self, conf, condition, holds):
        end = condition.split()[0]
        configuration = conf(f"Define INSIDE\n<{condition}>\nPort 2121\n</{end}>\nUmask 077\n", defines=("GIVEN",))
        assert found(configuration) == []
        assert configuration.servers[0].port == (2121 if holds else 21)
        assert configuration.servers[0].umask == 0o077

    def test_what_is_in_one_that_is_wrong_is_looked_at(self, conf):
        assert found(conf("<IfModule>\nPort x\n</IfModule>\n")) == [
            (1, "<IfModule>: missing parameters"),
            (2, "Port: value must be between 0 and 65535"),
        ]

    def test_what_is_passed_over_may_be_anything(self, conf):
        text = "<IfModule mod_sql.c>\n<IfModule mod_tls.c>\nPort x\n</IfModule>\nNonsense <\n</Limit>\n</IfModule>\nPort 22\n"
        assert conf(text).servers[0].port == 22
        assert found(conf(text)) == []

    def test_known_directives_outside_it_are_listed_unknown_ones_are_mistakes(self, conf):
        configuration = conf("QuotaEngine on\nQuotaMachine on\n")
        assert [str(each.place.line) for each in configuration.without_effect] == ["1"]
        assert found(configuration) == [(2, "unknown configuration directive 'QuotaMachine'")]

    @pytest.mark.parametrize("kind", ["IfModule mod_no.c", "IfDefine NO"])
    def test_unclosed(self, conf, kind):
        name = kind.split()[0]
        assert [text for _, text in found(conf(f"<{kind}>\nPort 21\n"))] == [f"<{name}>: unclosed <{name}> context"]

    def test_a_comment_behind_the_end_of_what_is_passed_over(self, conf):
        """There the end is not seen, and the rest of the file is passed over."""
        assert conf("<IfDefine NO>\n</IfDefine> # no more\nPort 22\n").servers[0].port == 22

    def test_what_a_session_decides_is_without_effect(self, conf):
        configuration = conf("<IfUser joe>\nMaxStoreFileSize 5 Gb\nNonsense\n</IfUser>\nPort 22\n")
        assert names(configuration.without_effect) == ["<IfUser>"]
        assert (found(configuration), configuration.servers[0].port) == ([], 22)


class TestInclude:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "conf.d"
        folder.mkdir()
        (folder / "b.conf").write_text("ServerName b\n")
        (folder / "a.conf").write_text("ServerName a\nUmask 077\n")
        (folder / "c.conf~").write_text("ServerName c\n")
        (folder / ".hidden.conf").write_text("Port 2\n")
        (folder / "deeper").mkdir()
        (folder / "deeper" / "d.conf").write_text("Port 4\n")
        return folder

    def test_a_directory_is_all_of_its_files_in_their_order(self, conf, folder):
        configuration = conf(f"Include {folder}/\n")
        assert found(configuration) == []
        assert (configuration.servers[0].name, configuration.servers[0].port) == ("c", 2)

    def test_a_pattern(self, conf, folder):
        configuration = conf(f"Include {folder}/*.conf\n")
        assert (configuration.servers[0].name, configuration.servers[0].port) == ("b", 21)
        assert configuration.servers[0].place_of("Umask").file == f"{folder}/a.conf"

    def test_a_pattern_in_a_directory(self, conf, folder):
        assert conf(f"Include {folder}/*/*.conf\n").servers[0].port == 4

    def test_editors_files_can_be_left_out(self, conf, folder):
        assert conf(f"IncludeOptions IgnoreTempFiles\nInclude {folder}\n").servers[0].name == "b"

    def test_a_pattern_that_matches_nothing(self, conf, folder):
        configuration = conf(f"Include {folder}/*.none\n")
        assert (found(configuration), configuration.remarks) == ([], ())

    def test_what_is_not_there_is_a_remark(self, conf, tmp_path):
        configuration = conf("Port 22\nInclude /no/such/file\nUmask 077\n")
        assert found(configuration) == []
        assert [str(each) for each in configuration.remarks] == [
            f"{tmp_path}/proftpd.conf:2: unable to include '/no/such/file': No such file or directory"
        ]

    def test_a_relative_path(self, conf):
        assert found(conf("Include x\n")) == [(1, "Include: unable to use path for configuration file 'x'")]

    def test_in_the_section_that_is_open(self, conf, tmp_path):
        (tmp_path / "inner").write_text("DenyAll\n</Limit>\n")
        configuration = conf(f"<Limit LOGIN>\nInclude {tmp_path}/inner\nPort 22\n")
        assert found(configuration) == []
        assert configuration.servers[0].port == 22
        assert [rule.name for rule in configuration.servers[0].limits[0].rules] == ["DenyAll"]

    def test_a_mistake_in_it_is_a_mistake(self, conf, tmp_path):
        """ProFTPD prints it, leaves out the rest of that file, and starts."""
        (tmp_path / "inner").write_text("Umask 077\nNonsense\nPort x\n")
        configuration = conf(f"Include {tmp_path}/inner\nUmask 9\n")
        assert [str(error.place) for error in configuration.errors] == [
            f"{tmp_path}/inner:2",
            f"{tmp_path}/inner:3",
            f"{tmp_path}/proftpd.conf:2",
        ]

    def test_a_circle(self, conf, tmp_path):
        (tmp_path / "inner").write_text(f"Include {tmp_path}/proftpd.conf\n")
        (error,) = conf(f"Include {tmp_path}/inner\n").errors
        assert error.found == f"Include: '{tmp_path}/proftpd.conf' includes itself"


def test_the_environment_and_what_setenv_puts_into_it(conf):
    configuration = conf("SetEnv WHO joe\nServerName %{env:WHO}s-%{env:HOST}-%{env:NOT}\n", environment={"HOST": "box"})
    assert configuration.servers[0].name == "joes-box-"
    assert configuration.servers[0].environment == {"WHO": "joe"}


def test_only_one_server_is_the_default_one(conf):
    text = "DefaultServer on\n<VirtualHost 127.0.0.1>\nDefaultServer on\n</VirtualHost>\n"
    assert found(conf(text)) == [(3, "DefaultServer: DefaultServer has already been set")]


def test_a_last_line_without_newline_has_its_own_number(conf):
    """There a mistake in it is told with the number of the line before."""
    assert found(conf("Port 21\nPort x")) == [(2, "Port: value must be between 0 and 65535")]


def test_a_line_may_be_long(conf):
    """There it is cut at 4,095 bytes, and the rest is another directive."""
    assert len(conf(f"ServerName {'x' * 9000}\n").servers[0].name) == 9000


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Port ftp", "value must be between 0 and 65535"),
        ("Port 21x", "value must be between 0 and 65535"),
        ('Umask ""', "'' is not a valid umask"),
        ("Umask -1", "'-1' is not a valid umask"),
        ('DebugLevel ""', "not a valid number"),
        ("TCPBackLog 5x", "parameter must be a number between 1 and 255"),
        ("MaxInstances 99999999999", "argument must be 'none' or a number greater than 0"),
        ("MaxClients 99999999999", "parameter must be 'none' or a number greater than 0"),
        ("PassivePorts 2000x 3000", "min port must be allowable port number"),
        ("TimeoutIdle 10xs", "error parsing timeout value '10xs': Invalid argument"),
        ("Trace session x:y", "error parsing level \"y\" for channel 'x': Invalid argument"),
        ("MaxClientsPerClass", "missing parameters"),
    ],
)
def test_what_the_real_one_takes_and_cannot_mean_is_refused(conf, line, message):
    """It reads numbers as far as they are numbers; and MaxClientsPerClass without parameters kills it."""
    assert found(conf(line + "\n")) == [(1, f"{line.split()[0]}: {message}")]


WORD = st.sampled_from(
    [
        *(
            "Port",
            "<Limit",
            "<Limit ALL>",
            "</Limit>",
            "<Global>",
            "</Global>",
            "<IfModule",
            "</IfModule>",
            "Include",
            "Allow from",
        ),
        *(
            "21",
            "on",
            '"',
            "\\",
            "\n",
            "\r\n",
            " ",
            "#",
            ">",
            "<",
            "%{env:X}",
            "/",
            "*",
            "Umask",
            "\0",
            "\xff",
            "<Anonymous ~ftp>",
        ),
        *(
            "</Anonymous>",
            "User",
            "AllowUser regex",
            "(",
            "TimeoutIdle",
            "ExtendedLog /x",
            "ALL",
            "UserAlias",
            "TLSProtocol",
            "SetEnv",
        ),
    ]
)


@given(st.lists(WORD | st.text(max_size=8), max_size=40))
def test_whatever_stands_in_it_is_read_or_told_with_its_line(tmp_path_factory, parts):
    path = tmp_path_factory.getbasetemp() / "anything.conf"
    data = "".join(parts).encode("utf-8", "replace")
    path.write_bytes(data)
    for error in read(str(path), environment={"X": "x"}).errors:
        line = error.place.line if error.place else None
        assert line is not None
        assert 1 <= line <= data.count(b"\n") + 1
        assert told(error, "x").startswith("fatal: ")


def test_the_environment_of_the_process_is_the_default(conf, monkeypatch):
    monkeypatch.setenv("VIGILOG_TEST_NAME", "there")
    assert os.environ["VIGILOG_TEST_NAME"] == conf("ServerName %{env:VIGILOG_TEST_NAME}\n").servers[0].name
