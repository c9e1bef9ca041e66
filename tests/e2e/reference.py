"""What the real logcheck says to every case, without Vigilog: `python -m tests.e2e.reference [WORD]`.

Prints each case whose fact holds WORD (all that failed without one), and what the real program did that its fact does not say.
"""

from __future__ import annotations

import sys

from tests.e2e.cases import CASES
from tests.e2e.harness import Outcome, missing_facts, plant, play, real_logcheck


def show(number: int, outcome: Outcome) -> None:
    """Print what one run left."""
    print(f"--- run {number}: status {outcome.status}, errors {outcome.errors}")
    sys.stdout.flush()
    sys.stdout.buffer.write(outcome.report)
    sys.stdout.flush()
    for mail in outcome.mails:
        print(mail)
    if outcome.stderr:
        print(outcome.stderr.decode(errors="backslashreplace"), file=sys.stderr)


def main(words: list[str]) -> int:
    """Play the cases chosen by `words` and print them; 1 if a fact does not hold."""
    failed = 0
    for case in CASES:
        if words and not all(word in case.fact for word in words):
            continue
        with plant(case) as tree:
            told = play(tree, real_logcheck)
            wrong = missing_facts(tree, told[0][0], told[-1][0])
        failed += bool(wrong)
        if words or wrong:
            print(f"=== {case.fact}")
            for number, (outcome,) in enumerate(told, start=1):
                show(number, outcome)
            for fault in wrong:
                print(f"!!! {fault}")
    print(f"{failed} of {len(CASES)} cases do not hold")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
