import threading
import time

import pytest

from qa.turns import Turns


def test_turns_are_taken_in_the_order_of_coming():
    turns, taken, inside = Turns(), [], []

    def take(n):
        with turns.turn():
            inside.append(n)
            assert len(inside) == 1
            time.sleep(0.01)
            taken.append(n)
            inside.remove(n)

    with turns.turn():
        threads = []
        for n in range(20):
            threads.append(threading.Thread(target=take, args=(n,)))
            threads[-1].start()
            while len(turns._line) < n + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert taken == list(range(20))


def test_what_fails_lets_the_next_go_on():
    turns = Turns()
    with pytest.raises(OSError), turns.turn():
        raise OSError
    with turns.turn():
        pass


def test_who_waits_for_quiet_waits_for_all_in_line_but_not_for_ever():
    turns, began = Turns(), time.monotonic()
    turns.wait_for_quiet(5)
    assert time.monotonic() - began < 1
    go_on = threading.Event()

    def take():
        with turns.turn():
            go_on.wait(10)

    thread = threading.Thread(target=take)
    thread.start()
    while not turns._line:
        time.sleep(0.001)
    turns.wait_for_quiet(0.05)
    assert turns._line
    threading.Timer(0.1, go_on.set).start()
    turns.wait_for_quiet(10)
    assert not turns._line
    thread.join(10)
