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


def test_two_at_once_are_in_order_and_the_patient_have_it_alone():
    turns, taken, inside = Turns(at_once=2), [], []
    go_on = threading.Event()

    def take(name, patient=False):
        with turns.turn(patient=patient):
            inside.append(name)
            taken.append((name, len(inside)))
            assert go_on.wait(10)
            inside.remove(name)

    def start(name, present, **how):
        threads.append(threading.Thread(target=take, args=(name,), kwargs=how))
        threads[-1].start()
        while len(turns._line) + len(turns._patient) + len(inside) < present:
            time.sleep(0.001)

    threads = []
    for present, name in enumerate("abcd", 1):
        start(name, present)
    start("guess", 5, patient=True)
    start("e", 6)
    assert sorted(inside) == ["a", "b"] and len(turns._line) == 3
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert [name for name, _ in taken[:2]] == ["a", "b"]
    assert taken[-1] == ("guess", 1)
    assert max(together for _, together in taken) == 2
    with turns.turn(patient=True):
        pass


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
