"""Entries of more than a line: blocks of black boxes, and requests that ended or did not."""

from __future__ import annotations

import gzip

from tests.investigate.asking import ask, told


def test_the_blocks_of_a_client_are_entries_each_whole(sample_data):
    log = sample_data / "ftp" / "proftpd-1.3.8" / "forensic.log"
    whole = log.read_bytes()
    for address, count in (("127.0.0.20", 4), ("127.0.0.77", 5), ("127.0.0.2", 7), ("127.0.0.9", 6)):
        items = [item for item in ask(address, log).items if item.fields.get("address") == address]
        assert len(items) == count
        for item in items:
            assert item.kind == "block"
            assert whole[item.where.offset :][: item.where.length] == item.text
            assert item.text.startswith(b"-----BEGIN ")
            assert item.text.rstrip(b"\r").endswith(b"FORENSICS-----")


def test_a_block_of_a_failed_login_is_a_failed_login(sample_data):
    found = told("127.0.0.20", sample_data / "ftp" / "proftpd-1.3.8" / "forensic.log")
    assert found.attempts == 4


def test_a_request_that_never_ended_is_told_from_one_that_did(sample_data, tmp_path):
    folder = sample_data / "apache" / "mod_log_forensic" / "pid-ids"
    lost = [line[1:].split(b"|")[0].decode() for line in (folder / "unfinished.expected").read_bytes().splitlines()]
    log = folder / "forensic_log"
    for identity in lost:
        (item,) = ask(identity, log).items
        assert (item.kind, item.meaning, item.fields["ended"]) == ("request", "unfinished", "no")
    requests = [item for item in ask("Macintosh", log, kind="pattern").items if item.kind == "request"]
    assert len(requests) > 50
    assert all(item.fields["ended"] == "yes" and item.fields["host"] == "www.example.test" for item in requests)
    lines = log.read_bytes().splitlines(keepends=True)
    (tmp_path / "forensic_log.1.gz").write_bytes(gzip.compress(b"".join(lines[:1001])))
    (tmp_path / "forensic_log").write_bytes(b"".join(lines[1001:]))
    assert told("Macintosh", tmp_path / "forensic_log", kind="pattern").unfinished == 0
