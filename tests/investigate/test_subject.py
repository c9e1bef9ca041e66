"""What somebody asks about is recognised by its form."""

from __future__ import annotations

import pytest

from vigilog.core.errors import ConfigurationError
from vigilog.investigate.subject import subject


@pytest.mark.parametrize(
    ("text", "kind", "normal"),
    [
        ("203.0.113.7", "address", "203.0.113.7"),
        ("::ffff:203.0.113.7", "address", "203.0.113.7"),
        ("2001:DB8:0:0::7", "address", "2001:db8::7"),
        ("[2001:db8::7]", "address", "2001:db8::7"),
        ("203.0.113.7/24", "network", "203.0.113.0/24"),
        ("2001:db8::/32", "network", "2001:db8::/32"),
        ("::ffff:203.0.113.0/120", "network", "203.0.113.0/24"),
        ("anna", "user", "anna"),
        ("anna.b-c@example.test", "user", "anna.b-c@example.test"),
        ("sshd[4711]", "session", "sshd[4711]"),
        ("10635:6b000226:203", "session", "10635:6b000226:203"),
        ("awABnArzSrOKle9yzxm7sgAAAAM", "session", "awABnArzSrOKle9yzxm7sgAAAAM"),
        ("Failed .* for root", "pattern", "Failed .* for root"),
        ("300.1.1.1", "pattern", "300.1.1.1"),
    ],
)
def test_the_form_tells_what_it_is(text, kind, normal):
    found = subject(text)
    assert (found.kind, found.text) == (kind, normal)


def test_what_it_is_said_to_be_counts_more():
    assert subject("203.0.113.7", "user").kind == "user"
    assert subject("root", "pattern").kind == "pattern"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("anna", "address"), ("203.0.113.7", "network"), ("", None), ("a\nb", None), ("(", None), ("x" * 2000, None)],
)
def test_what_cannot_be_is_said(text, kind):
    with pytest.raises(ConfigurationError):
        subject(text, kind)
