"""choose: the command line wins over vigilog.toml, that over logcheck's files, those over what fits the host."""

from __future__ import annotations

import pytest

from vigilog.config.choose import Wishes, choose
from vigilog.config.host import look
from vigilog.config.layer import Layer


@pytest.fixture
def host(tmp_path):
    """A host below a folder: put files there, then ask for its `choose`."""

    class Stage:
        root = tmp_path

        def put(self, name, text=""):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return str(path)

        def choose(self, **values):
            wishes = {name: values.pop(name) for name in tuple(values) if name in Wishes.__slots__}
            layer = Layer({(table, key): value for name, value in values.items() for table, key in [name.split("__")]})
            return choose(Wishes(layer=layer, **wishes), look(str(tmp_path), ""), f"{tmp_path}/etc/vigilog/vigilog.toml")

        def settings(self, **values):
            chosen = self.choose(**values)
            assert chosen.errors == ()
            return chosen.settings

        def logcheck(self, conf='REPORTLEVEL="paranoid"\nSENDMAILTO="ops"\nDATE=$(date +%F)\n'):
            self.put("etc/logcheck/logcheck.conf", conf)
            self.put("etc/logcheck/logcheck.logfiles", "/var/log/listed\n")
            self.put("etc/logcheck/logcheck.logfiles.d/journal.logfiles", "journal\n")

    return Stage()


def test_without_any_file_the_built_in_rules_read_the_logs_of_the_host(host):
    log = host.put("var/log/syslog")
    settings = host.settings()
    assert (settings.check.rules, settings.check.sources, settings.mail.to) == ("builtin", (log,), ())


def test_without_any_log_the_sources_are_empty(host):
    assert host.settings().check.sources == ()


def test_a_logcheck_set_up_is_read_as_it_stands(host):
    host.logcheck()
    host.put("var/log/syslog")
    settings = host.settings()
    assert settings.check.rules == "debian"
    assert settings.check.sources == ("/var/log/listed", "journal")
    assert (settings.check.level, settings.check.date_format, settings.mail.to) == ("paranoid", "%F", ("ops",))
    assert settings.check.rule_directory == f"{host.root}/etc/logcheck"


def test_logchecks_reports_go_to_root_unless_its_configuration_says_otherwise(host):
    host.logcheck(conf="")
    assert host.settings().mail.to == ("root",)


def test_vigilog_toml_wins_over_logcheck_conf_and_its_lists(host):
    host.logcheck()
    host.put("etc/vigilog/vigilog.toml", '[check]\nlevel = "workstation"\nsources = ["/mine"]\n[mail]\nto = []\n')
    settings = host.settings()
    assert (settings.check.level, settings.check.sources, settings.mail.to) == ("workstation", ("/mine",), ())
    assert settings.check.date_format == "%F"


def test_the_command_line_wins_over_vigilog_toml(host):
    host.put("etc/vigilog/vigilog.toml", '[check]\nlevel = "workstation"\njobs = 2\n')
    settings = host.settings(check__level="server")
    assert (settings.check.level, settings.check.jobs) == ("server", 2)


def test_files_of_logcheck_named_on_the_command_line_win_over_vigilog_toml(host):
    host.put("etc/vigilog/vigilog.toml", '[check]\nlevel = "workstation"\nsources = ["/mine"]\n')
    conf = host.put("c", "REPORTLEVEL=paranoid\n")
    listing = host.put("l", "/from/list\n")
    settings = host.settings(logcheck_conf=conf, list_file=listing)
    assert (settings.check.rules, settings.check.level, settings.check.sources) == ("debian", "paranoid", ("/from/list",))


def test_the_command_line_wins_over_the_files_it_names(host):
    conf = host.put("c", "REPORTLEVEL=paranoid\nRULEDIR=/conf\n")
    settings = host.settings(logcheck_conf=conf, check__level="server", check__rule_directory="/option")
    assert (settings.check.level, settings.check.rule_directory) == ("server", "/option")


def test_fragments_of_other_packages_do_not_make_debians_rules(host):
    host.put("etc/logcheck/ignore.d.server/gpg-agent", "x\n")
    assert host.settings().check.rules == "builtin"


def test_rule_directories_alone_do_and_then_the_hosts_own_logs_are_read(host):
    host.put("etc/logcheck/cracking.d/kernel", "x\n")
    log = host.put("var/log/syslog")
    settings = host.settings()
    assert (settings.check.rules, settings.check.sources) == ("debian", (log,))


def test_a_rule_directory_elsewhere_counts_if_there_is_a_set_up_in_it(host):
    rules = host.put("srv/rules/violations.d/su", "x\n").removesuffix("/violations.d/su")
    host.put("etc/vigilog/vigilog.toml", f'[check]\nrule_directory = "{rules}"\n')
    settings = host.settings()
    assert (settings.check.rules, settings.check.rule_directory) == ("debian", rules)


def test_built_in_rules_wished_for_leave_logcheck_unread(host):
    host.logcheck()
    log = host.put("var/log/syslog")
    settings = host.settings(check__rules="builtin")
    assert (settings.check.rules, settings.check.sources, settings.check.level, settings.mail.to) == (
        "builtin",
        (log,),
        "server",
        (),
    )


def test_a_logcheck_that_may_not_be_read_is_told_to_the_reader_of_the_report(host, without_rights):
    host.logcheck()
    (host.root / "etc/logcheck").chmod(0)
    with without_rights():
        chosen = host.choose()
    assert chosen.settings.check.rules == "builtin"
    [notice] = chosen.notices
    assert (notice.kind, notice.source) == ("unreadable", f"{host.root}/etc/logcheck")


def test_an_empty_list_of_sources_in_vigilog_toml_says_the_same_as_none(host):
    log = host.put("var/log/syslog")
    host.put("etc/vigilog/vigilog.toml", "[check]\nsources = []\n")
    assert host.settings().check.sources == (log,)


def test_a_list_of_logs_without_an_entry_asks_for_no_log(host):
    host.put("var/log/syslog")
    host.logcheck()
    host.put("etc/logcheck/logcheck.logfiles", "# nothing\n")
    host.put("etc/logcheck/logcheck.logfiles.d/journal.logfiles", "")
    chosen = host.choose()
    assert chosen.settings.check.sources == ()
    assert ("check", "sources") in chosen.places


def test_where_logs_are_named_the_lists_are_not_read(host):
    host.logcheck()
    settings = host.settings(check__sources=("/mine",), list_file=f"{host.root}/none")
    assert settings.check.sources == ("/mine",)


def test_lists_named_in_logcheck_conf_are_used(host):
    host.logcheck(conf=f"LOGFILES_LIST={host.put('l', '/other')}\nLOGFILES_LIST_D={host.root}/none\n")
    assert host.settings().check.sources == ("/other",)


@pytest.mark.parametrize("option", ["config", "logcheck_conf", "list_file"])
def test_a_file_that_was_named_and_is_not_there_is_a_mistake(host, option):
    [error] = host.choose(**{option: f"{host.root}/none"}).errors
    assert str(error).startswith((f"{host.root}/none: cannot be read", f"{host.root}/none does not exist or could not be read"))


def test_mistakes_of_all_files_come_together(host):
    host.logcheck(conf="REPORTLEVEL=x\nid\n")
    host.put("etc/vigilog/vigilog.toml", "[check]\njobs = 0\n")
    places = [str(error.place).removeprefix(f"{host.root}/etc/") for error in host.choose().errors]
    assert sorted(places) == ["logcheck/logcheck.conf:1", "logcheck/logcheck.conf:2", "vigilog/vigilog.toml:2"]


def test_psionic_brings_its_own_order_date_and_no_introduction(host):
    settings = host.settings(check__rules="psionic", psionic__ignore="/i")
    assert (settings.check.order, settings.check.introduction, settings.check.date_format) == (
        "arrival",
        False,
        "%m/%d/%y:%H.%M",
    )


def test_a_logcheck_sh_makes_the_rules_psionic_and_vigilog_toml_does_not_win_over_it(host):
    host.put("etc/vigilog/vigilog.toml", '[mail]\nto = ["toml"]\n')
    script = host.put("logcheck.sh", "SYSADMIN=script\nIGNORE_FILE=/i\n$LOGTAIL /x > y\n")
    settings = host.settings(logcheck_sh=script)
    assert (settings.check.rules, settings.mail.to, settings.check.sources) == ("psionic", ("script",), ("/x",))


def test_a_psionic_set_up_in_vigilog_toml_can_change_its_order(host):
    host.put("etc/vigilog/vigilog.toml", '[check]\nrules = "psionic"\norder = "stamp"\n[psionic]\nhacking = "/h"\n')
    assert host.settings().check.order == "stamp"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[mail]\ntransport = "command"\n', "mail.transport is command and mail.command is empty; expected a program"),
        ('[mail]\nto = []\nsmtp_user = "u"\n', "mail.smtp_user has no password; expected mail.smtp_password_file"),
        (
            '[check]\nrules = "psionic"\n',
            "Psionic rules without pattern files report nothing; expected a pattern file; name them",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_a_mistake_with_a_place(host, text, message):
    file = host.put("etc/vigilog/vigilog.toml", text)
    [error] = host.choose().errors
    assert str(error).startswith(f"{file}:{text.count(chr(10))}: {message}")


def test_unknown_names_in_logcheck_conf_are_remarks_not_errors(host):
    host.logcheck(conf="FOO=1\n")
    chosen = host.choose()
    assert chosen.errors == ()
    assert [str(remark) for remark in chosen.remarks] == [
        f"{host.root}/etc/logcheck/logcheck.conf:1: FOO is not a setting that Vigilog knows; it has no effect"
    ]
