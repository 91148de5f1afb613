"""The order of a whole run: what takes longest begins first, so that nobody waits for it at the end; async tests."""

import inspect
import signal
import sys
from collections.abc import Iterator

import pytest

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is born deaf to Ctrl-C
for deaf in {"SIGHUP", "SIGQUIT"} & set(dir(signal)):  # and a job under nohup to these
    signal.signal(getattr(signal, deaf), signal.SIG_DFL)

LONGEST_FIRST = (
    "notebooks/",
    "tests/test_examples_in_",
    "tests/test_style.py",
    "tests/review/",
    "tests/course/",
    "tests/windows/",
    "tests/wire/",
    "",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same for every worker: files keep their own order within a place."""
    items.sort(key=lambda item: next(n for n, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start)))


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test on a loop of its own."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    from tests.wire.raw import on_a_loop  # imports the server, which most tests do without

    on_a_loop(test)(**{name: pyfuncitem.funcargs[name] for name in inspect.signature(test).parameters})
    return True


@pytest.fixture(autouse=True)
def no_kernel_is_left() -> Iterator[None]:
    """A test that needed IPython's shell leaves none: the next one is not taken for a cell of a notebook."""
    yield
    shell = sys.modules.get("IPython.core.interactiveshell")
    if shell is not None and shell.InteractiveShell.initialized():
        shell.InteractiveShell.clear_instance()
