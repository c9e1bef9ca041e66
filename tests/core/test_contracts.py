"""What each room may load: the ground stands on the standard library, and languages are read without an engine."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import absent

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ENGINES = {"hyperscan", "re2"}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after `code`, without what its start loads."""
    report = "import sys, json; before = set(sys.modules); sys.path.insert(0, sys.argv[1])\n" + code
    report += "\nprint(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    done = subprocess.run(
        [sys.executable, "-c", report, str(CHECKOUT / "src")], capture_output=True, text=True, check=True, cwd="/"
    )
    return set(json.loads(done.stdout))


def test_the_ground_loads_the_standard_library_only() -> None:
    modules = [f"vigilog.core.{path.stem}" for path in (CHECKOUT / "src" / "vigilog" / "core").glob("[a-z]*.py")]
    assert len(modules) >= 4
    loaded = loaded_by("\n".join(f"import {name}" for name in ["vigilog.core", *modules]))
    assert "vigilog" in loaded
    assert loaded - {"vigilog"} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    "module", ["vigilog.patterns", "vigilog.patterns.languages", "vigilog.patterns.syntax", "vigilog.patterns.lines"]
)
def test_reading_a_language_loads_no_engine(module: str) -> None:
    assert not loaded_by(f"import {module}") & (ENGINES | {"msgspec"})


def test_every_language_is_parsed_without_an_engine() -> None:
    texts = {"ere": b"^a[[:digit:]]+$", "regex": b"(?P<x>a)", "literal": b"a", "scanf": b"a %d"}
    texts |= dict.fromkeys(("logformat", "logformat-apache", "logformat-proftpd"), b"%h %b")
    code = (
        "from vigilog.patterns.languages import LANGUAGES\n"
        f"for name, text in {texts}.items():\n"
        "    assert LANGUAGES[name].parse(text, None)\n"
        f"assert set(LANGUAGES) == set({list(texts)})"
    )
    assert not loaded_by(code) & ENGINES


def test_a_cached_start_loads_neither_the_translator_nor_re2(tmp_path: Path) -> None:
    code = (
        "from vigilog.core.nouns import Place, Rule\n"
        "from vigilog.patterns.compiling import compile_rules\n"
        f"database = compile_rules([Rule('a', 'b', 'ere', b'x+$', Place('f', 1))], cache_directory={str(tmp_path)!r})\n"
        "assert database.matching(b'xx') == [0]\n"
    )
    assert {"hyperscan"} <= loaded_by(code)
    again = code + "assert 'vigilog.patterns.translation' not in sys.modules and 'vigilog.patterns.ere' not in sys.modules\n"
    assert "re2" not in loaded_by(again)
    assert "multiprocessing" not in loaded_by(again)


def test_imports_go_down_only() -> None:
    """The contracts in pyproject.toml, as import-linter judges them."""
    if importlib.util.find_spec("importlinter") is None:
        absent("not installed: import-linter")
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout
