"""What `vigilog check` does without a configuration loads nothing that only `vigilog run` and vigilog.toml need."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from vigilog.config.choose import Wishes, choose
from vigilog.config.host import look
from vigilog.config.layer import Layer
choose(Wishes(layer=Layer({("check", "sources"): ("/x",)})), look(sys.argv[1], ""), sys.argv[1] + "/none")
print(*sys.modules)
"""
HEAVY = {
    "vigilog.config.choose_run", "vigilog.config.durations", "vigilog.config.entries", "vigilog.config.expected",
    "vigilog.config.logtrigger", "vigilog.config.run_checks", "vigilog.config.run_objections", "vigilog.config.toml_lines",
    "vigilog.config.toml_text", "vigilog.config.trigger_checks", "vigilog.config.trigger_files", "vigilog.config.triggers",
    "vigilog.config.uci", "vigilog.act", "vigilog.detect", "vigilog.patterns", "tomllib", "ipaddress", "difflib",
}  # fmt: skip


def test_without_a_configuration_nothing_of_vigilog_run_is_loaded(tmp_path):
    process = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=True, capture_output=True, text=True)
    loaded = set(process.stdout.split())
    assert "vigilog.config.choose" in loaded
    assert not loaded & HEAVY
