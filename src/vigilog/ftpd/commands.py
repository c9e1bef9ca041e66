"""FTP commands in ProFTPD's words: the classes that an ExtendedLog chooses from."""

from __future__ import annotations

CLASSES: dict[str, frozenset[str]] = {
    "AUTH": frozenset(["USER", "PASS", "ACCT", "REIN", "HOST", "AUTH"]),
    "INFO": frozenset(["PWD", "XPWD", "SYST", "HELP", "FEAT", "SIZE", "MDTM", "STAT", "CLNT", "CSID", "QUIT"]),
    "DIRS": frozenset(
        ["PWD", "XPWD", "CWD", "XCWD", "CDUP", "XCUP", "MKD", "XMKD", "RMD", "XRMD", "LIST", "NLST", "MLSD", "MLST", "MDTM"]
    ),
    "READ": frozenset({"RETR"}),
    "WRITE": frozenset(["STOR", "STOU", "APPE", "DELE", "MKD", "XMKD", "RMD", "XRMD", "RNFR", "RNTO", "MFMT", "MFF"]),
    "MISC": frozenset(
        [
            "TYPE",
            "STRU",
            "MODE",
            "PASV",
            "EPSV",
            "PORT",
            "EPRT",
            "REST",
            "RANG",
            "ALLO",
            "ABOR",
            "SMNT",
            "NOOP",
            "OPTS",
            "SITE",
            "RNFR",
            "RNTO",
        ]
    ),
    "SEC": frozenset(["AUTH", "PBSZ", "PROT", "CCC", "SSCN"]),
    "CONNECT": frozenset({"CONNECT"}),
    "EXIT": frozenset({"EXIT"}),
    "SSH": frozenset(),
    "SFTP": frozenset(),
}
"""The commands of each class (ProFTPD 1.3.8)."""


def classes_of(command: str) -> tuple[str, ...]:
    """The classes that a command is in; it is in capitals, a SITE command as `SITE CHMOD`."""
    name = command.split(" ", 1)[0]
    return tuple(word for word, commands in CLASSES.items() if name in commands)
