"""GNU grep as the judge of Vigilog's own rules: the same files, the same filter order, no code of Vigilog's.

`judge` is the reference for what `vigilog.detect` must make of these files. It keeps to the order of Debian's logcheck:
attacks first, then violations, then whatever no rule of the level knows.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import vigilog.detect

RULES = Path(vigilog.detect.__file__).parent / "rules"
SAMPLES = Path(__file__).parent / "samples"
DOCUMENT = Path(__file__).parents[2] / "docs" / "rules.md"
HEAD = r"^([A-Z][a-z]{2} +[0-9]+ [0-9:]+|[0-9]+-[0-9:TZ.+-]+) [._[:alnum:]:-]*[[:alnum:]] "
LEVELS = {
    "paranoid": ("ignore.d.paranoid",),
    "server": ("ignore.d.paranoid", "ignore.d.server"),
    "workstation": ("ignore.d.paranoid", "ignore.d.server", "ignore.d.workstation"),
}
DIRECTORIES = ("cracking.d", "violations.d", "violations.ignore.d", *LEVELS["workstation"])
SECTIONS = {
    "attack": dict.fromkeys(LEVELS, "attack"),
    "violation": dict.fromkeys(LEVELS, "violation"),
    "ignored at paranoid": dict.fromkeys(LEVELS, "ignored"),
    "ignored": {"paranoid": "unusual", "server": "ignored", "workstation": "ignored"},
    "ignored always": dict.fromkeys(LEVELS, "ignored"),
    "ignored at workstation": {"paranoid": "unusual", "server": "unusual", "workstation": "ignored"},
    "unusual": dict.fromkeys(LEVELS, "unusual"),
}


@dataclass(frozen=True)
class Sample:
    """A line of a sample file, and the section that it stands in."""

    file: str
    number: int
    section: str
    line: bytes


@dataclass
class Verdict:
    """What became of a line, and the rule files that reported it."""

    kind: str
    names: list[str]


def rules_of(path: Path) -> list[bytes]:
    """The rules of a file: what is neither blank nor has `#` as its first character."""
    return [line for line in path.read_bytes().split(b"\n") if line.strip() and not line.startswith(b"#")]


def files_of(directory: str) -> list[Path]:
    return sorted(path for path in (RULES / directory).iterdir() if re.fullmatch(r"[A-Za-z0-9_-]+", path.name))


def matching(lines: list[bytes], rules: list[bytes]) -> set[int]:
    """Which lines (from 0) grep selects; a rule that grep cannot read is an error."""
    if not lines or not rules:
        return set()
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"\n".join(rules) + b"\n")
        patterns.flush()
        found = subprocess.run(
            ["grep", "-E", "--text", "-n", "-f", patterns.name],
            input=b"\n".join(lines) + b"\n",
            capture_output=True,
            env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
            check=False,
        )
    assert found.returncode in (0, 1), found.stderr.decode()
    assert not found.stderr, found.stderr.decode()
    return {int(line.partition(b":")[0]) - 1 for line in found.stdout.split(b"\n") if line}


def judge(lines: list[bytes], level: str = "server") -> list[Verdict]:
    """The class of each line, by the shipped rules of a level."""
    lines = [line.rstrip(b" \t\r\v\f") for line in lines]
    verdicts = [Verdict("unusual", []) for _ in lines]
    ignored = [rule for directory in LEVELS[level] for path in files_of(directory) for rule in rules_of(path)]
    for index in matching(lines, ignored):
        verdicts[index] = Verdict("ignored", [])
    for path in files_of("violations.d"):
        exceptions = RULES / "violations.ignore.d" / path.name
        hits = sorted(matching(lines, rules_of(path)))
        excepted = matching([lines[index] for index in hits], rules_of(exceptions)) if exceptions.exists() else set()
        for position, index in enumerate(hits):
            if position not in excepted:
                verdicts[index] = Verdict("violation", [*verdicts[index].names, path.name])
            elif verdicts[index].kind == "unusual":
                verdicts[index] = Verdict("ignored", [])
    attacks = defaultdict(list)
    candidates = sorted(matching(lines, [rule for path in files_of("cracking.d") for rule in rules_of(path)]))
    for path in files_of("cracking.d"):
        for position in matching([lines[index] for index in candidates], rules_of(path)):
            attacks[candidates[position]].append(path.name)
    for index, names in attacks.items():
        verdicts[index] = Verdict("attack", names)
    return verdicts


@cache
def samples() -> tuple[Sample, ...]:
    found = []
    for path in sorted(SAMPLES.iterdir()):
        if path.suffix:
            continue
        section = ""
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            if line.endswith(b":") and line[:-1].decode() in SECTIONS:
                section = line[:-1].decode()
            elif line and not line.startswith(b"#"):
                assert section, f"{path.name}:{number}: a sample before any section"
                found.append(Sample(path.name, number, section, line))
    return tuple(found)


@cache
def shipped() -> tuple[tuple[str, str, bytes], ...]:
    """Every rule: directory, file, text."""
    return tuple((name, path.name, rule) for name in DIRECTORIES for path in files_of(name) for rule in rules_of(path))
