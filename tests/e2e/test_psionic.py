"""`vigilog check --psionic` mails what the logcheck of 1997 mails, for each row of the sheet's 1.2 and 1.3."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.harness import Case, Outcome, Tree, check_command, lines, observe, plant, play, shell
from tests.e2e.psionic import (
    CASES,
    EXACT,
    LOGS,
    TOLD_MORE,
    WORDS,
    account,
    psionic,
    relocated,
    revived,
    run_script,
    settings,
    vigilog_psionic,
)

from vigilog.config import logcheck_sh

pytestmark = pytest.mark.peer

ALL = (*CASES, *EXACT, *TOLD_MORE)


@pytest.fixture(scope="session")
def page(seeds: Path) -> str:
    """The page that holds the old script."""
    return next(text for path in sorted(seeds.glob("003*.txt")) if "# Clean Up" in (text := path.read_text()))


def told(outcomes: list[tuple[Outcome, ...]]) -> list[list[Outcome]]:
    """For each tool its outcomes, run by run."""
    return [list(runs) for runs in zip(*outcomes, strict=True)]


@pytest.mark.parametrize("case", ALL, ids=[case.fact for case in ALL])
def test_the_account_is_the_script(case: Case, page: str) -> None:
    """The account of the old script in `psionic.py`, which the other tests go by, mails what the seed's own script mails."""
    with plant(case) as tree:
        revived(tree, page)
        script, ours = told(play(tree, run_script, account))
        assert script == ours
        assert any(outcome.mails for outcome in script) or case.fact.endswith(": no mail")


@pytest.mark.parametrize("case", CASES, ids=[case.fact for case in CASES])
def test_same_mails_as_psionic(case: Case) -> None:
    """Vigilog, told by the settings of a logcheck.sh, mails what the old script mails."""
    with plant(case) as tree:
        settings(tree)
        expected, got = told(play(tree, account, vigilog_psionic))
        assert got == expected, got[0].stderr.decode()


@pytest.mark.parametrize("case", EXACT, ids=[case.fact for case in EXACT])
def test_same_mails_as_psionic_with_exact_grep(case: Case) -> None:
    """With --exact-grep a blank or invalid line in a pattern file means what it means to grep."""
    with plant(replace(case, options=("--exact-grep",))) as tree:
        settings(tree)
        expected, got = told(play(tree, account, vigilog_psionic))
        assert got == expected, got[0].stderr.decode()


def test_the_script_of_the_page_can_be_named_as_it_is(page: str) -> None:
    """--psionic takes the very script that ran until now: its settings, its list of logs for this system, its mail program."""
    with plant(psionic("", log=WORDS, logs={"auth.log": lines("ATTACK")})) as tree:
        revived(tree, page)
        ours, script = told(play(tree, vigilog_psionic, run_script))
        assert b"ATTACK" in script[0].mails[0].parts[0].body
        assert ours == script, ours[0].stderr.decode()


def test_the_script_as_the_page_has_it_can_be_named_too(page: str) -> None:
    """--psionic takes the script as it stands on the page, with its typeset quotes and without its back-quotes."""
    with plant(psionic("", log=WORDS)) as tree:
        (tree.root / "logcheck.sh").write_text(relocated(tree, page))
        expected, got = told(play(tree, account, vigilog_psionic))
        assert got == expected, got[0].stderr.decode()


def test_the_subject_of_the_stock_script(page: str) -> None:
    """1.2: where the script says `HOST DATE system check`, so does Vigilog's mail."""
    with plant(psionic("", log=lines("something"))) as tree:
        revived(tree, page)
        path = tree.root / "logcheck.sh"
        path.write_text(path.read_text().replace("Systems Check: $HOSTNAME $DATE", "$HOSTNAME $DATE system check"))
        ours, script = told(play(tree, vigilog_psionic, run_script))
        assert script[0].mails[0].subject.endswith(" DATE system check")
        assert ours == script, ours[0].stderr.decode()


def test_offsets_of_the_old_logtail_are_taken_over(page: str) -> None:
    """After a run of the old script, Vigilog mails what is new since then, and nothing else."""
    with plant(psionic("", log=WORDS)) as tree:
        revived(tree, page)
        assert run_script(tree).mails
        shell(tree, "echo 'Nov 20 08:00:01 host a new violation' >> log/syslog")
        ours, script = vigilog_psionic(tree), run_script(tree)
        assert script.mails[0].parts[0].body.count(b"\nNov 20") == 2
        assert ours == script, ours.stderr.decode()


def test_the_report_alone() -> None:
    """-o prints what would be the body of the mail, and mails nothing."""
    with plant(psionic("", log=WORDS)) as tree:
        settings(tree)
        mailed = account(tree).mails[0]
        printed = vigilog_psionic(replace(tree, case=replace(tree.case, options=("-o",))))
        assert (printed.status, printed.mails) == (0, ())
        assert printed.report == mailed.parts[0].body


def test_the_four_files_and_the_logs_named_by_options() -> None:
    """--hacking, --violations, --violations-ignore and --ignore name the four files, and positional arguments the logs, in order."""
    with plant(psionic("", log=WORDS, logs={"auth.log": lines("Attack later")})) as tree:
        etc = tree.root / "etc"
        files = ["--hacking", f"{etc}/logcheck.hacking", "--violations", f"{etc}/logcheck.violations"]
        files += ["--violations-ignore", f"{etc}/logcheck.violations.ignore", "--ignore", f"{etc}/logcheck.ignore"]
        words = ["-o", "-S", str(tree.root / "state.vigilog"), *files, *(str(tree.root / "log" / log) for log in LOGS)]
        got = observe(tree, "vigilog", check_command(tree, "--psionic", *words))
        assert got.status == 0, got.stderr.decode()
        assert got.report == account(tree).mails[0].parts[0].body


SPOOF = "Log files exist in {tree}/tmp directory that cannot be removed. This\nmay be an attempt to spoof the log checker.\n"


def spoofed(tree: Tree, tool: str, command: list[str]) -> Outcome:
    """Run `command` with a file in its temporary directory that has the name it will want, and that it cannot remove."""
    trap = 'touch "tmp/check.$$"; chmod 500 tmp; exec "$@"'
    try:
        return observe(tree, tool, ["/bin/sh", "-c", trap, "sh", *command])
    finally:
        shell(tree, "chmod 700 tmp; rm -f tmp/*")


def test_files_in_the_way_are_an_attack(page: str) -> None:
    """1.2: a temporary file of the script's that is there already and cannot be removed: a mail that says so, and status 1."""
    with plant(psionic("", log=WORDS)) as tree:
        revived(tree, page)
        script = spoofed(tree, "peer", ["/bin/sh", str(tree.root / "logcheck.sh")])
        words = ["--psionic", str(tree.root / "logcheck.sh"), "-S", str(tree.root / "state.vigilog")]
        ours = spoofed(tree, "vigilog", check_command(tree, *words))
        assert script.status == 1
        assert script.mails[0].subject.endswith(" DATE ACTIVE SYSTEM ATTACK!")
        assert script.mails[0].parts[0].body == tree.fill(SPOOF).encode()
        assert (ours.status, ours.mails) == (script.status, script.mails), ours.stderr.decode()


def test_nothing_is_left_in_the_temporary_directory(page: str) -> None:
    """1.2: the script removes its three files, and Vigilog leaves none there either."""
    with plant(psionic("", log=WORDS)) as tree:
        revived(tree, page)
        for tool in (run_script, vigilog_psionic):
            assert tool(tree).status == 0
            assert list((tree.root / "tmp").iterdir()) == []


UNAME = "#!/bin/sh\necho $SYSTEM\n"
SYSTEMS = {
    "Linux": LOGS,
    "SunOS": ("log/syslog", "adm/messages", "log/auth.log", "log/maillog"),
    "FreeBSD": ("log/messages", "log/auth.log"),
    "Plan9": (),
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_logs_of_each_system(system: str, page: str) -> None:
    """1.2: the script reads the logs of the system it is on, in the order of its list, and none elsewhere; Vigilog finds the same list."""
    names = [name if "/" in name else f"log/{name}" for name in SYSTEMS[system]]
    case = psionic("", ignore="", environment={"SYSTEM": system})
    with plant(case) as tree:
        every = {name if "/" in name else f"log/{name}" for listed in SYSTEMS.values() for name in listed}
        for name in every:
            (tree.root / name).write_text(f"line of {name}\n")
        (tree.root / "bin" / "uname").write_text(UNAME)
        (tree.root / "bin" / "uname").chmod(0o755)
        revived(tree, page)
        shell(tree, "rm -f log/*.offset")
        mails = run_script(tree).mails
        read = [line for line in mails[0].parts[0].body.decode().split("\n") if line.startswith("line of ")] if mails else []
        lost = ["log/messages"] if system == "FreeBSD" else []
        assert read == [f"line of {name}" for name in names if name not in lost]
        layer = logcheck_sh.read(str(tree.root / "logcheck.sh"), system)
        assert layer.values.get(("check", "sources"), ()) == tuple(str(tree.root / name) for name in names)
        assert layer.errors == ()
