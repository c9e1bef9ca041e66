"""Where Vigilog differs from its ancestors on purpose. Each test states what the ancestor does, by running it, and what Vigilog does.

`docs/differences.md` is the same list for readers; a test here holds the two together.
"""

from __future__ import annotations

import ast
import gzip
import os
import re
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import absent
from tests.e2e.harness import (
    LOGCHECK,
    Case,
    Outcome,
    Tree,
    arguments,
    check_command,
    identity,
    lines,
    need_logcheck,
    observe,
    plant,
    real_logcheck,
    run,
    shell,
    surroundings,
    vigilog_check,
)
from tests.e2e.journal import FILES, need_journal, write_journal
from tests.e2e.mailbox import CATCHER, take_mails
from tests.e2e.psionic import EXACT, LOGS, TITLES, WORDS, account, psionic, settings, vigilog_psionic

pytestmark = pytest.mark.peer

SOMETHING = "Nov 20 08:00:00 host something\n"
LATER = "Nov 20 08:00:01 host afterwards\n"
WARNINGS = "Logcheck Warnings"
"""The title under which Vigilog tells what it has to say of its own work; logcheck has the section, and never uses it."""
EVENTS = b"System Events\n=-=-=-=-=-=-=\n"


@pytest.fixture(autouse=True, scope="module")
def _logcheck() -> None:
    need_logcheck()


def both(tree: Tree, script: str = "") -> tuple[Outcome, Outcome]:
    """Run a script, then the real logcheck, then Vigilog."""
    shell(tree, script)
    return real_logcheck(tree), vigilog_check(tree)


def body(outcome: Outcome) -> bytes:
    """The text of the only mail."""
    (mail,) = outcome.mails
    return b"".join(part.body for part in mail.parts)


BAD_RULES = {
    "ignore.d.server/bad": "routine\n(broken\n",
    "violations.d/bad": "violation\n[[:nothing:]]\n",
    "cracking.d/bad": "attack\nba[ck\n",
    "violations.ignore.d/bad": "known\n\\1\n",
}


@pytest.mark.parametrize("bad", ["ignore.d.server/bad", "violations.d/bad", "cracking.d/bad"])
def test_a_bad_rule_is_named_and_skipped(bad: str) -> None:
    """logcheck: one invalid rule and the events are silently empty, status 0. Vigilog: everything is reported by the
    other rules, and the report names the bad one's file and line."""
    with plant(
        Case(fact="", rules={bad: BAD_RULES[bad]}, logs={"syslog": lines("something", "routine", "violation", "attack")})
    ) as tree:
        real, ours = both(tree)
        assert (real.status, EVENTS in real.report, b"something" in real.report) == (0, False, False)
        assert (ours.status, b"something" in ours.report) == (0, True)
        assert f"{tree.root}/rules/{bad}:2".encode() in ours.report
        assert (b"violation" in ours.report, b"attack" in ours.report) == (True, True)
        assert (b"host routine" in ours.report) == (not bad.startswith("ignore"))
        if bad.startswith("violations"):
            assert b"Security Events for bad\n=-=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host violation\n" in ours.report
        if bad.startswith("cracking"):
            assert b"Security Alerts for bad\n=-=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host attack\n" in ours.report


def test_a_bad_exception_is_named_and_skipped() -> None:
    """logcheck: an invalid rule in violations.ignore.d and the file's security events are nowhere. Vigilog: they are reported by the
    exceptions that are valid, and the report names the bad one."""
    rules = {"violations.d/bad": "violation\n", "violations.ignore.d/bad": BAD_RULES["violations.ignore.d/bad"]}
    with plant(Case(fact="", rules=rules, logs={"syslog": lines("violation", "known violation")})) as tree:
        real, ours = both(tree)
        assert real.report == b""
        assert b"Security Events for bad\n=-=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host violation\n\n" in ours.report
        assert b"known violation" not in ours.report
        assert f"{tree.root}/rules/violations.ignore.d/bad:2".encode() in ours.report


@pytest.mark.parametrize("missing", ["cracking.d", "violations.d"])
def test_a_missing_directory_loses_nothing(missing: str) -> None:
    """logcheck: without cracking.d or violations.d it stops with status 1 after it has moved the offsets, so the lines are
    lost. Vigilog: they are reported."""
    with plant(Case(fact="")) as tree:
        real, ours = both(tree, f"rmdir rules/{missing}")
        assert (real.status, real.report) == (1, b"")
        assert real.errors[0].startswith("cleanchecked: Not a file or a directory")
        assert ours.report == EVENTS + SOMETHING.encode() + b"\n"
        later, ours_later = both(tree, f"mkdir rules/{missing}; printf '{LATER}' >> log/syslog")
        assert SOMETHING.encode() not in later.report
        assert ours_later.report == EVENTS + LATER.encode() + b"\n"


def test_a_missing_directory_of_exceptions_excepts_nothing() -> None:
    """logcheck: SUPPORT_CRACKING_IGNORE=1 without cracking.ignore.d and attacks are reported nowhere. Vigilog: they are alerts."""
    case = Case(
        fact="",
        conf="SUPPORT_CRACKING_IGNORE=1\n",
        rules={"cracking.d/c": "attack\n"},
        logs={"syslog": lines("attack", "something")},
    )
    with plant(case) as tree:
        real, ours = both(tree)
        assert real.report == EVENTS + SOMETHING.encode() + b"\n"
        assert b"Security Alerts for c\n=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host attack\n\n" in ours.report


def test_a_missing_log_is_always_reported() -> None:
    """logcheck: with another log readable and nothing unusual in it, a missing log is not mentioned. Vigilog: it is."""
    case = Case(fact="", rules={"ignore.d.server/i": "something\n"}, logs={"syslog": SOMETHING, "missing": None})
    with plant(case) as tree:
        real, ours = both(tree)
        assert (real.status, real.report) == (0, b"")
        assert f"{tree.root}/log/missing".encode() in ours.report
        assert b"something" not in ours.report


def test_a_missing_log_is_mailed_as_well() -> None:
    """logcheck: with nothing else to say, no mail for a missing log. Vigilog: a mail."""
    case = Case(fact="", rules={"ignore.d.server/i": "something\n"}, logs={"syslog": SOMETHING, "missing": None}, mail=True)
    with plant(case) as tree:
        real, ours = both(tree)
        assert real.mails == ()
        assert f"{tree.root}/log/missing".encode() in body(ours)


def test_an_unreadable_log_costs_no_lines_of_the_others() -> None:
    """logcheck: a log it may not read stops the run after the offsets of earlier logs have moved, so their new lines are lost.
    Vigilog: they are in this run's report or in the next one's."""
    case = Case(fact="", logs={"a": SOMETHING, "secret": lines("secret")})
    with plant(case) as tree:
        real, ours = both(tree, "chmod 000 log/secret")
        assert (real.status, real.report) == (1, b"")
        later, ours_later = both(tree, "chmod 600 log/secret")
        assert b"something" not in later.report
        assert (ours.report + ours_later.report).count(b"something") == 1
        assert (ours.report + ours_later.report).count(b"host secret") == 1


SLOW_MAIL = CATCHER.replace("#!/bin/sh\n", "#!/bin/sh\nmkdir {tree}/started && while [ ! -e {tree}/go ]; do sleep 0.1; done\n")
"""A sendmail that takes its time with the first mail."""


def test_the_lock_works() -> None:
    """logcheck: while one runs, a second waits five seconds, then runs all the same. Vigilog: it says so at once and ends with 1."""
    case = Case(fact="", files={"bin/sendmail": SLOW_MAIL}, mail=True, options=("-m", "root"))
    with plant(case) as tree:
        commands = {
            "peer": [LOGCHECK, *arguments(tree, "peer", "conf.peer")],
            "vigilog": check_command(tree, *arguments(tree, "vigilog", "conf")),
        }
        seconds = {}
        outcomes = {}
        for tool, command in commands.items():
            around = surroundings(tree, tool)
            first = subprocess.Popen(command, cwd=tree.root, env=around, stdin=subprocess.DEVNULL, **identity(tree.user))
            try:
                deadline = time.monotonic() + 20
                while not (tree.root / "started").exists() and time.monotonic() < deadline and first.poll() is None:
                    time.sleep(0.05)
                assert (tree.root / "started").exists(), "the first run did not get to its mail"
                shell(tree, f"printf '{LATER}' >> log/syslog")
                begun = time.monotonic()
                outcomes[tool] = observe(tree, tool, command)
                seconds[tool] = time.monotonic() - begun
            finally:
                (tree.root / "go").touch()
                first.wait(timeout=20)
                (tree.root / "go").unlink()
                shutil.rmtree(tree.root / "started", ignore_errors=True)
                take_mails(tree.root / f"mail.{tool}")
        assert outcomes["peer"].status == 0
        assert b"afterwards" in body(outcomes["peer"])
        assert seconds["peer"] > 4
        assert outcomes["vigilog"].status == 1
        assert outcomes["vigilog"].mails == ()
        assert b"running" in outcomes["vigilog"].stderr
        assert seconds["vigilog"] < 3
        (tree.root / "started").mkdir()
        assert b"afterwards" in body(vigilog_check(tree))


def test_a_partial_last_line_is_held_back() -> None:
    """logcheck: a last line without its newline is reported as it is, and its rest as a line of its own. Vigilog: once, when complete."""
    with plant(Case(fact="", logs={"syslog": SOMETHING + "Nov 20 08:00:01 host half"})) as tree:
        real, ours = both(tree)
        assert b"host half\n" in real.report
        assert ours.report == EVENTS + SOMETHING.encode() + b"\n"
        real, ours = both(tree, "printf ' and half\\n' >> log/syslog")
        assert real.report == EVENTS + b" and half\n\n"
        assert ours.report == EVENTS + b"Nov 20 08:00:01 host half and half\n\n"


def test_partial_lines_are_read_at_once_if_wanted() -> None:
    """With --partial-lines Vigilog does what logcheck does with a last line that has no newline yet."""
    with plant(Case(fact="", logs={"syslog": SOMETHING + "Nov 20 08:00:01 host half"})) as tree:
        wanted = replace(tree, case=replace(tree.case, options=("--partial-lines",)))
        for script in ("", "printf ' and half\\n' >> log/syslog"):
            shell(tree, script)
            assert vigilog_check(wanted).report == real_logcheck(tree).report


GERMAN = "de_DE.UTF-8"


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a German locale in it, which sorts a before B and knows letters beyond ASCII."""
    folder = tmp_path_factory.mktemp("locale")
    done = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / GERMAN)], capture_output=True, check=False)
    if not (folder / GERMAN).is_dir():
        absent(f"no German locale could be made, apt-get install locales: {done.stderr.decode()}")
    return folder


def in_german(folder: Path, tree: Tree) -> Tree:
    """The tree with the German locale in it and around the tools."""
    shell_copy = tree.root / "locale"
    subprocess.run(["cp", "-r", str(folder), str(shell_copy)], check=True)
    subprocess.run(["chmod", "-R", "a+rX", str(shell_copy)], check=True)
    return replace(tree, case=replace(tree.case, environment={"LC_ALL": GERMAN, "LOCPATH": "{tree}/locale"}))


def test_lines_are_sorted_as_in_the_c_locale(german: Path) -> None:
    """logcheck: the order of lines is that of the locale it happens to run in. Vigilog: always that of the C locale, as cron has it."""
    with plant(Case(fact="", logs={"syslog": "b b b\nA A A\na a a\nB B B\n"})) as tree:
        real, ours = both(in_german(german, tree))
        assert real.report == EVENTS + b"a a a\nA A A\nb b b\nB B B\n\n"
        assert ours.report == EVENTS + b"A A A\nB B B\na a a\nb b b\n\n"


def test_rules_match_bytes_as_in_the_c_locale(german: Path) -> None:
    """logcheck: in a UTF-8 locale `.` is a whole character and does not match a damaged one, so that a rule misses the line;
    [[:alpha:]] matches letters beyond ASCII. Vigilog: always bytes, as in the C locale."""
    rules = {"ignore.d.server/i": "^any .*$\n^one L[[:alpha:]]$\n^two .$\n"}
    logs = {"syslog": b"any \xff\none L\xc3\xa9\ntwo \xc3\xa9\n"}
    with plant(Case(fact="", rules=rules, logs=logs)) as tree:
        real, ours = both(in_german(german, tree))
        assert real.report == EVENTS + b"any \xff\n\n"
        assert ours.report == EVENTS + b"one L\xc3\xa9\ntwo \xc3\xa9\n\n"


ROTATIONS = {
    "rotated twice": "mv log/syslog log/syslog.2; printf 'Nov 20 08:00:02 host between\\n' > log/syslog.1",
    "rotated and compressed": "gzip log/syslog; mv log/syslog.gz log/syslog.1.gz",
    "savelog without .1.gz": "mv log/syslog log/syslog.0",
    "a dated file that is not the last by name": "mv log/syslog log/syslog-20261119; printf 'old\\n' > log/syslog-20261120; touch -d 2020-01-01 log/syslog-20261120",
}


@pytest.mark.parametrize("kind", ROTATIONS)
def test_the_rest_of_a_rotated_log_is_read(kind: str) -> None:
    """logcheck: of a log that was rotated in one of these ways, what was written since the last run is lost. Vigilog: it is reported."""
    with plant(Case(fact="")) as tree:
        both(tree)
        real, ours = both(
            tree, f"printf '{LATER}' >> log/syslog; {ROTATIONS[kind]}; printf 'Nov 20 08:00:03 host new\\n' > log/syslog"
        )
        assert b"host new" in real.report
        assert b"afterwards" not in real.report
        assert ours.report.count(b"host new") == 1
        assert ours.report.count(b"afterwards") == 1
        assert b"something" not in ours.report


def test_a_log_copied_and_truncated_is_read_from_its_beginning() -> None:
    """logcheck: a log that was copied away, emptied and has grown beyond its old size is read from the middle of a line. Vigilog: all of it."""
    with plant(Case(fact="")) as tree:
        both(tree)
        new = "".join(f"Nov 20 08:00:0{number} host new {number}\n" for number in range(1, 6))
        real, ours = both(tree, f"cp log/syslog log/syslog.1; : > log/syslog; printf '{new}' >> log/syslog")
        assert b"host new 5\n" in real.report
        assert b"host new 1\n" not in real.report
        assert ours.report == EVENTS + new.encode() + b"\n"


@pytest.mark.parametrize(
    "script",
    ["printf '{later}' > log/new; mv log/new log/syslog", "mv log/syslog elsewhere; printf '{later}' > log/syslog"],
    ids=["replaced", "moved"],
)
def test_what_may_be_lost_is_said(script: str) -> None:
    """logcheck: when a log is another file and the former one is nowhere, what was appended to that one is silently lost. Vigilog: the
    report says so."""
    with plant(Case(fact="")) as tree:
        both(tree)
        real, ours = both(tree, script.replace("{later}", LATER))
        assert real.report == EVENTS + LATER.encode() + b"\n"
        assert ours.report.startswith(real.report + WARNINGS.encode() + b"\n")
        assert b"lost" in ours.report.removeprefix(real.report)
        assert f"{tree.root}/log/syslog".encode() in ours.report


def test_texts_in_mail_end_with_a_newline() -> None:
    """logcheck: a report that ends without a newline (its footer does), and the words `Report attached`, are mailed as base64.
    Vigilog: with a newline behind them, as they are."""
    for conf in ("", "MAILASATTACH=1\n"):
        with plant(Case(fact="", rules={"footer.txt": "the footer"}, conf=conf, mail=True)) as tree:
            real, ours = both(tree)
            assert {part.encoding for part in real.mails[0].parts} == {"base64"}
            assert {part.encoding for part in ours.mails[0].parts} == {"7bit"}
            for theirs, own in zip(real.mails[0].parts, ours.mails[0].parts, strict=True):
                assert own.body == theirs.body + b"\n"


def test_u_folds_lines() -> None:
    """logcheck: -u runs syslog-summary, which Debian 12 has no more, and so does nothing. Vigilog: folds lines that are alike, itself."""
    with plant(
        Case(fact="", logs={"syslog": lines("sshd[1]: from 10.0.0.1", "sshd[22]: from 10.0.0.2", "other")}, options=("-u",))
    ) as tree:
        real, ours = both(tree)
        assert real.report.count(b"sshd") == 2
        assert ours.report.count(b"sshd") == 1
        assert re.search(rb"^ +2 .*sshd", ours.report, re.MULTILINE)
        assert b"other" in ours.report


def test_an_entry_of_the_journal_is_one_line() -> None:
    """logcheck: an entry with newlines in it is several lines, so that its text can look like any other line. Vigilog: one, with #012."""
    need_journal()
    with plant(Case(fact="", lists="journal\n", files=FILES)) as tree:
        write_journal(tree, "one", time.time() - 60, "first\nNov 20 08:00:00 host sshd[1]: forged")
        real, ours = both(tree)
        assert re.search(rb"^ +Nov 20 08:00:00 host sshd.1.: forged$", real.report, re.MULTILINE)
        assert b"daemon[77]: first#012Nov 20 08:00:00 host sshd[1]: forged\n" in ours.report


def test_control_characters_are_made_visible_in_mail() -> None:
    """logcheck: escape sequences of a log go into the mail as they are. Vigilog: they are made visible there, and every printable byte stays."""
    with plant(Case(fact="", logs={"syslog": b"Nov 20 08:00:00 host \x1b[2J\x07caf\xc3\xa9\n"}, mail=True)) as tree:
        real, ours = both(tree)
        assert b"\x1b[2J\x07caf\xc3\xa9" in body(real)
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", body(ours))
        assert b"[2J" in body(ours)
        assert b"caf\xc3\xa9" in body(ours)


def test_root_is_not_refused() -> None:
    """logcheck: refuses to run as root. Vigilog: runs, with its rights lowered where it can."""
    if os.getuid() != 0:
        pytest.skip("only root can try what happens to root")
    with plant(Case(fact="")) as tree:
        as_root = replace(tree, user=None)
        refused = observe(as_root, "peer", [LOGCHECK, *arguments(tree, "peer", "conf.peer")])
        assert refused.status == 1
        assert b"should not be run as root" in refused.report
        done = run(as_root, check_command(tree, *arguments(tree, "vigilog", "conf")), surroundings(tree, "vigilog"))
        assert (done.returncode, done.stdout) == (0, EVENTS + SOMETHING.encode() + b"\n"), done.stderr


def test_settings_that_would_have_to_be_run_are_refused() -> None:
    """logcheck: runs every command in logcheck.conf. Vigilog: runs none, and says where it stands."""
    with plant(Case(fact="", conf="REPORTLEVEL=server\nEVENTSSUBJECT=$(touch {tree}/tmp/ran; echo Found)\n")) as tree:
        real = real_logcheck(tree)
        assert real.report.startswith(b"Found\n")
        assert (tree.root / "tmp/ran").exists()
        (tree.root / "tmp/ran").unlink()
        ours = vigilog_check(tree)
        assert not (tree.root / "tmp/ran").exists()
        assert ours.status != 0
        assert f"{tree.root}/conf:2".encode() in ours.stderr


DEFAULT = {
    "1.3 IGNORE with a blank line: no unusual events": {TITLES[2]: "attack violation harmless something"},
    "1.3 VIOLATIONS_IGNORE with a blank line: no violations": {TITLES[1]: "violation"},
    "1.3 HACKING with a blank line: every line is an attack": {TITLES[0]: "attack"},
    "1.3 VIOLATIONS with a blank line: every line is a violation": {TITLES[1]: ""},
    "1.3 VIOLATIONS_IGNORE missing: no violations": {TITLES[1]: "violation harmless"},
    "1.3 an invalid pattern in HACKING: no attacks": {TITLES[0]: "attack"},
    "1.3 an invalid pattern in VIOLATIONS: no violations": {TITLES[1]: "violation"},
    "1.3 an invalid pattern in VIOLATIONS_IGNORE: no violations": {TITLES[1]: "violation"},
    "1.3 an invalid pattern in IGNORE: no unusual events": {TITLES[2]: "attack violation harmless something"},
}
"""For each trap of the old pattern files: the section it spoils, and the words of the lines that Vigilog reports there."""


def sections(report: bytes) -> dict[str, str]:
    """The lines of each of the old logcheck's sections, by title."""
    pieces = re.split(r"(?:^|(?<=\n))\n(" + "|".join([*TITLES, WARNINGS]) + r")\n[=-]+\n", report.decode())
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


@pytest.mark.parametrize("case", EXACT, ids=[case.fact for case in EXACT])
def test_traps_of_the_old_pattern_files(case: Case) -> None:
    """logcheck 1.1: a blank line in a pattern file matches every line, and an invalid or missing one empties its section. Vigilog: a blank
    line matches nothing, an invalid one is named and skipped, a missing file excludes nothing; unless --exact-grep is given."""
    with plant(case) as tree:
        settings(tree)
        old, ours = account(tree), vigilog_psionic(tree)
        ((title, words),) = DEFAULT[case.fact].items()
        wanted = lines(*("harmless violation" if word == "harmless" else word for word in words.split()))
        assert sections(body(old)).get(title, "") != wanted
        assert sections(body(ours)).get(title, "") == wanted
        for word in ("blank", "invalid"):
            if word in case.fact:
                line = 1 if case.fact.startswith(("1.3 VIOLATIONS with", "1.3 VIOLATIONS_IGNORE with")) else 2
                named = re.search(rf"logcheck\.[a-z.]+:{line}\b".encode(), body(ours) + ours.stderr)
                assert named, (body(ours), ours.stderr)


@pytest.mark.parametrize(
    "given", [{}, {"hacking": None, "violations": None, "violations_ignore": None}], ids=["one", "all four"]
)
def test_a_missing_ignore_file_of_the_old_logcheck_is_named(given: dict[str, None]) -> None:
    """logcheck 1.1: without IGNORE there are no unusual events, and it says nothing about that. Vigilog: none either, and it names the file."""
    with plant(psionic("", ignore=None, log=WORDS, **given)) as tree:
        settings(tree)
        old, ours = account(tree), vigilog_psionic(tree)
        told = sections(body(ours))
        assert str(tree.root / "etc" / "logcheck.ignore") in told.pop(WARNINGS)
        assert told == (sections(body(old)) if old.mails else {})
        assert TITLES[2] not in told


def test_a_missing_log_of_the_old_logcheck_is_told_apart() -> None:
    """logcheck 1.1: `File X cannot be read.` is a line among the unusual events, which a pattern may hide. Vigilog: it is told apart."""
    with plant(psionic("", ignore="cannot be read\n", log=lines("something"), logs={"mail.log": None})) as tree:
        settings(tree)
        old, ours = account(tree), vigilog_psionic(tree)
        assert b"mail.log" not in body(old)
        assert sections(body(ours)) == {
            **sections(body(old)),
            WARNINGS: f"E: File could not be read: {tree.root}/log/mail.log\n",
        }


def test_nothing_but_missing_logs_is_an_error_for_the_old_logcheck_too() -> None:
    """logcheck 1.1: with all logs missing it mails a report of unusual events, status 0. Vigilog: a mail that says so, status 1."""
    with plant(psionic("", logs=dict.fromkeys(LOGS))) as tree:
        settings(tree)
        old, ours = account(tree), vigilog_psionic(tree)
        assert old.status == 0
        assert body(old).count(b"cannot be read.") == len(LOGS)
        assert ours.status == 1
        for log in LOGS:
            assert f"{tree.root}/log/{log}".encode() in body(ours)


def test_nul_does_not_end_a_line() -> None:
    """logtail 1.11: of a line with a NUL only what stands before it is seen, so that the rest can be hidden. Vigilog: the whole line."""
    with plant(psionic("", log=b"Nov 20 08:00:00 host before\0attack\nNov 20 08:00:01 host next\n")) as tree:
        settings(tree)
        old, ours = account(tree), vigilog_psionic(tree)
        assert old.mails[0].subject.startswith("Systems Check")
        assert b"attack" not in body(old)
        assert ours.mails[0].subject.endswith("ACTIVE SYSTEM ATTACK!")
        assert b"attack" in body(ours)


def test_the_rest_of_a_log_rotated_away_is_read_for_the_old_logcheck_too() -> None:
    """logtail 1.11: nothing of a rotated log is read. Vigilog: what was not read before."""
    with plant(psionic("", log=SOMETHING)) as tree:
        settings(tree)
        account(tree)
        vigilog_psionic(tree)
        shell(
            tree,
            f"printf '{LATER}' >> log/syslog; mv log/syslog log/syslog.1; printf 'Nov 20 08:00:03 host new\\n' > log/syslog",
        )
        old, ours = account(tree), vigilog_psionic(tree)
        assert b"afterwards" not in body(old)
        assert body(ours).count(b"afterwards") == 1
        assert body(ours).count(b"host new") == 1
        assert b"something" not in body(ours)


def test_gzip_is_what_compressed_the_log_above() -> None:
    """The rotation case above makes a real gzip file: what it holds can be read back."""
    with plant(Case(fact="")) as tree:
        shell(tree, ROTATIONS["rotated and compressed"])
        assert gzip.decompress((tree.root / "log/syslog.1.gz").read_bytes()) == SOMETHING.encode()


def told_here() -> set[str]:
    """The tests of this file that tell a difference: what an ancestor does, and what Vigilog does."""
    texts = {
        node.name: ast.get_docstring(node) or ""
        for node in ast.parse(Path(__file__).read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    return {name for name, text in texts.items() if re.match(r"logcheck|logtail", text) and "Vigilog" in text}


def test_the_list_for_readers_names_these_tests() -> None:
    """docs/differences.md: each row names a test of these, and each test that tells a difference is named there."""
    folder = Path(__file__).parent
    page = (folder.parent.parent / "docs" / "differences.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| What", "|---"))]
    named = {name for row in rows for name in re.findall(r"`(test_\w+)`", row)}
    assert all("`test_" in row for row in rows)
    assert named >= told_here()
    assert all(f"def {name}(" in "".join(path.read_text() for path in folder.glob("test_*.py")) for name in named)
