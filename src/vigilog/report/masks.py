"""What a log line has in common with others: numbers become `#`; addresses, names, quoted words and identifiers become `*`.

All is written for flat messages, in which every digit is 0. Words are masked one by one, since few differ; then names are
recognised by the words around them.
"""

from __future__ import annotations

import re
from functools import lru_cache

FLAT = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
"""For bytes.translate: makes a message flat. Most of those that differ in numbers only are equal after it, at no cost."""

_MEMORY = 16384

_UNITS = rb"(?:service|socket|slice|scope|timer|mount|target|device)"
_WORD = re.compile(
    rb"""
    # <anna>, <id@host>
      < [^<>]* >
    # anna@example.com, but not user@1000.service
    | (?<! [^=<>()\[\]{},;:"'|] ) [^=<>()\[\]{},;:"'|@]+ @ (?! [^@]{0,64} \. UNIT \b ) [^=<>()\[\]{},;:"'|]+
    # mx.example.com[192.0.2.1]
    | (?<! [A-Za-z0_.-] ) [A-Za-z0_.-]* \[ (?: 0+ (?: \.0+ ){3} | [0a-fA-F]{0,4} : [0a-fA-F:.]{1,45} ) \]
    # 192.0.2.1
    | (?<! [A-Za-z0.] ) 0+ (?: \.0+ ){3} (?! [A-Za-z0] | \.0 )
    # 52:54:00:12:34:56, and IPv6 written out
    | (?<! [A-Za-z0:] ) (?: [0a-fA-F]{1,4} : ){5,15} [0a-fA-F]{1,4} (?! [A-Za-z0:] )
    # 2001:db8::1, ::ffff:192.0.2.1
    | (?<! [A-Za-z0:] ) (?: (?: [0a-fA-F]{1,4} : ){1,7} | : ) : (?: [0a-fA-F]{1,4} : ){0,7}
      (?: [0a-fA-F]{1,4} (?: \.0+ ){0,3} )? (?! [A-Za-z0:] )
    # a UUID
    | (?<! [A-Za-z0] ) [0a-fA-F]{8} (?: - [0a-fA-F]{4} ){3} - [0a-fA-F]{12} (?! [A-Za-z0] )
    # short queue ids, checksums: hexadecimal, with a digit and a letter
    | (?<! [A-Za-z0] ) (?= [a-fA-F]{0,64} 0 ) (?= 0{0,64} [a-fA-F] ) [0a-fA-F]{6,64} (?! [A-Za-z0] )
    # long queue ids, sessions: letters and digits in turn
    | (?<! [A-Za-z0_] ) (?= [A-Za-z]{1,20} 0+ [A-Za-z]{1,20} 0 | 0+ [A-Za-z]{1,20} 0+ [A-Za-z] )
      [A-Za-z0]{10,64} (?! [A-Za-z0_] )
    # www.example.com, but not org.freedesktop.systemd1
    | (?<! [A-Za-z0./-] ) (?! (?: org | com | net | io ) \. ) [A-Za-z0_-]+ (?: \. [A-Za-z0_-]+ ){1,10} \. [A-Za-z][A-Za-z0_-]*
      (?! [A-Za-z0./] )
    | (?P<number> (?<! [A-Za-z0] ) 0x [0a-fA-F]+ (?! [A-Za-z0] ) | 0+ )
    """.replace(rb"UNIT", _UNITS),
    re.VERBOSE,
)

_NAME = rb"[A-Za-z0#*_.@$\\+-]+"
_NOT_A_NAME = rb"(?:NOT|in|is|name|not|session|unknown|request|does|has|with|and|or|of|logged)"
_KEYS = rb"(?:user|ruser|sasl_username|rhost|logname|login|acct|host|hostname|client|helo|relay|USER)"
_NAMES = re.compile(
    rb"""
      ( " ) [^"]* (?= " )
    | ( (?<! [A-Za-z0\#*] ) [`'] ) [^'`]* (?= ' )
    | ( \b (?: user | User ) [ ] ) (?! NOT_A_NAME \b ) NAME
    | ( \b KEYS = ) (?: [^ ,;\[\]] | \[ [^ \]]* \] )+
    | ( \b for [ ] ) NAME (?= [ ] from \b )
    | ( \b for [ ] \[ ) [^\]]* (?= \] )
    | ( ^ sudo (?: \[\#\] )? : [ ]+ ) NAME (?= [ ] : [ ] )
    | ( \b (?: imap | pop\# | lda | lmtp | managesieve ) \( ) NAME (?= \) )
    | ( \( to [ ] ) NAME (?= \) )
    | ( \) [ ] ) NAME (?= [ ] on [ ] (?: none | pts | tty | /dev ) )
    | ( \b by [ ] ) NAME (?= \(uid= )
    | ( \b su [ ] for [ ] ) NAME (?= [ ] by \b )
    | ( \b password [ ] changed [ ] for [ ] ) NAME
    | ( \b query: [ ] ) [^ ]+
    | ( \( ) [A-Za-z0\#_-]+ (?: \. [A-Za-z0\#_-]+ )+ (?= \) : )
    """.replace(b"NOT_A_NAME", _NOT_A_NAME)
    .replace(b"NAME", _NAME)
    .replace(b"KEYS", _KEYS),
    re.VERBOSE,
)


@lru_cache(_MEMORY)
def template(flat: bytes) -> bytes:
    """What the flat message (digits are 0, no newline) has in common with others of its form."""
    return _names(b" ".join([_word(word) for word in flat.split(b" ")]))


@lru_cache(_MEMORY)
def _word(word: bytes) -> bytes:
    return _WORD.sub(_masked_word, word)


def _masked_word(found: re.Match[bytes]) -> bytes:
    if found["number"]:
        return b"#"
    text = found[0]
    if text.startswith(b"<"):
        return b"<*>"
    return b"*[*]" if text.endswith(b"]") else b"*"


@lru_cache(_MEMORY)
def _names(words: bytes) -> bytes:
    return _NAMES.sub(_masked_name, words)


def _masked_name(found: re.Match[bytes]) -> bytes:
    return (found[found.lastindex] if found.lastindex else b"") + b"*"
