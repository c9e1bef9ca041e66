"""A mail goes out whole or not at all, with logcheck's headers, and whatever is in the report or its subject, it is one mail."""

import email
import email.policy
import gzip
import json
import re
import shlex
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.samples import CREATED, HOSTILE, full_report, section
from vigilog.core.errors import DeliveryError
from vigilog.report.document import Report
from vigilog.report.failure import failure_text
from vigilog.report.mail import Delivery, deliver
from vigilog.report.message import composed, spooled
from vigilog.report.text import debian

SUBJECT = "web1 2026-11-20 08:30 +0100 System Events"


class Mailer:
    """A fake program, and what it was given."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copy(Path(__file__).parent / "fake_mailer.py", folder / "mailer.py")
        self.command = shlex.join([sys.executable, str(folder / "mailer.py")])

    @property
    def arguments(self):
        return json.loads((self.folder / "arguments").read_text())

    @property
    def input(self):
        return (self.folder / "input").read_bytes()

    @property
    def message(self):
        return email.message_from_bytes(self.input, policy=email.policy.default)

    @property
    def called(self):
        return (self.folder / "input").exists()


@pytest.fixture
def mailer(tmp_path):
    return Mailer(tmp_path)


def body(*lines):
    def render(write):
        for line in lines:
            write(line)

    return render


def content(message):
    return message.get_payload(decode=True)


def test_sendmail_is_called_as_logcheck_calls_it_and_given_the_whole_message(mailer):
    deliver(body(b"System Events\n=-=\n"), SUBJECT, Delivery(to=("root",), command=mailer.command), CREATED)
    assert mailer.arguments == ["-t", "-oi"]
    assert mailer.input == (
        b"To: root\nSubject: web1 2026-11-20 08:30 +0100 System Events\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n\nSystem Events\n=-=\n"
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (b"short\n" + b"x" * 80 + b"\n\ttab\n", None),
        (b"x" * 81 + b"\n", "quoted-printable"),
        ("die größe stimmt\n".encode(), "quoted-printable"),
        (b"blank at the end \n", "quoted-printable"),
        (b"From here\n", "quoted-printable"),
        ("日本語\n".encode(), "base64"),
        (b"", None),
        (b".\n..\n", None),
    ],
)
def test_the_encoding_is_chosen_by_the_content_as_mime_construct_does(mailer, text, encoding):
    deliver(body(text), SUBJECT, Delivery(to=("root",), command=mailer.command), CREATED)
    assert mailer.message["Content-Transfer-Encoding"] == encoding
    assert content(mailer.message) == text


@pytest.mark.peer
@given(st.text(alphabet="a \tF.=ö日", max_size=12), st.sampled_from(["", "From ", "x" * 79, "x" * 90]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_choice_is_that_of_the_real_mime_construct(need, tmp_path, text, start):
    need("mime-construct")
    import subprocess

    raw = (start + text + "\n").encode()
    (tmp_path / "body").write_bytes(raw)
    theirs = subprocess.run(
        ["mime-construct", "--output", "--subject", "s", "--to", "root", "--file", str(tmp_path / "body")],
        capture_output=True,
        check=True,
    ).stdout
    with spooled(body(raw)) as spool, composed({"To": "root", "Subject": "s"}, spool) as message:
        message.seek(0)
        ours = email.message_from_bytes(message.read())
    assert ours["Content-Transfer-Encoding"] == email.message_from_bytes(theirs)["Content-Transfer-Encoding"]


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "base64", "quoted-printable"])
def test_a_forced_encoding_is_used(mailer, encoding):
    text = "größe\n".encode() if encoding != "7bit" else b"plain\n"
    deliver(body(text), SUBJECT, Delivery(to=("root",), command=mailer.command, encoding=encoding), CREATED)
    assert mailer.message["Content-Transfer-Encoding"] == (None if encoding == "7bit" else encoding)
    assert content(mailer.message) == text


rows = st.one_of(
    st.text(max_size=120).map(str.encode),
    st.binary(max_size=60),
    st.sampled_from([b"", b"From x", b".", b"x" * 2000, b" " * 90]),
).map(lambda row: row.replace(b"\n", b""))


@given(
    st.lists(rows, min_size=1, max_size=6),
    st.sampled_from(["", "base64", "quoted-printable"]),
    st.sampled_from(["no", "text", "gzip"]),
)
@settings(max_examples=150, deadline=None)
def test_any_text_arrives_as_it_is_with_harmful_characters_visible(lines, encoding, attach):
    from vigilog.core.visible import visible

    text = b"".join(line + b"\n" for line in lines)
    with spooled(body(text)) as spool, composed({"To": "root"}, spool, encoding=encoding, attach=attach) as file:
        file.seek(0)
        raw = file.read()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not message.defects
    assert raw.isascii()
    assert max(map(len, raw.split(b"\n"))) <= 80
    if attach == "no":
        assert content(message) == visible(text)
        return
    first, second = message.iter_parts()
    assert content(first) == b"Report attached\n"
    assert second.get_content_disposition() == "attachment"
    found = content(second)
    assert (gzip.decompress(found) if attach == "gzip" else found) == visible(text)


@pytest.mark.parametrize("options", [{"encoding": "base64"}, {"attach": "gzip"}, {"encoding": "quoted-printable"}])
def test_a_report_larger_than_every_buffer_arrives_as_it_is(options):
    random = Random(1)
    text = b"".join(b"%0512x\n" % random.getrandbits(2048) for _ in range(6000))
    with spooled(body(text)) as spool, composed({"To": "root"}, spool, **options) as file:
        file.seek(0)
        message = email.message_from_bytes(file.read(), policy=email.policy.default)
    if "attach" in options:
        assert gzip.decompress(content(list(message.iter_parts())[1])) == text
    else:
        assert content(message) == text


def test_quoted_printable_keeps_lines_as_lines_and_hides_what_begins_a_mailbox(mailer):
    deliver(body(b"From here\nblank \nplain\n"), SUBJECT, Delivery(to=("root",), command=mailer.command), CREATED)
    assert mailer.input.partition(b"\n\n")[2] == b"=46rom =\nhere\nblank=20\nplain\n"


def test_attachments_have_logchecks_names_and_types(mailer):
    deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",), command=mailer.command, attach="text"), CREATED)
    parts = list(mailer.message.iter_parts())
    assert [(part.get_content_type(), part.get_filename()) for part in parts] == [
        ("text/plain", None),
        ("text/plain", "logcheck_report"),
    ]
    deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",), command=mailer.command, attach="gzip"), CREATED)
    parts = list(mailer.message.iter_parts())
    assert [(part.get_content_type(), part.get_filename()) for part in parts] == [
        ("text/plain", None),
        ("application/x-gzip", "logcheck_report.gz"),
    ]
    assert mailer.message.get_content_type() == "multipart/mixed"


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_subject_can_end_the_header_or_begin_another(subject):
    with (
        spooled(body(b"x\n")) as spool,
        composed({"To": "root", "Subject": subject, "Auto-Submitted": "auto-generated"}, spool) as file,
    ):
        file.seek(0)
        raw = file.read()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert list(message.keys()) == ["To", "Subject", "Auto-Submitted", "MIME-Version"]
    assert content(message) == b"x\n"
    assert raw.isascii()
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", raw)


def test_a_subject_that_is_not_ascii_arrives(mailer):
    deliver(body(b"x\n"), "größe: 日本 " * 20, Delivery(to=("root",), command=mailer.command), CREATED)
    assert mailer.message["Subject"] == ("größe: 日本 " * 20).strip() or mailer.message["Subject"] == "größe: 日本 " * 20


@pytest.mark.parametrize(
    ("given", "header"),
    [
        (("root",), "root"),
        (("root", "a@example.com"), "root, a@example.com"),
        (("root,a@example.com",), "root, a@example.com"),
        (("Anna B <a@example.com>",), '"Anna B" <a@example.com>'),
        (("a@größe.example",), f"a@{'größe.example'.encode('idna').decode()}"),
    ],
)
def test_addresses_are_written_as_servers_want_them(mailer, given, header):
    deliver(body(b"x\n"), SUBJECT, Delivery(to=given, sender="vigilog@example.com", command=mailer.command), CREATED)
    assert b"\nTo: " + header.encode() + b"\n" in b"\n" + mailer.input
    assert mailer.message["From"] == "vigilog@example.com"


def test_an_address_that_is_not_ascii_is_written_as_rfc_6532_has_it(mailer):
    deliver(body(b"x\n"), "größe", Delivery(to=("jörg@example.com",), command=mailer.command), CREATED)
    assert "\nTo: jörg@example.com\n".encode() in b"\n" + mailer.input
    assert "\nSubject: größe\n".encode() in mailer.input


@pytest.mark.parametrize("wrong", ["a b c", "<>", "@", "a@b\nBcc: c@d", "a@b c@d", "a@", "@b", "a\x00@b", "", "a@b; c@d"])
def test_what_is_no_address_is_refused_before_anything_is_sent(mailer, wrong):
    with pytest.raises(DeliveryError, match="not a mail address"):
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("root", wrong), command=mailer.command), CREATED)
    assert not mailer.called


def test_a_mailer_that_fails_is_an_error_with_its_words_made_harmless(mailer):
    (mailer.folder / "status").write_text("75")
    with pytest.raises(
        DeliveryError, match=r"ended with status 75: .*\\x1b\[31mmail system is down / second line|second line / .*"
    ) as raised:
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",), command=mailer.command), CREATED)
    assert "\x1b" not in str(raised.value)


def test_a_mailer_that_is_killed_is_an_error(tmp_path):
    with pytest.raises(DeliveryError, match="was killed by signal 9"):
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",), command="sh -c 'kill -9 $$'"), CREATED)


def test_a_mailer_that_does_not_read_its_input_is_no_problem():
    deliver(body(b"x" * 100 + b"\n"), SUBJECT, Delivery(to=("root",), command="true"), CREATED)
    deliver(
        lambda write: [write(b"x" * 1_000_000 + b"\n") for _ in range(5)],
        SUBJECT,
        Delivery(to=("root",), command="true"),
        CREATED,
    )


def test_a_mailer_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr("vigilog.report.mail._PATIENCE", 0.2)
    with pytest.raises(DeliveryError, match="did not end within"):
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",), command="sh -c 'exec sleep 60'"), CREATED)


def test_a_mailer_that_is_not_there_is_an_error():
    with pytest.raises(DeliveryError, match="/nowhere/sendmail cannot be started: No such file"):
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",), command="/nowhere/sendmail"), CREATED)


def test_a_host_without_sendmail_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr("vigilog.report.mail._SENDMAIL", ("/nowhere/sendmail",))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeliveryError, match=r"no sendmail is installed here.*install a mail server"):
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",)), CREATED)


def test_a_report_that_breaks_in_the_middle_is_not_sent_in_part(mailer):
    def render(write):
        write(b"half\n")
        raise DeliveryError("the store broke")

    with pytest.raises(DeliveryError, match="the store broke"):
        deliver(render, SUBJECT, Delivery(to=("root",), command=mailer.command), CREATED)
    assert not mailer.called


def test_psionics_command_has_the_subject_and_addresses_as_arguments_and_the_body_alone(mailer):
    delivery = Delivery(to=("root", "a@example.com"), transport="command", command=mailer.command)
    deliver(body(b"\nSecurity Violations\nx\x1b\n"), "Systems Check: web1 11/20/26:08.30\n-x", delivery, CREATED)
    assert mailer.arguments == ["-s", "Systems Check: web1 11/20/26:08.30\\n-x", "root", "a@example.com"]
    assert mailer.input == b"\nSecurity Violations\nx\\x1b\n"


def test_an_address_cannot_be_an_option_of_that_command(mailer):
    with pytest.raises(DeliveryError, match="would be taken for an option"):
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("-Sv15-compat",), transport="command", command=mailer.command), CREATED)
    with pytest.raises(DeliveryError, match="no command is given"):
        deliver(body(b"x\n"), SUBJECT, Delivery(to=("root",), transport="command"), CREATED)
    assert not mailer.called


def test_a_whole_report_is_harmless_in_a_mail_even_where_the_renderer_was_not_told(mailer):
    report = replace(full_report(), sections=(section("unusual", "", "System Events", HOSTILE),))
    deliver(partial(debian, report), report.subject, Delivery(to=("root",), command=mailer.command), CREATED)
    assert rb"\x1b[2J\x9b31m\u009b \u202eevil\u202c \x00\xff\x7f\x0dtab" in content(mailer.message)
    assert "größe".encode() in content(mailer.message)


def test_a_body_without_a_final_newline_gets_one(mailer):
    report = Report(host="h", created=CREATED, subject="s", footer=b"no newline")
    deliver(partial(debian, report), "s", Delivery(to=("root",), command=mailer.command), CREATED)
    assert mailer.input.endswith(b"\n\nno newline\n")


def test_the_text_of_a_failure_has_the_reason_the_disks_and_an_environment_without_secrets():
    text = failure_text("Error: it broke\udcff", {"PATH": "/bin", "SMTP_PASSWORD": "hunter2", "API_TOKEN": "abc"}).decode(
        "utf-8", "replace"
    )
    assert "\nError: it broke�\n" in text
    assert "\nFilesystem" in text
    assert "PATH=/bin\n" in text
    assert "hunter2" not in text
    assert "abc" not in text
