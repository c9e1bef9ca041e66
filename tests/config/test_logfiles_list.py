"""logfiles_list: logcheck.logfiles and logcheck.logfiles.d/*.logfiles."""

from __future__ import annotations

from vigilog.config.logfiles_list import read


def test_the_list_comes_first_then_the_directory_by_name(tmp_path):
    (tmp_path / "list").write_text("/var/log/b\n")
    folder = tmp_path / "list.d"
    folder.mkdir()
    (folder / "z.logfiles").write_text("/var/log/z\n")
    (folder / "a.logfiles").write_text("journal\n/var/log/a\n")
    (folder / "a.logfiles.dpkg-old").write_text("/var/log/old\n")
    (folder / ".b.logfiles").write_text("/var/log/hidden\n")
    assert read(str(tmp_path / "list"), str(folder)) == (("/var/log/b", "journal", "/var/log/a", "/var/log/z"), ())


def test_blank_lines_and_comments_are_skipped_and_the_rest_is_taken_whole(tmp_path):
    file = tmp_path / "list"
    file.write_bytes(b"# /no\n\n \t\n/var/log/with blank\n/var/log/\xff\n/dos\r\n/no-newline")
    sources, errors = read(str(file), None)
    assert errors == ()
    assert sources == ("/var/log/with blank", "/var/log/\udcff", "/dos", "/no-newline")


def test_a_log_named_twice_is_read_once(tmp_path):
    (tmp_path / "list").write_text("/a\n/b\n/a\n")
    assert read(str(tmp_path / "list"), None)[0] == ("/a", "/b")


def test_a_pattern_stands_for_every_file_that_matches_as_in_logcheck(tmp_path):
    for name in ("b.log", "a.log", "c.txt", "x[1].log"):
        (tmp_path / name).write_text("")
    (tmp_path / "list").write_text(f"{tmp_path}/[abc].log\n{tmp_path}/none*.log\n{tmp_path}/x*\n")
    assert read(str(tmp_path / "list"), None) == ((f"{tmp_path}/a.log", f"{tmp_path}/b.log", f"{tmp_path}/x[[]1].log"), ())


def test_a_file_called_dash_is_not_standard_input(tmp_path):
    (tmp_path / "list").write_text("-\n")
    assert read(str(tmp_path / "list"), None)[0] == ("./-",)


def test_a_missing_list_is_a_mistake_and_a_missing_directory_is_empty(tmp_path):
    (tmp_path / "good").write_text("/a\n")
    sources, [error] = read(str(tmp_path / "none"), str(tmp_path / "none.d"))
    assert sources == ()
    assert str(error).startswith(f"{tmp_path}/none does not exist or could not be read; expected a list of logs")
    assert str(error).endswith("No such file or directory")
    assert read(str(tmp_path / "good"), str(tmp_path / "none.d")) == (("/a",), ())


def test_a_directory_among_the_lists_is_a_mistake_and_the_others_count(tmp_path):
    (tmp_path / "a.logfiles").mkdir()
    (tmp_path / "b.logfiles").write_text("/b\n")
    sources, [error] = read(None, str(tmp_path))
    assert sources == ("/b",)
    assert "Is a directory" in str(error)
