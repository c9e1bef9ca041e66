"""A mail server is given the message as it is, over a connection that is as safe as was asked for, or nothing."""

import email
import email.policy
import socket
import ssl
import subprocess
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.report.samples import CREATED
from vigilog.core.errors import DeliveryError
from vigilog.report.mail import Delivery, deliver


class Inbox:
    """Takes mail, or says what it is told to say."""

    def __init__(self):
        self.envelopes = []
        self.logins = []
        self.refuse_recipient = ""
        self.refuse_data = ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == self.refuse_recipient:
            return "550 5.1.1 no such \x1b[31muser"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refuse_data:
            return self.refuse_data
        self.envelopes.append((envelope, server.transport.get_extra_info("ssl_object") is not None))
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, auth):
        self.logins.append((auth.login, auth.password))
        return AuthResult(success=auth.password == b"secret word", handled=False)


def received(inbox):
    [(envelope, _)] = inbox.envelopes
    return email.message_from_bytes(envelope.original_content, policy=email.policy.default)


def text_of(inbox):
    return received(inbox).get_payload(decode=True).replace(b"\r\n", b"\n")


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def serve(inbox):
    running = []

    def start(*, enable_SMTPUTF8=True, **options):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(
            inbox, hostname="127.0.0.1", port=port, enable_SMTPUTF8=enable_SMTPUTF8, authenticator=inbox.authenticate, **options
        )
        controller.start()
        running.append(controller)
        return Delivery(
            to=("root@example.com",), sender="vigilog@example.com", transport="smtp", smtp_host="localhost", smtp_port=port
        )

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def certificate(tmp_path, need):
    """A certificate for localhost, its key, and a context that serves with them."""
    need("openssl")
    names = str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-out",
            names[0],
            "-keyout",
            names[1],
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*names)
    return names[0], context


def body(*lines):
    return lambda write: [write(line) for line in lines]


def test_the_message_arrives_with_sender_recipients_and_the_headers_a_server_wants(serve, inbox):
    delivery = replace(serve(), to=("root@example.com", "Anna <a@example.com>"))
    deliver(body(b"hello\n"), "subject", delivery, CREATED)
    [(envelope, _)] = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("vigilog@example.com", ["root@example.com", "a@example.com"])
    assert received(inbox)["Date"] == "Fri, 20 Nov 2026 08:30:00 +0100"
    assert received(inbox)["From"] == "vigilog@example.com"
    assert received(inbox)["Message-ID"].endswith("@example.com>")
    assert received(inbox)["Auto-Submitted"] == "auto-generated"
    assert envelope.original_content.endswith(b"\r\n\r\nhello\r\n")


def test_dots_at_line_starts_and_long_lines_arrive_as_they_are(serve, inbox):
    text = b".\n..\n.x\n" + b"y" * 5000 + b"\n" + b".\n" * 3
    deliver(body(text), "s", serve(), CREATED)
    assert text_of(inbox) == text


def test_a_report_of_many_megabytes_arrives_whole(serve, inbox):
    rows = [b"Nov 20 08:00:00 web1 sshd[%d]: Failed password\n" % number for number in range(40_000)]
    delivery = serve(data_size_limit=50_000_000)
    deliver(body(b"".join(rows)), "s", delivery, CREATED)
    assert text_of(inbox) == b"".join(rows)


def test_without_a_sender_this_user_at_this_host_is_it(serve, inbox):
    deliver(body(b"x\n"), "s", replace(serve(), sender=""), CREATED)
    [(envelope, _)] = inbox.envelopes
    assert "@" in envelope.mail_from
    assert received(inbox)["From"] == envelope.mail_from


def test_a_refused_recipient_means_that_nobody_gets_it_and_who_was_refused(serve, inbox):
    inbox.refuse_recipient = "gone@example.com"
    with pytest.raises(DeliveryError, match=r"said 550 5\.1\.1 no such .*refuses gone@example.com; nothing was sent") as raised:
        deliver(body(b"x\n"), "s", replace(serve(), to=("root@example.com", "gone@example.com")), CREATED)
    assert inbox.envelopes == []
    assert "\x1b" not in str(raised.value)


def test_a_refused_message_is_an_error_with_the_servers_words(serve, inbox):
    inbox.refuse_data = "452 4.3.1 disk full"
    with pytest.raises(DeliveryError, match=r"localhost:\d+ said 452 4\.3\.1 disk full"):
        deliver(body(b"x\n"), "s", serve(), CREATED)


def test_a_server_that_is_not_there_is_an_error(serve):
    with pytest.raises(DeliveryError, match=r"the mail server localhost:1 cannot be used: .*refused"):
        deliver(body(b"x\n"), "s", replace(serve(), smtp_port=1), CREATED)


def test_starttls_is_used_when_asked_for(serve, inbox, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    deliver(body(b"x\n"), "s", replace(serve(tls_context=certificate[1]), smtp_security="starttls"), CREATED)
    assert [secure for _, secure in inbox.envelopes] == [True]


def test_a_certificate_that_nobody_trusts_is_refused(serve, inbox, certificate):
    with pytest.raises(DeliveryError, match="CERTIFICATE_VERIFY_FAILED"):
        deliver(body(b"x\n"), "s", replace(serve(tls_context=certificate[1]), smtp_security="starttls"), CREATED)
    assert inbox.envelopes == []


def test_a_server_without_starttls_is_refused_when_it_was_asked_for(serve, inbox):
    with pytest.raises(DeliveryError, match="STARTTLS extension not supported"):
        deliver(body(b"x\n"), "s", replace(serve(), smtp_security="starttls"), CREATED)
    assert inbox.envelopes == []


def test_tls_from_the_first_byte(serve, inbox, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    deliver(body(b"x\n"), "s", replace(serve(ssl_context=certificate[1]), smtp_security="tls"), CREATED)
    assert [secure for _, secure in inbox.envelopes] == [True]


@pytest.fixture
def with_login(serve, certificate, monkeypatch, tmp_path):
    def start(password):
        (tmp_path / "password").write_text(password)
        monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
        delivery = serve(tls_context=certificate[1], auth_required=True)
        return replace(delivery, smtp_security="starttls", smtp_user="vigilog", smtp_password_file=str(tmp_path / "password"))

    return start


def test_a_login_uses_the_first_line_of_the_password_file(with_login, inbox):
    deliver(body(b"x\n"), "s", with_login("secret word\nanything\n"), CREATED)
    assert inbox.logins == [(b"vigilog", b"secret word")]
    assert len(inbox.envelopes) == 1


def test_a_wrong_password_is_an_error_that_does_not_show_it(with_login, inbox):
    with pytest.raises(DeliveryError, match="said 535") as raised:
        deliver(body(b"x\n"), "s", with_login("wrong word"), CREATED)
    assert "wrong word" not in str(raised.value)


def test_a_password_file_that_cannot_be_read_is_named(serve, tmp_path):
    delivery = replace(serve(), smtp_user="vigilog", smtp_password_file=str(tmp_path / "none"))
    with pytest.raises(DeliveryError, match="/none: the password of the mail server cannot be read"):
        deliver(body(b"x\n"), "s", delivery, CREATED)


def test_an_address_that_is_not_ascii_needs_a_server_that_can(serve, inbox, monkeypatch):
    delivery = replace(serve(), to=("jörg@example.com",))
    deliver(body(b"x\n"), "größe", delivery, CREATED)
    [(envelope, _)] = inbox.envelopes
    assert envelope.rcpt_tos == ["jörg@example.com"]
    assert envelope.smtp_utf8


def test_a_server_that_cannot_take_such_an_address_is_an_error(serve):
    delivery = replace(serve(enable_SMTPUTF8=False), to=("jörg@example.com",))
    with pytest.raises(DeliveryError, match="takes no addresses that are not ASCII"):
        deliver(body(b"x\n"), "s", delivery, CREATED)


def test_a_server_that_hangs_up_in_the_middle_is_an_error(serve, monkeypatch):
    async def hang_up(self, *_):
        self.transport.abort()

    monkeypatch.setattr(SMTP, "smtp_DATA", hang_up)
    with pytest.raises(DeliveryError, match="cannot be used"):
        deliver(body(b"x\n"), "s", serve(), CREATED)


def test_without_any_address_nothing_is_tried():
    with pytest.raises(DeliveryError, match=r"no address to send to; set mail.to"):
        deliver(body(b"x\n"), "s", Delivery(to=(), sender="v@example.com", transport="smtp", smtp_port=1), CREATED)
