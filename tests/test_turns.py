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
            while len(turns._line) < n + 1:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert taken == list(range(20))


def test_who_is_patient_goes_after_all_others():
    turns, taken = Turns(), []

    def take(name, patient):
        with turns.turn(patient=patient):
            taken.append(name)

    with turns.turn():
        threads = []
        for waiting, (name, patient) in enumerate(
            [("guess", True), ("asked", False), ("second guess", True), ("asked later", False)], 1
        ):
            threads.append(threading.Thread(target=take, args=(name, patient)))
            threads[-1].start()
            while len(turns._line) + len(turns._patient) < waiting:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert taken == ["asked", "asked later", "guess", "second guess"]


def test_what_fails_lets_the_next_go_on():
    turns = Turns()
    with pytest.raises(OSError), turns.turn():
        raise OSError
    with turns.turn():
        pass


def test_who_leaves_the_line_holds_up_nobody():
    turns = Turns()
    with turns.place() as first:
        assert first.is_set()
        with turns.place() as second, turns.place(patient=True) as third:
            assert not second.is_set() and not third.is_set()
        with turns.place(patient=True) as fourth:
            assert not fourth.is_set()
            with turns.place() as fifth:
                pass
    assert not fifth.is_set()
    with turns.place() as last:
        assert last.is_set()
