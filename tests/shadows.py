"""A learner's folder whose files are named like libraries; each leaves a mark when it is imported."""

from pathlib import Path

NAMES = (
    *("email", "random", "token", "secrets", "json", "calendar", "asyncio", "socket", "ssl", "typing", "operator"),
    *(
        "pickle",
        "struct",
        "labkit",
        "numpy",
        "websockets",
        "click",
        "sitecustomize",
        "usercustomize",
        "ipykernel_launcher",
    ),
)
MARKS = "imported.txt"


def fill(folder: Path) -> Path:
    """Put the files there; what they are imported by ends at once."""
    for name in NAMES:
        (folder / f"{name}.py").write_text(
            f"open({str(folder / MARKS)!r}, 'a').write({name!r} + '\\n')\nraise SystemExit({name!r})\n",
            encoding="utf-8",
        )
    return folder


def imported(folder: Path) -> list[str]:
    """Which of them were imported."""
    marks = folder / MARKS
    return marks.read_text(encoding="utf-8").split() if marks.exists() else []
