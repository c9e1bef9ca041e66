"""What the exit status of each command says: the one source of the manual and of the documentation."""

from __future__ import annotations

Statuses = tuple[tuple[int, str], ...]

WRONG_OPTION = (2, "An option is wrong.")
NOT_RUNNING = (69, "`vigilog run` is not running, or does not answer.")
NOT_ALLOWED = (77, "The control socket is closed to this user.")
NO_KAFKA = (69, "With `--fleet`: confluent-kafka is not installed.")
MISSING = (69, "What Kafka or a packed log needs is not installed; a line says which extra has it.")
MISTAKE = (78, "There is a mistake in the configuration; each is told with its file and line.")

STATUSES: dict[str, Statuses] = {
    "check": (
        (0, "The logs were read, whether there was something to report or not."),
        (1, "There is no report, or not the whole of it. A line that begins with `Error:` says why, on stderr."),
    ),
    "run": (
        (0, "It was told to end, or standard input, its only source, ended."),
        (1, "Another `vigilog run` is at work, or the firewall cannot be had."),
        WRONG_OPTION,
        (66, "A source cannot be opened: a socket address is taken, or a log may not be looked at."),
        MISSING,
        (74, "The state directory cannot be used."),
        (78, "There is a mistake in the configuration or in a rule; each is told with its file and line."),
    ),
    "replay": (
        (0, "The logs were replayed, whether there was an alert or not."),
        WRONG_OPTION,
        (66, "A log is missing or cannot be read."),
        MISSING,
        (78, "There is a mistake in the configuration or in a rule, or no rule of that name."),
    ),
    "investigate": (
        (0, "Everything that can be read was searched, whether something was found or not."),
        WRONG_OPTION,
        (66, "Nothing that was named can be searched, or a log with evidence is gone meanwhile."),
        (75, "The evidence is there already, or cannot be written."),
        (78, "The subject, a time or a number means nothing, or there is a mistake in the configuration."),
    ),
    "verify": (
        (0, "The archive is whole, and no log says anything else by now."),
        (1, "The archive is not whole, or a log was changed."),
        WRONG_OPTION,
        (66, "The archive cannot be read."),
        (78, "HASH is no SHA-256."),
    ),
    "tail": (
        (0, "What is new was printed."),
        (65, "The file cannot be examined."),
        (66, "No file was named, or it is missing, unreadable or not a file."),
        (73, "The offset file cannot be written; what was printed will come again."),
        (74, "Standard output cannot be written; nothing was remembered."),
    ),
    "explain": (
        (0, "Every line would be ignored."),
        (1, "A line would be reported."),
        WRONG_OPTION,
        (66, "A file with lines cannot be read."),
        MISTAKE,
    ),
    "validate": ((0, "There is no mistake."), WRONG_OPTION, (78, "There are mistakes.")),
    "init": (
        (0, "The file was written."),
        WRONG_OPTION,
        (78, "The file is there already or cannot be written, or the logcheck.sh has a mistake."),
    ),
    "rules": (
        (0, "The list was printed; every sample holds; no rule was fooled."),
        (1, "A sample does not hold, or a rule can be fooled."),
        WRONG_OPTION,
        (78, "There is a mistake in a rule file, or no rule of that name."),
    ),
    "status": ((0, "The status was printed."), WRONG_OPTION, NOT_RUNNING, NOT_ALLOWED),
    "ban": (
        (0, "All of them are banned."),
        (1, "One is not banned, or with `--fleet` the brokers do not answer; a line says why."),
        WRONG_OPTION,
        NO_KAFKA,
        (74, "The store cannot be used."),
        NOT_ALLOWED,
        MISTAKE,
    ),
    "unban": (
        (0, "They are let in, or were not banned."),
        (1, "One is not let in, or with `--fleet` the brokers do not answer; a line says why."),
        (2, "An option is wrong, or it is not said who is let in."),
        NO_KAFKA,
        (74, "The store cannot be used."),
        NOT_ALLOWED,
    ),
    "bans": (
        (0, "The list was printed."),
        (1, "With `--fleet`: the brokers do not answer; a line says why."),
        WRONG_OPTION,
        NO_KAFKA,
        (74, "The store cannot be read."),
        NOT_ALLOWED,
    ),
    "reload": (
        (0, "The new configuration is in use."),
        (1, "The daemon could not reload, and said why."),
        WRONG_OPTION,
        NOT_RUNNING,
        NOT_ALLOWED,
        (78, "There is a mistake in the new configuration; the one before it stays in use."),
    ),
    "report": (
        (0, "The report was made, or there is nothing to report."),
        (2, "The range is not understood, a script that is named is missing, or the file cannot be written."),
        (69, "The range needs dateparser, or a packed log zstandard; a line says which extra has it."),
        (75, "The mailer failed."),
        (78, "There is a mistake in logwatch's files."),
        (99, "An option is wrong."),
        (255, "There is no such service, or no such log file group."),
    ),
    "ship": (
        (0, "All that was read is acknowledged by a broker, or written; or it followed, and was told to end."),
        (1, "Records are dead letters, were dropped, or are lost; or another process ships to the same topic."),
        WRONG_OPTION,
        (66, "A log is missing or cannot be read; what the others had was shipped."),
        (69, "confluent-kafka is not installed."),
        (74, "The store or the spool cannot be used."),
        (75, "Records wait in the spool for the next call, or were not delivered; or what they go to cannot be written."),
        (78, "There is a mistake in the configuration, the LogFormat, or what brokers are told."),
        (130, "It was interrupted; what was shipped by then is remembered. (143: it was told to end.)"),
    ),
    "top": (
        (0, "It was told to end, or the screen was printed."),
        WRONG_OPTION,
        MISTAKE,
    ),
    "web": (
        (0, "It was told to end, or the password was set."),
        WRONG_OPTION,
        (69, "starlette, jinja2, uvicorn or cryptography is not installed."),
        (78, "There is a mistake in the configuration, each is told with its file and line; or it would be open to others."),
    ),
    "ftpd": (
        (0, "It was told to end, or the configuration has no mistake."),
        WRONG_OPTION,
        (69, "pyftpdlib, pyOpenSSL or passlib is not installed."),
        (78, "There is a mistake in the configuration, each is told with its file and line; or a port is taken."),
    ),
    "fleet run": (
        (0, "It was told to end."),
        (1, "Kafka does not answer, or refused; or the work ended. Started again, it goes on where it was."),
        WRONG_OPTION,
        (69, "confluent-kafka or quixstreams is not installed."),
        (74, "The directory for the state cannot be used."),
        (78, "There is a mistake in the configuration, or no trigger is the fleet's."),
    ),
    "fleet status": (
        (0, "The status was printed."),
        (1, "Kafka does not answer, or there is no topic of events yet."),
        WRONG_OPTION,
        (69, "confluent-kafka is not installed."),
        MISTAKE,
    ),
    "flushlogs": (
        (0, "The files were opened anew."),
        (1, "The daemon could not do it, and said why."),
        WRONG_OPTION,
        NOT_RUNNING,
        NOT_ALLOWED,
    ),
    "ledger check": (
        (0, "The ledger was read, whether a request is open or not."),
        (1, "With `--strict`: something was found."),
        (2, "A file cannot be read to its end; what could be read was checked. Or an option is wrong."),
    ),
    "blackbox show": (
        (0, "What there is was printed, be it nothing."),
        (1, "There is no block of that number."),
        WRONG_OPTION,
        (66, "A file cannot be read or unpacked."),
        (78, "A time, an address or a number means nothing."),
    ),
    "blackbox recover": (
        (0, "All blocks that there were to write are written."),
        (1, "Something was damaged or could not be written; a line says what."),
        WRONG_OPTION,
        (66, "The directory cannot be read."),
        (78, "FILE is no path from the root."),
    ),
    "blackbox run": (
        (
            0,
            "COMMAND ended so. Its status is given on, whatever it is; a signal that ended it ends Vigilog, too.",
        ),
        WRONG_OPTION,
        (78, "There is a mistake in the rules or in an option; COMMAND was not started."),
        (126, "COMMAND is there, but cannot be run."),
        (127, "There is no such COMMAND."),
    ),
    "manual": ((0, "The manual was printed or written."), WRONG_OPTION, (78, "A page cannot be written.")),
    "completion": ((0, "The script was printed."), WRONG_OPTION),
}
