"""A process that is asked to end ends, at whatever moment the signal comes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from galeria.adapters.lasting_process import StopSignal

# The kernel may hand a signal to any thread, and then nothing wakes the main one; the same as where the signal comes in the
# moment before it falls asleep.
ANOTHER_THREAD = """
import signal, threading, time
from pathlib import Path
from galeria.adapters.lasting_process import StopSignal

def main_thread_sleeps():
    stat = Path(f"/proc/self/task/{threading.main_thread().native_id}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "S"

def send():
    time.sleep(0.05)  # without the interpreter's lock: the main thread goes on to where it waits
    while not main_thread_sleeps():
        time.sleep(0.01)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

stop = StopSignal()
stop.listen()
threading.Thread(target=send, daemon=True).start()
print(stop.wait())
"""


def test_a_signal_that_another_thread_gets_wakes_the_main_thread() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_THREAD], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)


@contextmanager
def listening() -> Iterator[StopSignal]:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    stop = StopSignal()
    stop.listen()
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_came_before_is_not_waited_for(number: signal.Signals) -> None:
    with listening() as stop:
        signal.raise_signal(number)
        assert stop.wait()


def test_nobody_waits_longer_than_told() -> None:
    with listening() as stop:
        assert not stop.wait(0.01)
        assert not stop.wait(0)
        assert not stop.is_asked
