"""Files: what clients store, retrieve and list, whatever it is called; nobody gets out of where he was put."""

from __future__ import annotations

import ftplib
import io
import os

import pytest

pytestmark = pytest.mark.usefixtures("as_root")

NAMES = [
    "with blank",
    "\x01control\x7f",
    "latin-\xe4",
    "utf-\xc3\xa4",
    "tab\there",
    "semi;colon",
    "-dash",
    "new\nline",
    "%s%n",
    '"',
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_file_of_any_name_comes_back(world, serve, name):
    client = serve().client().login()
    assert client.data(f"STOR {name}", b"content")[0] == "226 Transfer complete"
    assert os.listdir(os.fsencode(world.home)) == [name.encode("latin-1")]
    assert client.data(f"RETR {name}") == ("226 Transfer complete", b"content")
    listed = client.data("LIST")[1]
    assert listed.count(b"\n") == 1
    assert listed.endswith(b" " + name.encode("latin-1").replace(b"\n", b"?") + b"\r\n")
    assert client.say(f"RNFR {name}").startswith("350")
    assert client.say("RNTO other").startswith("250")
    assert client.say("DELE other").startswith("250")
    for log in ("xferlog", "system"):
        assert all(line.count(b"\x01") == 0 for line in world.read(log).splitlines())
    assert world.read("xferlog").count(b"\n") == 3
    assert client.say("NOOP").startswith("200")


@pytest.mark.parametrize("command", ["CWD a\0b", "STOR a\0b", "USER a\0b", "\0", "MKD \0", "NOOP\0"], ids=repr)
def test_a_nul_byte_is_refused_and_nobody_dies_of_it(world, serve, command):
    client = serve().client().login()
    assert client.say(command).startswith("500")
    assert client.say("NOOP").startswith("200")
    assert world.blocks() == []


def test_a_command_without_end_is_refused(serve):
    client = serve().client()
    client.socket.sendall(b"x" * 100_000 + b"\r\n")
    assert client.answer().startswith("500")


@pytest.mark.parametrize("inside", ["/etc/passwd", "../../../etc/passwd", "link/passwd", "away", "/../../etc/passwd"])
def test_no_path_and_no_link_leads_out(world, serve, inside):
    (world.home / "link").symlink_to("/etc")
    (world.home / "away").symlink_to("../../../../../../etc/passwd")
    client = serve().client().login()
    assert client.data(f"RETR {inside}")[0] == f"550 {inside}: No such file or directory"


def test_an_absolute_link_leads_to_a_place_inside(world, serve):
    (world.home / "sub").mkdir()
    (world.home / "sub" / "f").write_text("here")
    (world.home / "link").symlink_to("/sub")
    assert serve().client().login().data("RETR link/f")[1] == b"here"


def test_without_a_default_root_one_begins_at_home_and_the_rest_is_there(world, serve):
    client = serve("-DefaultRoot").client().login()
    assert client.say("PWD") == f'257 "{world.home}" is the current directory'
    assert client.data("RETR /etc/hostname")[0].startswith("226")
    assert client.data("RETR /etc/shadow")[0] == "550 /etc/shadow: Permission denied"


def test_files_are_the_users_with_the_umask(world, serve):
    client = serve("Umask 027 077").client().login()
    client.data("STOR f", b"x")
    client.say("MKD d")
    file, directory = (world.home / "f").stat(), (world.home / "d").stat()
    assert (file.st_uid, file.st_gid, file.st_mode & 0o777) == (1001, 1001, 0o640)
    assert directory.st_mode & 0o777 == 0o700


def test_what_the_user_may_not_the_server_does_not(world, serve):
    (world.home / "closed").mkdir(mode=0o700)
    (world.home / "closed" / "f").write_text("x")
    (world.home / "secret").write_text("x")
    (world.home / "secret").chmod(0o600)
    client = serve().client().login()
    assert client.data("RETR secret")[0] == "550 secret: Permission denied"
    assert client.say("CWD closed") == "550 closed: Permission denied"
    assert client.say("DELE closed/f") == "550 closed/f: Permission denied"


def test_a_pipe_in_the_way_holds_nobody_up(world, serve):
    os.mkfifo(world.home / "pipe", 0o666)
    (world.home / "pipe").chmod(0o666)
    client = serve("AllowOverwrite on").client().login()
    assert client.data("RETR pipe")[0].startswith("550")
    assert client.data("STOR pipe", b"x")[0].startswith("550")


def test_overwriting_and_resuming_need_leave(world, serve):
    client = serve().client().login()
    client.say("TYPE I")
    client.data("STOR f", b"0123456789")
    assert client.data("STOR f", b"x")[0] == "550 f: Overwrite permission denied"
    assert client.data("APPE f", b"x")[0] == "451 f: Append/Restart not permitted, try again"
    client.say("REST 5")
    assert client.data("RETR f") == ("226 Transfer complete", b"56789")
    assert (world.home / "f").read_bytes() == b"0123456789"


def test_resuming_with_leave(world, serve):
    client = serve("AllowStoreRestart on", "AllowOverwrite on").client().login()
    client.say("TYPE I")
    client.data("STOR f", b"0123456789")
    client.say("REST 8")
    assert client.data("STOR f", b"AB")[0] == "226 Transfer complete"
    client.data("APPE f", b"CD")
    assert (world.home / "f").read_bytes() == b"01234567ABCD"


def test_an_upload_that_breaks_off_is_logged_as_incomplete(world, serve):
    (world.home / "big").write_bytes(b"x" * 20_000_000)
    server = serve()
    ftp = server.ftp()
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR big")
    data.recv(1000)
    data.close()
    with pytest.raises(ftplib.error_temp):
        ftp.voidresp()
    line = world.wait_for("xferlog", b"\n").split()
    assert (line[8].endswith(b"/home/big"), line[11], line[-1]) == (True, b"o", b"i")
    assert int(line[7]) < 20_000_000


def test_names_that_are_no_utf8_kill_no_listing(world, serve):
    for name in (b"\xff\xfe", b"ok", b"\xe4"):
        with open(os.path.join(os.fsencode(world.home), name), "wb"):
            pass
    client = serve().client().login()
    for command in ("LIST", "NLST", "MLSD"):
        answer, listed = client.data(command)
        assert answer == "226 Transfer complete"
        assert b"\xff\xfe\r\n" in listed


def test_a_thousand_files_are_listed(world, serve):
    for number in range(1000):
        (world.home / f"f{number:04}").touch()
    server = serve()
    assert len(server.ftp().nlst()) == 1000
    lines: list[str] = []
    server.ftp().retrlines("LIST", lines.append)
    assert [line.split()[-1] for line in lines] == [f"f{number:04}" for number in range(1000)]


def test_text_is_translated_and_counted_as_it_is_on_the_disk(world, serve):
    server = serve()
    ftp = server.ftp()
    ftp.storlines("STOR t", io.BytesIO(b"one\ntwo\n"))
    assert (world.home / "t").read_bytes() == b"one\ntwo\n"
    ftp.retrlines("RETR t", lambda _: None)
    assert [line.split()[7] for line in world.wait_for("xferlog", b" o ").splitlines()] == [b"8", b"8"]


def test_options_of_ls_are_no_names(world, serve):
    (world.home / "d").mkdir()
    (world.home / "d" / "f").touch()
    client = serve().client().login()
    for command in ("LIST -la d", "NLST -a d", "LIST -l -a d"):
        assert client.data(command)[1].endswith(b"f\r\n")
    assert client.data("LIST -la")[1].endswith(b" d\r\n")
