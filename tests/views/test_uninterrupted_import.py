"""An interrupt waits until the imports are done, and is not lost."""

import signal
import subprocess
import sys
import threading

import pytest

from labkit.views.uninterrupted_import import uninterrupted

IMPORTED = """
import signal, sys

class Impatient:
    def find_spec(self, name, *_):
        if name == "matplotlib.colors":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Impatient())
try:
    import labkit.views
except KeyboardInterrupt:
    print("interrupted, whole:", "matplotlib.figure" in sys.modules)
import labkit.views
labkit.views.diagram
print("imported")
"""


def test_interrupt_is_delayed_to_end_of_block() -> None:
    done = []
    handler = signal.getsignal(signal.SIGINT)

    def block() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["all"]
    assert signal.getsignal(signal.SIGINT) is handler


def test_import_in_thread_works() -> None:
    """Only the main thread may set a signal handler."""
    done = []

    def block() -> None:
        with uninterrupted():
            done.append("all")

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert done == ["all"]


def test_views_import_after_interrupted_import() -> None:
    printed = subprocess.run([sys.executable, "-c", IMPORTED], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == ["interrupted, whole: True", "imported"]
