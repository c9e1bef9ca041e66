"""Made-up expressions and lines, dense in everything that is easy to get wrong."""

from hypothesis import strategies as st

ALPHABET = b"ab_1 .-"

plain = st.sampled_from([bytes([byte]) for byte in b"aab1_ .-x:/\"'~@"])
escapes = st.sampled_from(
    [
        rb"\w",
        rb"\W",
        rb"\s",
        rb"\S",
        rb"\b",
        rb"\B",
        rb"\<",
        rb"\>",
        rb"\.",
        rb"\[",
        rb"\{",
        rb"\d",
        rb"\n",
        rb"\/",
        rb"\`",
        rb"\'",
    ]
)
brackets = st.one_of(
    st.sampled_from(
        [
            rb"[ab]",
            rb"[^a]",
            rb"[[:digit:]]",
            rb"[^[:space:]]",
            rb"[[:alnum:]_-]",
            rb"[]a]",
            rb"[^]a]",
            rb"[a-]",
            rb"[\n]",
            rb"[\]",
            rb"[[:space:]]",
            rb"[^[:alpha:]]",
            rb"[a-b1]",
            rb"[[]",
            rb"[[[:digit:]]",
            rb"[.-]",
            rb"[[:punct:]]",
            rb"[[.-.]]",
            rb"[[=a=]b]",
            rb"[--/]",
            rb"[ -~]",
            rb"[^ ]",
            rb"[\x]",
            rb"[[:cntrl:]]",
            rb"[[:graph:]]",
            rb"[[:print:]]",
            rb"[[:xdigit:]]",
            rb"[[:upper:]]",
        ]
    ),
    st.lists(st.sampled_from([b"a", b"b", b"-", b"]", b"[", b"^", b".", b"[:digit:]", b"\\", b":", b" "]), max_size=4).map(
        lambda parts: b"[" + b"".join(parts) + b"]"
    ),
)
odd = st.sampled_from(
    [b"^", b"$", b".", b"{", b"}", b")", b"]", b"{a", b"a{x}", b"{1", rb"\1", b"*", b"+", b"|", b"()", b"a{1,2}", b"{2}"]
)
repetitions = st.sampled_from([b"*", b"+", b"?", b"{2}", b"{1,2}", b"{,2}", b"{1,}", b"**", b"+?", b"{0}", b"{,}", b"{2}{2}"])
atoms = st.one_of(plain, plain, escapes, brackets, odd)
ends = st.sampled_from(
    [b"", b"", b"$", b" $", b".*$", b" *$", b"[[:space:]]+$", b"[[:space:]]*", b"( |$)", b"(|a)$", b"\\b$", b"\\W$", b" "]
)
starts = st.sampled_from([b"", b"", b"^", b"^ ", b"(^|a)", b"^\\b", b"(^a|b)", b"^^", b"a|^"])


def _larger(inner):
    groups = inner.map(lambda text: b"(" + text + b")")
    repeated = st.tuples(st.one_of(plain, brackets, groups), repetitions).map(b"".join)
    joined = st.lists(st.one_of(inner, repeated), min_size=1, max_size=4).map(b"".join)
    return st.one_of(joined, st.lists(inner, min_size=2, max_size=3).map(b"|".join), groups, repeated)


bodies = st.recursive(atoms, _larger, max_leaves=10)
expressions = st.tuples(starts, bodies, ends).map(b"".join)
"""POSIX extended regular expressions, legal or not."""

lines = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"a",
                b"b",
                b"ab",
                b" ",
                b"  ",
                b"\t",
                b"\r",
                b"_",
                b"1",
                b"-",
                b".",
                b"x",
                b"\x00",
                b"\xff",
                b"\x1b",
                b"{a",
                b"a{x}",
                b"\\",
                b"[",
                b"]",
            ]
        ),
        st.binary(max_size=2).map(lambda data: data.replace(b"\n", b"")),
    ),
    max_size=7,
).map(b"".join)
"""Lines of a log, without their newline."""
