"""`labkit`, and `python -m labkit`: check which packages the command line lacks before it is imported."""

import os
import sys


def main() -> None:
    """Run the command line, or print in one line which package it lacks."""
    _put_working_folder_last()
    from labkit.platform.packages import missing_package

    try:
        from labkit.cli import main as run
    except ImportError as error:
        sentence = missing_package(error)
        if sentence is None:
            raise
        sys.stderr.write(f"Error: {sentence}\n")
        sys.exit(2)
    run()


def _put_working_folder_last() -> None:
    """Undo what `python -m` does: last, no file in the working folder can replace a library."""
    try:
        here = os.getcwd()
    except OSError:  # it was removed
        here = ""
    if not sys.flags.safe_path and sys.path[0] in ("", here):
        sys.path.append(sys.path.pop(0))


if __name__ == "__main__":
    main()
