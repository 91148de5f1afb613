"""The modules of labkit, for tests that read all of them. Recorded drafts of others are data, and not among them."""

from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "labkit"
DRAFTS = "labkit/drafts/"


def modules() -> list[Path]:
    """Every Python file of the package, sorted."""
    return sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "drafts")
