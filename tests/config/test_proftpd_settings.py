"""proftpd.conf: what each directive comes to, and who has it from whom."""

from __future__ import annotations

import os
import subprocess

import pytest

from vigilog.config.proftpd import read
from vigilog.config.proftpd_access import forbidding
from vigilog.config.proftpd_effects import READERS, STRUCTURE, effective
from vigilog.config.proftpd_known import MODULES, table
from vigilog.config.proftpd_settings import OFF, ForGroups, Maximum, SessionTimeout, Tables


@pytest.fixture
def conf(tmp_path):
    """A function that reads a text as a proftpd.conf that is right."""

    def reads(text, **options):
        path = tmp_path / "proftpd.conf"
        path.write_text(text)
        configuration = read(str(path), **options)
        assert configuration.errors == ()
        return configuration

    return reads


SERVER = [
    ('ServerName "My server"', "name", "My server"),
    ("ServerName a\nServerName b", "name", "b"),
    ("", "name", "ProFTPD"),
    ("ServerAlias ftp.example.org other", "name", "ftp.example.org"),
    ("ServerAlias a b\nServerAlias c", "aliases", ("a", "b", "c")),
    ("ServerIdent off", "ident", False),
    ('ServerIdent on "Hello"', "ident_text", "Hello"),
    ('ServerIdent off "Hello"', "ident_text", None),
    ("Port 2121", "port", 2121),
    ("Port 1\nPort 2", "port", 1),
    ("Port 0", "port", 0),
    ("DefaultAddress 127.0.0.1 ::1", "addresses", ("127.0.0.1", "::1")),
    ("DefaultServer yes", "default_server", True),
    ("User nobody", "user", "nobody"),
    ("Group nogroup", "group", "nogroup"),
    ("Umask 077", "umask", 0o077),
    ("Umask 077", "directory_umask", 0o077),
    ("Umask 077 027", "directory_umask", 0o027),
    ("DefaultRoot ~", "default_roots", (ForGroups("~"),)),
    ("DefaultRoot /srv a,!b c\nDefaultRoot ~", "default_roots", (ForGroups("/srv", ("a", "!b", "c")), ForGroups("~"))),
    ("DefaultChdir public staff", "default_chdirs", (ForGroups("public", ("staff",)),)),
    ("RequireValidShell off", "require_valid_shell", False),
    ("RootLogin on", "root_login", True),
    ("RootRevoke yes", "root_revoke", True),
    ("UseFtpUsers off", "use_ftp_users", False),
    ("UserAlias a b\nUserAlias a c\nUserAlias d e", "user_aliases", {"a": "b", "d": "e"}),
    ("AuthOrder mod_auth_pam.c* mod_auth_file.c", "auth_order", ("mod_auth_pam.c*", "mod_auth_file.c")),
    ("MaxClients 5", "max_clients", Maximum(5)),
    ('MaxClients 5 "No room for %m"', "max_clients", Maximum(5, "No room for %m")),
    ("MaxClients none", "max_clients", Maximum()),
    ("MaxClientsPerHost 2", "max_clients_per_host", Maximum(2)),
    ("MaxClientsPerUser 2", "max_clients_per_user", Maximum(2)),
    ("MaxLoginAttempts 1", "max_login_attempts", 1),
    ("MaxLoginAttempts none", "max_login_attempts", 0),
    ("", "max_login_attempts", 3),
    ("PassivePorts 40000 50000", "passive_ports", (40000, 50000)),
    ("MasqueradeAddress ftp.example.org", "display_address", "ftp.example.org"),
    ("AllowOverwrite on", "allow_overwrite", True),
    ("AllowStoreRestart on", "allow_store_restart", True),
    ("AllowRetrieveRestart off", "allow_retrieve_restart", False),
    ("DebugLevel 10", "debug_level", 10),
    ("TransferLog /x", "transfer_log", "/x"),
    ("TransferLog NONE", "transfer_log", OFF),
    ("ServerLog /x", "server_log", "/x"),
    ("AllowLogSymlinks on", "allow_log_symlinks", True),
    ("Trace session a:5", "session_trace", {"a": 5}),
    ("SetEnv A b", "environment", {"A": "b"}),
]


@pytest.mark.parametrize(("text", "field", "value"), SERVER)
def test_of_a_server(conf, text, field, value):
    assert getattr(conf(text + "\n").servers[0], field) == value


WHOLE = [
    ("UseIPv6 off", "ipv6", False),
    ("MaxInstances 30", "max_instances", 30),
    ("MaxInstances none", "max_instances", 0),
    ("PidFile /run/x.pid", "pid_file", "/run/x.pid"),
    ("SystemLog none", "system_log", OFF),
    ("SystemLog /x\nSystemLog /y", "system_log", "/x"),
    ("TraceLog /x", "trace_log", "/x"),
    ("Trace DEFAULT:5 tls:1-20\nTrace DEFAULT:7", "trace", {"DEFAULT": 7, "tls": 20}),
    ("Trace session a:5", "trace", {}),
    ("SyslogFacility LOCAL3", "syslog_facility", "local3"),
    ("SyslogLevel Warn", "syslog_level", "warn"),
    ("TCPBackLog 5", "tcp_backlog", 5),
    ('LogFormat a "%h %l"', "formats", {"a": "%h %l"}),
    ("<Global>\nLogFormat b %h\n</Global>", "formats", {"b": "%h"}),
]


@pytest.mark.parametrize(("text", "field", "value"), WHOLE)
def test_of_the_whole(conf, text, field, value):
    assert getattr(conf(text + "\n"), field) == value


TIMES = [
    ("90", 90),
    ("0", 0),
    ("90s", 90),
    ("90SEC", 90),
    ("5m", 300),
    ("5 min", 300),
    ("2h", 7200),
    ("2hr", 7200),
    ("01:30:05", 5405),
]


@pytest.mark.parametrize(("text", "seconds"), TIMES)
@pytest.mark.parametrize("name", ["Login", "Idle", "NoTransfer", "Stalled"])
def test_times(conf, name, text, seconds):
    field = {"NoTransfer": "no_transfer"}.get(name, name.lower())
    assert getattr(conf(f'Timeout{name} "{text}"\n').servers[0].timeouts, field) == seconds


def test_times_of_sessions(conf):
    text = "TimeoutSession 1h\nTimeoutSession 60 user joe,!jane\nTimeoutSession 0\n"
    sessions = conf(text).servers[0].timeouts.sessions
    assert sessions == (SessionTimeout(3600), SessionTimeout(60, "user", ("joe", "!jane")))


class TestExtendedLogs:
    def test_each_with_the_text_of_its_format(self, conf):
        text = "ExtendedLog /a READ,WRITE mine\nExtendedLog /b\nExtendedLog syslog:info all|!secure\nLogFormat mine %h\n"
        found = [(each.path, each.classes, each.format, each.place.line) for each in conf(text).servers[0].extended_logs]
        assert found == [
            ("/a", ("READ", "WRITE"), "%h", 1),
            ("/b", ("ALL",), "", 2),
            ("syslog:info", ("ALL", "!SEC"), "", 3),
        ]

    @pytest.mark.parametrize(
        ("words", "classes", "wanted"),
        [
            ("READ", ("READ",), True),
            ("READ", ("WRITE",), False),
            ("READ,WRITE", ("WRITE", "DIRS"), True),
            ("ALL", ("AUTH",), True),
            ("ALL,!AUTH", ("AUTH",), False),
            ("ALL,!DIRS", ("DIRS", "INFO"), False),
            ("ALL,!DIRS,INFO", ("INFO",), True),
            ("NONE", ("READ",), False),
            ("!NONE", ("READ",), True),
            ("!ALL", ("READ",), False),
        ],
    )
    def test_which_commands_it_takes(self, conf, words, classes, wanted):
        (log,) = conf(f"ExtendedLog /a {words}\n").servers[0].extended_logs
        assert log.wants(classes) is wanted


class TestInheritance:
    def test_a_virtual_host_has_nothing_of_the_main_server_but_its_name(self, conf):
        text = "ServerName main\nMaxClients 5\nUmask 077\n<VirtualHost 127.0.0.1 ::1>\nPort 2121\n</VirtualHost>\n"
        main, host = conf(text).servers
        assert (main.main, host.main) == (True, False)
        assert (host.name, host.addresses, host.port) == ("main", ("127.0.0.1", "::1"), 2121)
        assert (host.max_clients, host.umask) == (Maximum(), 0o022)

    def test_both_have_what_is_in_any_global_behind_their_own(self, conf):
        text = (
            "DefaultRoot /main\n<Global>\nDefaultRoot /first\nPort 21\n</Global>\n<VirtualHost 127.0.0.1>\n"
            "<Global>\nDefaultRoot /second\nPort 22\n</Global>\nDefaultRoot /host\nPort 23\n</VirtualHost>\n"
        )
        main, host = conf(text).servers
        assert [each.path for each in main.default_roots] == ["/main", "/first", "/second"]
        assert [each.path for each in host.default_roots] == ["/host", "/first", "/second"]
        assert (main.port, host.port) == (21, 23)

    def test_sections_of_global_are_everybodys(self, conf):
        text = "<Global>\n<Limit LOGIN>\nDenyAll\n</Limit>\n<Directory /srv>\nUmask 077\n</Directory>\n</Global>\n<VirtualHost 127.0.0.1>\n</VirtualHost>\n"
        for server in conf(text).servers:
            assert [each.commands for each in server.limits] == [("LOGIN",)]
            assert [(each.path, each.umask) for each in server.directories] == [("/srv", 0o077)]

    def test_each_has_its_own_name(self, conf):
        text = "ServerName main\n<VirtualHost 127.0.0.1>\nServerName host\n</VirtualHost>\n<VirtualHost 127.0.0.2>\nServerAlias other\n</VirtualHost>\n"
        assert [server.name for server in conf(text).servers] == ["main", "host", "other"]


class TestAnonymous:
    TEXT = (
        "MaxClients 9\nMaxClientsPerHost 8\nTimeoutIdle 5\nTransferLog /outer\nUmask 077\n"
        "<Anonymous ~ftp>\nUser ftp\nGroup nogroup\nUserAlias anonymous ftp\nRequireValidShell off\nMaxClients 3 full\n"
        "AnonRequirePassword on\nTransferLog /inner\nTimeoutStalled 7\nAllowOverwrite on\n"
        "<Directory *>\n<Limit WRITE>\nDenyAll\n</Limit>\n</Directory>\n"
        "<Directory incoming>\nUmask 022 000\n<Limit STOR MKD>\nAllowAll\n</Limit>\n</Directory>\n</Anonymous>\n"
    )

    def test_it_has_its_own_and_the_rest_of_its_server(self, conf):
        (anonymous,) = conf(self.TEXT).servers[0].anonymous
        assert (anonymous.root, anonymous.user, anonymous.group) == ("~ftp", "ftp", "nogroup")
        assert anonymous.aliases == {"anonymous": "ftp"}
        assert (anonymous.require_password, anonymous.require_valid_shell) == (True, False)
        assert (anonymous.max_clients, anonymous.max_clients_per_host) == (Maximum(3, "full"), Maximum(8))
        assert (anonymous.timeouts.idle, anonymous.timeouts.stalled, anonymous.transfer_log) == (5, 7, "/inner")

    def test_its_directories(self, conf):
        inside = conf(self.TEXT).servers[0].anonymous[0].inside
        assert (inside.allow_overwrite, inside.umask) == (True, None)
        everywhere, incoming = inside.directories
        assert (everywhere.path, everywhere.limits[0].commands) == ("*", ("WRITE",))
        assert (incoming.path, incoming.umask, incoming.directory_umask) == ("incoming", 0o022, 0)
        assert incoming.limits[0].commands == ("STOR", "MKD", "XMKD")

    def test_its_user_need_not_be_known_when_the_server_starts(self, conf):
        assert (
            conf("<Anonymous ~x>\nUser nobody-has-this-name\n</Anonymous>\n").servers[0].anonymous[0].user
            == "nobody-has-this-name"
        )


class TestTls:
    @pytest.fixture
    def pair(self, tmp_path, need):
        need("openssl")
        key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return certificate, key

    def test_all_of_it(self, conf, pair):
        certificate, key = pair
        tls = (
            conf(
                f"TLSEngine on\nTLSRequired auth+data\nTLSRSACertificateFile {certificate}\nTLSRSACertificateKeyFile {key}\n"
                f"TLSCertificateChainFile {certificate}\nTLSCACertificateFile {certificate}\nTLSProtocol TLSv1.2 TLSv1.3\n"
                "TLSVerifyClient optional\nTLSLog /tls\nTLSCipherSuite HIGH\n"
                "TLSCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256\n"
            )
            .servers[0]
            .tls
        )
        assert (tls.engine, tls.control, tls.data, tls.auth) == (True, False, True, True)
        assert (tls.certificate, tls.key, tls.chain, tls.ca_file) == (
            str(certificate),
            str(key),
            str(certificate),
            str(certificate),
        )
        assert (tls.protocols, tls.log) == (("TLSv1.2", "TLSv1.3"), "/tls")
        assert (tls.verify_client, tls.ciphers, tls.ciphers_of_tls_1_3) == ("optional", "HIGH", "TLS_AES_128_GCM_SHA256")

    @pytest.mark.parametrize(
        "name", ["TLSRSACertificateFile", "TLSECCertificateFile", "TLSCertificateChainFile", "TLSCACertificateFile"]
    )
    def test_a_certificate_must_be_one(self, tmp_path, pair, name):
        path = tmp_path / "proftpd.conf"
        path.write_text(f"{name} {pair[1]}\n{name} {tmp_path}/none\n{name} {pair[0]}\n")
        assert [error.place.line for error in read(str(path)).errors if error.place] == [1, 2]

    @pytest.mark.parametrize("name", ["TLSRSACertificateKeyFile", "TLSECCertificateKeyFile"])
    def test_a_key_must_be_one(self, tmp_path, pair, name):
        path = tmp_path / "proftpd.conf"
        path.write_text(f"{name} {pair[0]}\n{name} {tmp_path}/none\n{name} {pair[1]}\n")
        assert [error.place.line for error in read(str(path)).errors if error.place] == [1, 2]

    @pytest.mark.parametrize(
        ("word", "expected"),
        [
            ("on", (True, True, True)),
            ("off", (False, None, False)),
            ("ctrl", (True, None, True)),
            ("data", (False, True, False)),
            ("!data", (False, False, False)),
            ("auth", (False, None, True)),
            ("ctrl+!data", (True, False, True)),
        ],
    )
    def test_where_it_is_required(self, conf, word, expected):
        tls = conf(f"TLSRequired {word}\n").servers[0].tls
        assert (tls.control, tls.data, tls.auth) == expected

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("tlsv1.2", ("TLSv1.2",)),
            ("TLSv1", ("TLSv1",)),
            ("ALL -SSLv3 -TLSv1 -TLSv1.1", ("TLSv1.2", "TLSv1.3")),
            ("SSLv23", ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")),
        ],
    )
    def test_protocols(self, conf, words, expected):
        assert conf(f"TLSProtocol {words}\n").servers[0].tls.protocols == expected


def test_tables_of_addresses_those_for_some_first(conf, tmp_path):
    (tmp_path / "t").write_text("")
    text = (
        "WrapEngine on\nWrapTables file:/allow builtin:/deny\nWrapGroupTables g,h file:/a file:/b\nWrapUserTables u file:/c file:/d\n"
        f"WrapLog none\nWrapOptions CheckOnConnect\nWrapDenyMsg no\nWrapServiceName ftp\nTCPAccessFiles {tmp_path}/t {tmp_path}/t\n"
    )
    configuration = conf(text)
    wrap = configuration.servers[0].wrap
    assert (wrap.engine, wrap.on_connect, wrap.service, wrap.deny_message, wrap.log) == (True, True, "ftp", "no", OFF)
    assert [(each.allow, each.deny, each.kind, each.who, each.directive) for each in wrap.tables] == [
        ("/c", "/d", "user", ("u",), "WrapUserTables"),
        ("/a", "/b", "group", ("g", "h"), "WrapGroupTables"),
        ("/allow", "/deny", "all", (), "WrapTables"),
        (f"{tmp_path}/t", f"{tmp_path}/t", "all", (), "TCPAccessFiles"),
    ]
    assert isinstance(wrap.tables[0], Tables)


class TestFilesOfUsers:
    @pytest.fixture
    def file(self, tmp_path):
        tmp_path.chmod(0o755)
        path = tmp_path / "passwd"
        path.write_text("joe:x:1000:1000::/home/joe:/bin/sh\n")
        path.chmod(0o600)
        return path

    def objections(self, tmp_path, text):
        path = tmp_path / "proftpd.conf"
        path.write_text(text)
        return [error.found for error in read(str(path)).errors]

    def test_its_path_and_what_it_is_restricted_to(self, conf, file):
        server = conf(f"AuthUserFile {file} id 1000-2000 name ^j home !^/root\nAuthGroupFile {file} id 5-6\n").servers[0]
        assert server.auth_user_file == str(file)
        assert server.auth_user_restrictions == ("id", "1000-2000", "name", "^j", "home", "!^/root")
        assert (server.auth_group_file, server.auth_group_restrictions) == (str(file), ("id", "5-6"))

    @pytest.mark.parametrize(("mode", "users", "groups"), [(0o640, True, True), (0o644, False, True), (0o602, False, False)])
    def test_others_must_not_read_or_write_it(self, tmp_path, file, mode, users, groups):
        file.chmod(mode)
        objection = f"unable to use {file}: Operation not permitted"
        assert self.objections(tmp_path, f"AuthUserFile {file}\n") == ([] if users else [f"AuthUserFile: {objection}"])
        assert self.objections(tmp_path, f"AuthGroupFile {file}\n") == ([] if groups else [f"AuthGroupFile: {objection}"])

    def test_nor_write_its_directory(self, tmp_path, file):
        folder = tmp_path / "open"
        folder.mkdir()
        folder.chmod(0o777)
        os.rename(file, folder / "passwd")
        assert len(self.objections(tmp_path, f"AuthUserFile {folder}/passwd\n")) == 1

    def test_nor_that_of_a_link_to_it(self, tmp_path, file):
        folder = tmp_path / "open"
        folder.mkdir()
        folder.chmod(0o777)
        (folder / "link").symlink_to(file)
        assert len(self.objections(tmp_path, f"AuthUserFile {folder}/link\n")) == 1
        (tmp_path / "link").symlink_to("passwd")
        assert self.objections(tmp_path, f"AuthUserFile {tmp_path}/link\n") == []

    def test_unless_that_is_wanted(self, tmp_path, file):
        file.chmod(0o666)
        assert self.objections(tmp_path, f"AuthFileOptions InsecurePerms\nAuthUserFile {file}\n") == []

    @pytest.mark.parametrize(
        ("words", "objection"),
        [
            ("name", "wrong number of parameters"),
            ("id 1-2 home", "wrong number of parameters"),
            ("id 5", "badly formatted ID restriction parameter"),
            ("id a-5", "badly formatted minimum ID"),
            ("id 5-b", "badly formatted maximum ID"),
            ("id 5-4", "minimum cannot be larger than maximum"),
            ("shell x", ": unknown restriction 'shell'"),
            ("name (?=a)", "'(?=a)' failed regex compilation: no look-around, no back-reference"),
        ],
    )
    def test_restrictions_that_cannot_be(self, tmp_path, file, words, objection):
        assert self.objections(tmp_path, f"AuthUserFile {file} {words}\n") == [f"AuthUserFile: {objection}"]

    def test_a_file_that_is_not_there_or_no_file(self, tmp_path):
        tmp_path.chmod(0o755)
        assert self.objections(tmp_path, f"AuthUserFile {tmp_path}/no\nAuthGroupFile {tmp_path}\nAuthUserFile x\n") == [
            f"AuthUserFile: unable to use {tmp_path}/no: No such file or directory",
            f"AuthGroupFile: unable to use {tmp_path}: Is a directory",
            "AuthUserFile: unable to use relative path for AuthUserFile 'x'.",
        ]


def test_inetd_is_a_remark(conf, tmp_path):
    (remark,) = conf("ServerType inetd\n").remarks
    assert str(remark) == f"{tmp_path}/proftpd.conf:1: ServerType inetd; the server runs standalone all the same"


def test_users_and_groups_must_be_known(tmp_path):
    path = tmp_path / "proftpd.conf"
    path.write_text("User no-such-user\nGroup no-such-group\n")
    assert [error.found for error in read(str(path)).errors] == [
        "User: Unknown user 'no-such-user'",
        "Group: Unknown group 'no-such-group'",
    ]


def test_everything_that_is_read_is_known():
    names = {known.name for known in table().values()}
    assert set(READERS) | STRUCTURE <= names
    assert {known.module for known in table().values() if known.name in READERS} <= MODULES


def test_what_is_without_effect_in_a_section_is_listed_there(conf):
    configuration = conf("<Anonymous ~ftp>\nWrapDenyMsg no\nHideUser root\nDenyFilter x\n</Anonymous>\nWrapDenyMsg no\n")
    assert [(each.name, each.place.line, each.section) for each in configuration.without_effect] == [
        ("WrapDenyMsg", 2, "Anonymous"),
        ("HideUser", 3, "Anonymous"),
        ("DenyFilter", 4, "Anonymous"),
    ]
    assert all(effective("DenyFilter", section) for section in "svgl")


def test_filters_of_a_server(conf):
    """Of each kind the first counts, that of the server before that of <Global>."""
    text = "<Global>\nDenyFilter g\nAllowFilter G\n</Global>\nDenyFilter one [NC]\nDenyFilter two\n"
    found = conf(text).servers[0].filters
    assert [(each.name, each.how, each.words) for each in found] == [
        ("AllowFilter", "regex", ("G",)),
        ("DenyFilter", "caseless regex", ("one",)),
    ]
    assert forbidding(found, "xONEx") == "AllowFilter"
    assert forbidding(found, "GOne") == "DenyFilter"
    assert forbidding(found, "G") is None
