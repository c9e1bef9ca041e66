"""`vigilog check` says line for line what Debian's logcheck says: for every case, the real one and Vigilog are run on the same files."""

from __future__ import annotations

import os
import re
import stat
import time
from dataclasses import replace

import pytest
from tests.e2e.cases import CASES
from tests.e2e.harness import (
    LOGCHECK,
    Case,
    Outcome,
    arguments,
    check_command,
    lines,
    missing_facts,
    need_logcheck,
    observe,
    plant,
    play,
    real_logcheck,
    run,
    shell,
    surroundings,
    vigilog_check,
)
from tests.e2e.journal import FILES, need_journal, write_journal
from tests.e2e.mailbox import Mail, Part

pytestmark = pytest.mark.peer


@pytest.fixture(autouse=True, scope="module")
def _logcheck() -> None:
    need_logcheck()


def bare(mail: Mail) -> Mail:
    """A mail about an error without its text, which each tool writes in its own words; any other with a newline behind each text, which
    Vigilog adds where there is none and mime-construct replaces by base64 (see `test_differences`)."""
    if mail.subject.endswith("exiting due to errors"):
        return replace(mail, parts=())
    return replace(mail, parts=tuple(ended(part) for part in mail.parts))


def ended(part: Part) -> Part:
    """The part with its newline."""
    open_end = part.kind == "text/plain" and not part.body.endswith(b"\n")
    return replace(part, body=part.body + b"\n", encoding="7bit") if open_end else part


def differences(told: list[tuple[Outcome, ...]]) -> list[str]:
    """How Vigilog's outcomes differ from the real program's, run by run. Errors are told in Vigilog's own words, but where the real
    program tells one so does Vigilog, on standard error and by mail, and it names the same files."""
    found = []
    for number, (real, ours) in enumerate(told, start=1):
        pairs = {
            "status": (real.status, ours.status),
            "report": (real.report, ours.report),
            "mails": ([bare(mail) for mail in real.mails], [bare(mail) for mail in ours.mails]),
            "errors": (bool(real.errors), bool(ours.errors)),
        }
        names = [name for error in real.errors for name in re.findall(r"/tmp/[^\s']+", error)]
        texts = [ours.stderr, *(b"".join(part.body for part in mail.parts) for mail in ours.mails if not bare(mail).parts)]
        found += [
            f"run {number}: an error does not name {name}: {text!r}"
            for name in names
            for text in texts
            if name.encode() not in text
        ]
        found += [
            f"run {number}, {what}\nlogcheck: {expected!r}\nvigilog:  {got!r}\nvigilog's stderr: {ours.stderr.decode(errors='replace')}"
            for what, (expected, got) in pairs.items()
            if expected != got
        ]
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.fact for case in CASES])
def test_same_as_logcheck(case: Case) -> None:
    """The real logcheck does what the case says it does, and Vigilog does the same: report, mails, errors and exit status of each run."""
    with plant(case) as tree:
        told = play(tree, real_logcheck, vigilog_check)
        wrong = missing_facts(tree, told[0][0], told[-1][0])
        assert not wrong, "the real logcheck " + "; ".join(wrong)
        found = differences(told)
        assert not found, "\n".join(found)


def test_the_facts_are_all_different():
    """No fact is told twice, so that a failing case is found by its name."""
    facts = [case.fact for case in CASES]
    assert len(facts) == len(set(facts))


@pytest.mark.parametrize(("option", "status"), [("-h", 0), ("-v", 0), ("-x", 1), ("-?", 1)])
def test_options_that_only_print(option: str, status: int) -> None:
    """2.6 -h, -v and unknown options print on stdout, read nothing, and end with 0, 0 and 1."""
    with plant(Case(fact="", conf="REPORTLEVEL=strange\n", options=(option,))) as tree:
        for outcome in (real_logcheck(tree), vigilog_check(tree)):
            assert outcome.status == status, outcome
            assert outcome.report, outcome
            assert b"something" not in outcome.report
            assert (b"usage" in outcome.report.lower()) == (option != "-v")
        assert not list((tree.root / "state.vigilog").glob("offset*"))


def test_offsets_of_logcheck_are_taken_over():
    """After a run of the real logcheck, Vigilog with the same state directory reports what is new since then, and nothing else."""
    case = Case(
        fact="",
        logs={"syslog": lines("old"), "auth.log": lines("old too"), "rotated": lines("older"), "quiet": lines("not new")},
    )
    with plant(case) as tree:
        assert b"older" in real_logcheck(tree).report
        shell(
            tree,
            "cp -a state.peer/. state.vigilog/\n"
            'for log in syslog auth.log rotated; do echo "Nov 20 08:00:01 host new in $log" >> log/$log; done\n'
            "mv log/rotated log/rotated.1; echo 'Nov 20 08:00:02 host new file' > log/rotated",
        )
        real, ours = real_logcheck(tree), vigilog_check(tree)
        assert real.report.count(b"new in") == 3
        assert b"new file" in real.report
        assert b"old" not in real.report
        assert differences([(real, ours)]) == []
        again = vigilog_check(tree)
        assert (again.status, again.report) == (0, b"")


@pytest.mark.parametrize(
    ("content", "meaning"),
    [
        (b"", "empty: from the beginning"),
        (b"garbage\n", "garbage: from the beginning"),
        (b"{inode}\n", "the inode alone: from the beginning"),
        (b"{inode}\n7", "no final newline: from there"),
        (b"{inode}\n-5\n", "a negative offset: from the beginning"),
        (b"{inode}\n999999\n", "an offset beyond the end: the warning, and from the beginning"),
        (b" {inode} \n 7 \n", "blanks around the numbers"),
        (b"{inode}\r\n7\r\n", "carriage returns"),
        (b"{inode}abc\n7xyz\n", "letters behind the numbers"),
        (b"{inode}\n7.9\n", "a fraction"),
        (b"{inode}\n1e1\n", "an exponent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_offset_files_are_read_as_logtail_reads_them(content: bytes, meaning: str) -> None:
    """2.8: an existing offset file, whatever is in it, means the same to Vigilog as to logtail2 (whose Perl adds complaints of its own)."""
    with plant(Case(fact=meaning, logs={"syslog": "123456\n" + lines("something")})) as tree:
        log = tree.root / "log" / "syslog"
        for tool in ("peer", "vigilog"):
            kept = tree.root / f"state.{tool}" / ("offset" + str(log).replace("/", "."))
            kept.write_bytes(content.replace(b"{inode}", str(log.stat().st_ino).encode()))
            os.chown(kept, log.stat().st_uid, log.stat().st_gid)
        real, ours = real_logcheck(tree), vigilog_check(tree)
        assert b"something" in real.report or real.report == b""
        said = re.sub(rb'Argument ".*" isn\'t numeric .*\n', b"", real.report)
        assert differences([(replace(real, report=said), ours)]) == []


def test_state_is_for_its_owner_only():
    """2.7: the real logcheck's offset files are 0600, and so is everything that Vigilog leaves."""
    with plant(Case(fact="")) as tree:
        real_logcheck(tree)
        vigilog_check(tree)
        for tool in ("peer", "vigilog"):
            kept = [path for path in (tree.root / f"state.{tool}").rglob("*") if path.is_file()]
            assert kept
            assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in kept} == {"0o600"}


def test_temporary_files_are_taken_away():
    """2.7: both leave nothing in their temporary directory."""
    with plant(Case(fact="", conf="TMP={tree}/tmp\n", environment={"TMPDIR": "{tree}/tmp", "HOME": "{tree}/lock"})) as tree:
        real_logcheck(tree)
        assert list((tree.root / "tmp").iterdir()) == []
        vigilog_check(tree)
        assert list((tree.root / "tmp").iterdir()) == []


FIRST_TIME = b"This is the first time logcheck has checked the systemd journal."


def split_three(report: bytes) -> tuple[bytes, bytes]:
    """The three lines at the top of a report that say that the journal is read for the first time, in each tool's words; and the rest."""
    lines = report.splitlines(keepends=True)
    return b"".join(lines[:3]), b"".join(lines[3:])


def test_journal_is_read_since_last_time():
    """2.2: the word journal in a list stands for journalctl; the first time, its last five hours and a word about that; then what is new."""
    need_journal()
    case = Case(
        fact="",
        rules={"header.txt": "the header\n", "ignore.d.server/i": "routine\n"},
        logs={"syslog": lines("in syslog")},
        lists="{tree}/log/syslog\njournal\n",
        files=FILES,
    )
    with plant(case) as tree:
        now = time.time()
        write_journal(tree, "older", now - 6 * 3600, "too old")
        write_journal(tree, "old", now - 3600, "recent", "routine", "also recent")
        real, ours = real_logcheck(tree), vigilog_check(tree)
        assert real.report.startswith(FIRST_TIME)
        assert b"host daemon[77]: recent\n" in real.report
        assert b"too old" not in real.report
        assert b"routine" not in real.report
        said, report = split_three(ours.report)
        assert (b"journal" in said, b"five hours" in said) == (True, True)
        assert differences([(replace(real, report=split_three(real.report)[1]), replace(ours, report=report))]) == []
        write_journal(tree, "new", time.time() + 2, "brand new")
        real, ours = real_logcheck(tree), vigilog_check(tree)
        assert b"daemon[77]: brand new\n" in real.report
        assert b"recent" not in real.report
        assert FIRST_TIME not in real.report
        assert differences([(real, ours)]) == []


def test_root_is_refused_by_logcheck_and_not_by_vigilog():
    """2.6: the real logcheck does not run as root; Vigilog does, and its report is the one it gives to user logcheck."""
    if os.getuid() != 0:
        pytest.skip("only root can try what happens to root")
    with plant(Case(fact="")) as tree:
        as_root = replace(tree, user=None)
        refused = observe(as_root, "peer", [LOGCHECK, *arguments(tree, "peer", "conf.peer")])
        assert refused.status == 1
        assert b"should not be run as root" in refused.report
        done = run(as_root, check_command(tree, *arguments(tree, "vigilog", "conf")), surroundings(tree, "vigilog"))
        assert done.returncode == 0, done.stderr
        assert done.stdout == real_logcheck(tree).report
