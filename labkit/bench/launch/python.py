"""Start one of our Python programs so that it imports only installed libraries.

    subprocess.Popen(python("labkit", "serve", "--port", "0"))      # a module, as `python -m` runs it
    subprocess.Popen(python("folder/my_server.py"))                 # a file

`python -m` puts the working folder in front of the standard library, and PYTHONPATH may do the same with another one:
a learner's `email.py` there would replace Python's own. So the program gets neither, nor any other PYTHON* variable.
Text is passed as UTF-8, whatever the locale.
"""

import os
import sys
from pathlib import Path

from labkit.bench import working_copy

# -E: no PYTHON* variables; -P: neither the working folder nor the program's folder comes first; -u: no line waits.
ISOLATED = ("-E", "-P", "-u", "-X", "utf8")
BOOT = """
import os, runpy, sys
sys.path += [path for path in sys.argv.pop(1).split(os.pathsep) if path and path not in sys.path]
del sys.argv[0]
if sys.argv[0].endswith(".py"):
    sys.path.append(os.path.dirname(os.path.abspath(sys.argv[0])))
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def python(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a module, or a file whose name ends in .py."""
    return [sys.executable, *ISOLATED, "-c", BOOT, os.pathsep.join(_libraries()), program, *arguments]


def last_words(errors: bytes) -> str:
    """Return the last line that a program wrote to stderr. In a traceback, this is the error itself."""
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "it wrote nothing"


def _libraries() -> list[str]:
    """Return the folders from which a program may import libraries: those of installed packages, and labkit's own."""
    here = working_copy.here()
    folders = [path for path in sys.path if path and Path(path) != here and _is_installation(Path(path))]
    return [*folders, str(Path(__file__).resolve().parents[3])]


def _is_installation(folder: Path) -> bool:
    return next(folder.glob("*.dist-info"), None) is not None
