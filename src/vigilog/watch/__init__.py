"""Watching logs: from files, directories, the journal and pipes to chunks of whole records, without losing one.

What may enter: how a kind of source is read, where its positions are, and what rotation does to it. Nothing here knows what a
record means. The way in is `sources.open_source`; what comes out is `core.nouns.Chunk` and `Notice`.

    sources         the kinds, and how they are written                options   what every kind is told
    files           one log file, whatever rotates it                  globs     a pattern of them, of which the newest counts
    multilog        a directory of daemontools' multilog               journal   the systemd journal (journal_entries too)
    standard_input  a pipe                                             ledger    requests that never end (ledger_requests,
                                                                                processes)

    reading         following a log through its history: the one loop under files, globs and multilog
    rotation        the history: which files a log had, oldest first   route     from marks and a history to the steps
    identity        marks: how far a file was read, how to know it     steps     what a reading has before it
    predecessor     the file before, and what came to it late          copies    what `cp` and copytruncate leave
    vanished        files whose names are gone, not their bytes        notices   what is said of all this
    first           where a first reading begins                       today     the same, by the stamps of the records
    one_file        one step: records out, marks behind them           records   bytes to whole records, by the block
    families        several files that are named: which are one log, and in which order
    generation      one open file of a history                         streams   reading by offset where bytes come in order
    compressed      .gz .bz2 .xz .zst (zstandard_frames, zstandard_program)

    live            all sources of the watchman, in one loop           live_kinds    what they have in common, and opening them
    live_log        a file or multilog directory that grows            live_glob     a pattern of files that grow and appear
    live_journal    a journalctl that follows (journalctl)             live_input    standard input as it comes
    datagrams       syslog over a local socket or UDP                  connections   syslog over TCP (framing: its messages)
    syslog_address  where these sockets are                            syslog_lines  messages to chunks of lines
    held            files kept open while their names change           changes       which logs something happened to
    places          what must be watched for that                      inotify       the kernel's word
    mounts          where the kernel says nothing
"""
