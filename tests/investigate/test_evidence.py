"""Evidence: whole it can be checked by anybody, and any change of it is found."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import zipfile
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.investigate.asking import NOW, ask
from vigilog.core.errors import DeliveryError
from vigilog.investigate.evidence import MANIFEST, SUMS, export, gathered, in_one_form, sums
from vigilog.investigate.verify import verify

LOG = b"""\
2026-11-20T08:30:00+00:00 mx1 sshd[1]: Invalid user x from 203.0.113.7 port 1
2026-11-20T08:30:01+00:00 mx1 sshd[1]: something else
2026-11-20T08:30:02+00:00 mx1 sshd[1]: \xff\x1b[31m from 203.0.113.7 port 1
2026-11-20T08:30:03+00:00 mx1 sshd[1]: Connection closed by 203.0.113.7 port 1
"""


@pytest.fixture
def made(tmp_path):
    """A log, evidence of it, and its manifest's hash."""
    log, archive = tmp_path / "auth.log", tmp_path / "evidence.zip"
    log.write_bytes(LOG)
    return log, archive, export(ask("203.0.113.7", log), str(archive), "mx1", "0", NOW)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "auth.log").write_bytes(LOG)
    export(ask("203.0.113.7", folder / "auth.log"), str(folder / "evidence.zip"), "mx1", "0", NOW)
    return folder / "evidence.zip"


def test_it_holds_the_bytes_of_every_line_and_where_they_stood(made):
    log, archive, digest = made
    members = zipfile.ZipFile(archive)
    manifest = json.loads(members.read(MANIFEST))
    assert sha256(members.read(MANIFEST)).hexdigest() == digest
    (file,) = manifest["files"]
    assert (file["path"], file["inode"]) == (str(log), os.stat(log).st_ino)
    copy = members.read(file["copy"])
    assert [entry["line"] for entry in file["entries"]] == [1, 3, 4]
    for entry in file["entries"]:
        original = LOG[entry["offset"] : entry["offset"] + entry["length"]]
        assert original == copy[entry["copy_offset"] :][: entry["length"]]
        assert entry["sha256"] == sha256(original).hexdigest()
    assert os.stat(archive).st_mode & 0o777 == 0o600


@pytest.mark.peer
def test_sha256sum_and_unzip_are_enough_to_check_it(made, tmp_path, need):
    need("unzip", "sha256sum")
    log, archive, digest = made
    subprocess.run(["unzip", "-q", archive, "-d", tmp_path / "out"], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=tmp_path / "out", check=True, capture_output=True)
    entry = json.loads((tmp_path / "out" / MANIFEST).read_text())["files"][0]["entries"][1]
    command = f"tail --bytes=+{entry['offset'] + 1} {log} | head --bytes={entry['length']} | sha256sum"
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert said.split()[0] == entry["sha256"]
    assert (
        subprocess.run(["sha256sum", tmp_path / "out" / MANIFEST], capture_output=True, text=True, check=True).stdout[:64]
        == digest
    )


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_change_of_any_byte_is_found(whole, data):
    archive = whole.read_bytes()
    at = data.draw(st.integers(0, len(archive) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "insert", "delete", "append"]))
    changed = bytearray(archive)
    if kind == "flip":
        changed[at] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del changed[at:]
    elif kind == "insert":
        changed[at:at] = data.draw(st.binary(min_size=1, max_size=5))
    elif kind == "delete":
        del changed[at]
    else:
        changed += data.draw(st.binary(min_size=1, max_size=50))
    if bytes(changed) == archive:
        return
    path = whole.parent / "changed.zip"
    path.write_bytes(changed)
    verdict = verify(str(path), None, originals=False)
    assert verdict.problems
    assert verify(str(whole), None, originals=False).problems == ()


def members_of(archive):
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_whoever_changes_a_line_and_its_sum_is_found_by_the_manifest(made):
    _, archive, _ = made
    members = members_of(archive)
    members["lines/0001.log"] = members["lines/0001.log"].replace(b"203.0.113.7", b"203.0.113.8")
    members[SUMS] = sums({name: data for name, data in members.items() if name != SUMS})
    archive.write_bytes(in_one_form(members))
    assert verify(str(archive), None).problems == ("lines/0001.log is not what the manifest says",)


def test_whoever_writes_all_of_it_anew_is_found_by_the_hash_that_was_noted(made):
    log, archive, digest = made
    log.write_bytes(LOG.replace(b"Invalid", b"Honest "))
    archive.write_bytes(in_one_form(gathered(ask("203.0.113.7", log), "mx1", "0", NOW)))
    assert verify(str(archive), None).problems == ()
    (problem,) = verify(str(archive), digest).problems
    assert digest in problem


def test_what_is_not_in_the_manifest_does_not_belong_there(made):
    _, archive, _ = made
    members = members_of(archive)
    members = {"more.txt": b"x", **members}
    members[SUMS] = sums({name: data for name, data in members.items() if name != SUMS})
    archive.write_bytes(in_one_form(members))
    assert verify(str(archive), None).problems == ("more.txt is not in the manifest",)


def test_a_packed_bomb_is_refused_unread(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr(MANIFEST, b"0" * 50_000_000)
    (tmp_path / "bomb.zip").write_bytes(file.getvalue())
    assert "no member" in verify(str(tmp_path / "bomb.zip"), None).problems[0]


def states(archive):
    verdict = verify(str(archive), None)
    assert verdict.problems == ()
    return [(each.state, os.path.basename(each.now), each.differing) for each in verdict.originals]


def test_the_logs_are_looked_at_again(made):
    log, archive, _ = made
    assert states(archive) == [("same", "auth.log", 0)]
    with log.open("ab") as file:
        file.write(b"more\n")
    assert states(archive) == [("same", "auth.log", 0)]
    log.write_bytes(LOG.replace(b"Invalid", b"Honest "))
    assert states(archive) == [("changed", "auth.log", 1)]
    log.unlink()
    assert states(archive) == [("gone", "", 0)]


def test_where_a_log_was_rotated_and_packed_its_lines_are_found(made):
    log, archive, _ = made
    log.rename(log.with_name("auth.log.1"))
    log.write_bytes(b"a new log\n" * 100)
    assert states(archive) == [("moved", "auth.log.1", 0)]
    log.with_name("auth.log.2.gz").write_bytes(gzip.compress(log.with_name("auth.log.1").read_bytes()))
    log.with_name("auth.log.1").unlink()
    assert states(archive) == [("moved", "auth.log.2.gz", 0)]
    log.with_name("auth.log.2.gz").write_bytes(gzip.compress(LOG.replace(b"Invalid", b"Honest ")))
    assert states(archive) == [("changed", "auth.log.2.gz", 1)]


def test_offsets_in_a_packed_log_are_those_of_what_it_unpacks_to(tmp_path):
    (tmp_path / "auth.log.1.gz").write_bytes(gzip.compress(LOG))
    export(ask("203.0.113.7", tmp_path / "auth.log"), str(tmp_path / "e.zip"), "mx1", "0", NOW)
    manifest = json.loads(zipfile.ZipFile(tmp_path / "e.zip").read(MANIFEST))
    (file,) = manifest["files"]
    assert file["packed"]
    assert [LOG[each["offset"] :][:10] for each in file["entries"]] == [b"2026-11-20"] * 3
    assert states(tmp_path / "e.zip") == [("same", "auth.log.1.gz", 0)]


def test_evidence_is_not_overwritten(made):
    log, archive, _ = made
    before = archive.read_bytes()
    with pytest.raises(DeliveryError, match="there already"):
        export(ask("203.0.113.7", log), str(archive), "mx1", "0", NOW)
    assert archive.read_bytes() == before
