"""What a client is answered, and what its logs and black box are told of it."""

from __future__ import annotations

import os
import re
import time

from vigilog.ftpd import transfers
from vigilog.ftpd.command import Command
from vigilog.ftpd.event import Circumstances, event
from vigilog.ftpd.record import FAILED_LOGIN
from vigilog.ftpd.wire import Wire
from vigilog.ftpd.wording import Said, worded


class Talk(Wire):
    """The answers of one connection. `after_answer` are the kinds of a block that its last answer leaves behind it."""

    after_answer: tuple[str, ...] = ()

    def respond(self, resp: str, logfun: object = None) -> None:
        """An answer of pyftpdlib's, put into ProFTPD's words."""
        del logfun  # a level of pyftpdlib's
        code, text = int(resp[:3]), resp[4:]
        command = self.concerned(code)
        if command is not None:
            code, text = worded(code, text, Said(command.name, command.argument, self.type, self.announced))
        self.answer(command, code, text)

    def reply(self, code: int, text: str) -> None:
        """An answer in our own words."""
        self.answer(self.command, code, text)

    def concerned(self, code: int) -> Command | None:
        """The command that an answer is about: the present one, or the one whose data connection was closed."""
        data, aborting = getattr(self, "data_channel", None), self.command is not None and self.command.name == "ABOR"
        if self.moving is not None and ((data is not None and data._closed) or (aborting and code == 426)):  # noqa: SLF001
            transfers.settled(self, complete=code == 226)
            return self.moving
        return self.command

    def answer(self, command: Command | None, code: int, text: str) -> None:
        text = text.replace("\r", "?").replace("\n", "?")
        self._last_response = f"{code} {text}"
        after: tuple[str, ...] = ()
        if command is not None and code < 200:
            transfers.begun(self, command)
        elif command is not None and command.name == "QUIT" and not command.answered:
            # It is written down when its answer was sent, and counts it.
            self.send_answer(code, text)
            if not self.finished:
                self.answered(command, code, text)
            return
        elif command is not None and not command.answered:
            after = self.answered(command, code, text)
        if command is self.moving and code >= 200:
            self.moving = None
        self.send_answer(code, text)
        if after:
            self.record.dump(*after)

    def send_answer(self, code: int, text: str) -> None:
        """Says it to the client."""
        self.record.log.trace("response", 7, f"sending '{code} {text}'")
        self.push(f"{code} {text}\r\n")
        self.look_at_counters()

    def port_of(self, command: Command, code: int, text: str) -> int | None:
        """The port for data that was announced last, by this answer or by what the client asked for."""
        said = text if command.name in {"PASV", "EPSV"} else command.argument
        numbers = [int(number) for number in re.findall("[0-9]{1,5}", said)]
        match command.name, code:
            case ("PASV", 227) | ("PORT", 200):
                self.data_port = numbers[-2] * 256 + numbers[-1]
            case ("EPSV", 229) | ("EPRT", 200):
                self.data_port = numbers[-1]
        return self.data_port

    def answered(self, command: Command, code: int, text: str) -> tuple[str, ...]:
        """A command came to its end: logs and the black box are told. Gives the kinds of a block to be written after the
        answer."""
        command.answered = True
        if command.name == "RNFR" and code < 400:
            command.size = 0
        self.look_at_counters()
        command.port, command.type = self.port_of(command, code, text), self.type
        if command.name in {"CWD", "XCWD"} and code >= 400 and self.fs is not None:
            command.path, command.outside = "", self.fs.outside(self.fs.cwd)
        if command.name == "DELE" and code < 400:
            transfers.logged(self, "d", command.outside, command.size or 0, 0, self.type)
        self.logged(command, code, text)
        if command.name != "PASS" or code < 400:
            return ()
        if self.after_answer:
            return self.after_answer
        self.record.dump(FAILED_LOGIN)
        return ()

    def logged(self, command: Command | None, code: int | None, text: str) -> None:
        """Something happened; without a command, the beginning of the session. Whoever wants to have it (ExtendedLog,
        KafkaLogOnEvent) is told."""
        name, sender = command.name if command else "CONNECT", self.host.sender
        lines = sender.wanted(name, self.scope, self.place(command)) if sender is not None else []
        if not lines and not self.record.log.logs.extended:
            return
        facts, ends, account = self.record.facts, self.record.ends, self.account
        about = Circumstances(
            *(self.host.clock(), self.client, ends.client_port, self.local, ends.local_port),
            *(self.host.shown, self.host.settings.name, os.getpid(), str(facts.protocol)),
            *(facts.raw_bytes_in, facts.raw_bytes_out, int(facts.uid or 0), int(facts.gid or 0)),
            user=account.name if account else facts.user,
            group=account.group if account else None,
            tried=self.username or None,
            anonymous_password=self.secret if account and account.anonymous else None,
            directory=self.fs.cwd if self.fs is not None else "/",
            environment=self.host.settings.environment,
            end_reason=self.end_reason if command and command.name == "EXIT" else None,
            connection_class=self.host.class_of(self.client),
        )
        found = event(command, code, text, time.monotonic(), about)
        self.record.log.extended(name, found)
        if sender is not None and lines:
            sender.send(lines, found, self.session_id)

    def place(self, command: Command | None) -> str:
        """Where a command does what it does, as the host knows the path: at the file or directory that it is about, else in the
        current directory; '' before the login."""
        if self.fs is None or self.account is None:
            return ""
        return command.outside if command is not None and command.outside else self.fs.outside(self.fs.cwd)
