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
