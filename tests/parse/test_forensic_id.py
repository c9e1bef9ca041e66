"""What request IDs say of their time and their process."""

from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse.forensic_id import Made, made


def test_the_own_form_of_the_module():
    assert made(b"25504:6b000167:1f") == Made(0x6B000167, 25504, b"25504")


def test_mod_unique_id_of_today_keeps_its_process_to_itself():
    found = made(b"awABnArzSrOKle9yzxm7sgAAAAM")
    assert found is not None
    assert (found.time, found.pid, len(found.process)) == (0x6B00019C, None, 10)


def test_mod_unique_id_of_old_tells_the_process():
    # the ID in the documentation of httpd
    assert made(b"yQtJf8CoAB4AAFNXBIEAAAAA") == Made(0xC90B497F, 0x5357, b"\xc0\xa8\x00\x1e\x00\x00\x53\x57")


def test_the_old_alphabet_is_not_that_of_today():
    assert made(b"AAAAAAAAAAAAAAA@AAAAAAAA") == Made(0, 62, bytes(7) + b"\x3e")
    assert made(b"AAAAAAAAAAAAAAA-AAAAAAAA") == Made(0, 63, bytes(7) + b"\x3f")
    now = made(b"AAAAAAA-AAAAAAAAAAAAAAAAAAA")
    assert now
    assert now.process[1] == 0x3E


def test_ids_of_other_forms_say_nothing():
    for other in (
        b"",
        b"a",
        b"1:2",
        b"1:2:3:4",
        b"x:2:3",
        b"1:XY:3",
        b"1:2F:3",
        b" 1:2:3",
        b"1:2:3 ",
        b"4f9c2f9e-1111-2222-3333-444455556666",
    ):
        assert made(other) is None
    assert made(b"*" * 27) is None
    assert made(b"*" * 24) is None
    assert made(b"A" * 23 + b"=") is None


def test_requests_of_one_process_share_its_mark_in_a_real_log(sample_data):
    log = (sample_data / "apache/mod_log_forensic/unique-ids/forensic_log").read_bytes()
    found = [made(line[1:].partition(b"|")[0]) for line in log.splitlines() if line.startswith(b"+")]
    assert len(found) == 1521
    processes = {one.process for one in found if one}
    assert len(processes) == 6  # four children, and the two that took the place of the killed ones
    assert all(one and 0x6B00022E <= one.time <= 0x6B000260 for one in found)


def test_the_real_log_with_process_numbers(sample_data):
    log = (sample_data / "apache/mod_log_forensic/pid-ids/forensic_log").read_bytes()
    found = [made(line[1:].partition(b"|")[0]) for line in log.splitlines() if line.startswith(b"+")]
    assert {one.pid for one in found if one} == {10635, 10636, 10637, 10638, 10834, 11111}


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**40), st.integers(0, 2**32))
def test_whatever_number_and_time_it_is_made_of_is_read_back(pid, time, counter):
    assert made(b"%d:%x:%x" % (pid, time, counter)) == Made(time, pid, b"%d" % pid)


@given(st.binary(max_size=40))
def test_no_id_is_too_strange(identity):
    made(identity)
