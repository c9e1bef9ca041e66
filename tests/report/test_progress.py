"""Progress is silent for a second, then one line that is rewritten and taken away at the end."""

from tests.report.samples import Written
from vigilog.report.progress import Progress


class Time:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_nothing_is_shown_in_the_first_second():
    time, written = Time(), Written()
    progress = Progress(written.write, time, 1000)
    for _ in range(9):
        time.now += 0.1
        progress.advance(100, 1)
    progress.finish()
    assert written.data == b""


def test_share_size_and_speed_are_shown_and_taken_away():
    time, written = Time(), Written()
    progress = Progress(written.write, time, 10_000_000)
    time.now += 2
    progress.advance(2_500_000, 50_000)
    progress.finish()
    progress.finish()
    assert written.data == b"\r\x1b[K 25%  2 of 10 MB  25,000 lines/s\r\x1b[K"


def test_the_line_is_rewritten_a_few_times_a_second_only():
    time, written = Time(), Written()
    progress = Progress(written.write, time, None)
    for _ in range(1000):
        time.now += 0.01
        progress.advance(1_000_000, 10)
    assert 40 <= len(written.pieces) <= 50
    assert written.pieces[-1].startswith(b"\r\x1b[K1,0")


def test_input_that_grows_while_it_is_read_never_is_more_than_all():
    time, written = Time(), Written()
    progress = Progress(written.write, time, 1_000_000)
    time.now += 4
    progress.advance(2_000_000, 4)
    assert written.data == b"\r\x1b[K100%  2 of 2 MB  1 lines/s"
