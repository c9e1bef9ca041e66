"""What ProFTPD 1.3.8 says where pyftpdlib says something else, so that logs and clients see the words that they know.

Each reply has the code of pyftpdlib's, but for what a client may tell apart (a missing argument is 500 there, not 501).
"""

from __future__ import annotations

from typing import NamedTuple

MODE = {"a": "ASCII", "i": "BINARY"}

WORDS: dict[tuple[str, int], str] = {
    ("CWD", 250): "CWD command successful",
    ("XCWD", 250): "XCWD command successful",
    ("CDUP", 250): "CDUP command successful",
    ("XCUP", 250): "XCUP command successful",
    ("TYPE", 200): "Type set to {upper}",
    ("TYPE", 504): "TYPE not implemented for '{argument}' parameter",
    ("STRU", 200): "Structure set to {upper}",
    ("MODE", 200): "Mode set to {upper}",
    ("NOOP", 200): "NOOP command successful",
    ("RMD", 250): "RMD command successful",
    ("XRMD", 250): "XRMD command successful",
    ("DELE", 250): "DELE command successful",
    ("RNFR", 350): "File or directory exists, ready for destination name",
    ("RNTO", 250): "Rename successful",
    ("RNTO", 503): "Bad sequence of commands",
    ("REST", 350): "Restarting at {argument}. Send STORE or RETRIEVE to initiate transfer",
    ("REST", 501): "REST requires a value greater than or equal to 0",
    ("ALLO", 202): "No storage allocation necessary",
    ("PORT", 200): "PORT command successful",
    ("EPRT", 200): "EPRT command successful",
    ("ABOR", 226): "Abort successful",
    ("SITE CHMOD", 200): "SITE CHMOD command successful",
    ("LIST", 150): "Opening {mode} mode data connection for file list",
    ("NLST", 150): "Opening {mode} mode data connection for file list",
    ("MLSD", 150): "Opening {mode} mode data connection for MLSD",
    ("STOR", 150): "Opening {mode} mode data connection for {argument}",
    ("APPE", 150): "Opening {mode} mode data connection for {argument}",
    ("RETR", 150): "Opening {mode} mode data connection for {argument} ({size} bytes)",
    ("OPTS", 200): "UTF8 set to on",
    ("SYST", 215): "UNIX Type: L8",
    ("QUIT", 221): "Goodbye.",
    ("FEAT", 211): "End",
    ("STAT", 211): "End of status",
    ("MLST", 250): "End of list",
    ("STRU", 504): "'STRU {upper}' unsupported structure type",
    ("MODE", 504): "'MODE {upper}' unsupported transfer mode",
    ("OPTS", 500): "OPTS {argument} not understood",
}

SAME = {("ABOR", 225): 226, ("OPTS", 501): 500}
"""Codes that ProFTPD does not tell apart."""

FILES = frozenset(
    [
        "RETR",
        "STOR",
        "APPE",
        "SIZE",
        "MDTM",
        "MFMT",
        "CWD",
        "XCWD",
        "MKD",
        "XMKD",
        "RMD",
        "XRMD",
        "DELE",
        "RNFR",
        "RNTO",
        "LIST",
        "NLST",
        "MLST",
        "MLSD",
        "STAT",
    ]
)
"""Commands whose refusal begins with the name that it is about."""

TEMPORARY = frozenset({"NLST", "STAT"})
"""Commands that answer 450 to a name that does not exist."""


COUNTED = frozenset(
    ["DELE", "MDTM", "MFMT", "MKD", "OPTS", "PORT", "EPRT", "RMD", "RNFR", "RNTO", "SIZE", "XMKD", "XRMD", "CWD", "XCWD"]
)
"""Commands of which ProFTPD counts the words."""


def without_argument(command: str) -> tuple[int, str]:
    """What is said of a command that lacks its argument."""
    match command:
        case "USER":
            return 500, "USER: command requires a parameter"
        case "SITE":
            return 500, "'SITE' requires parameters"
        case "ALLO" | "MODE" | "STRU":
            return 504 if command == "ALLO" else 501, f"'{command}' not understood"
        case _ if command in COUNTED:
            return 501, "Invalid number of parameters"
        case _:
            return 500, f"'{command}' not understood"


class Said(NamedTuple):
    """What a reply is about: the command and its argument as the client sent them, the transfer type ('a' or 'i'), the size
    of the file to be sent, in bytes."""

    command: str
    argument: str
    type: str = "a"
    size: int = 0


def worded(code: int, text: str, said: Said) -> tuple[int, str]:
    """The code and text of a reply, in ProFTPD's words; pyftpdlib's where those are as good."""
    if code == 501 and "command needs an argument" in text:
        return without_argument(said.command)
    if code == 501 and text.startswith("Syntax error: command "):
        return 501, "Invalid number of parameters"
    code = SAME.get((said.command, code), 150 if code == 125 else code)
    if words := WORDS.get((said.command, code)):
        return code, words.format(
            argument=said.argument, upper=said.argument.upper(), mode=MODE[said.type], size=said.size, text=text
        )
    match code:
        case 226:
            return code, "Transfer complete"
        case 550 if said.command == "MLST":
            return code, f"'{said.argument}' cannot be listed"
        case 550 if said.command == "SITE CHMOD":
            return code, f"{said.argument.partition(' ')[2]}: {text.removesuffix('.')}"
        case 500 if said.command.startswith("SITE "):
            return code, f"'{said.command}' not understood"
        case 501 if said.command == "MLSD":
            return 550, f"{said.argument}: No such file or directory"
        case 227 | 229:
            return code, text.replace("passive mode", "Passive Mode").replace("extended ", "Extended ").removesuffix(
                "." if code == 229 else ""
            )
        case 257 if said.command in {"MKD", "XMKD"}:
            return code, text.replace('" directory created.', '" - Directory successfully created')
        case 257 | 213:
            return code, text.removesuffix(".")
        case 550 if said.command == "SIZE" or text.endswith("channel."):
            return code, text.removesuffix(".")
        case 500 if text.endswith("not understood."):
            return code, f"{said.command or said.argument} not understood"
        case 530:
            return code, "Please login with USER and PASS"
        case 550 if said.command in FILES and "in ASCII mode" not in text:
            why = text.removesuffix(".").replace("Not enough privileges", "Permission denied")
            return 450 if said.command in TEMPORARY else code, f"{said.argument}: {why}"
        case _:
            return code, text
