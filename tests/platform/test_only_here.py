"""What differs between systems is asked in labkit/platform, and nowhere else."""

import re
from pathlib import Path

from tests.package import modules

PACKAGE = Path(__file__).parents[2] / "labkit"
ASKS = re.compile(
    r"\bos\.name\b|\bsys\.platform\b|\bplatform\.system\b|\bimport (fcntl|resource|msvcrt|pwd|termios|pty|uvloop)\b"
    r"|\b(add|remove)_signal_handler\b|\bsignal\.SIG(KILL|HUP|USR[12]|STOP|CONT)\b|\bos\.(fork|exec\w+|killpg|geteuid|getuid)\b"
    r"|\bO_(NOFOLLOW|CLOEXEC)\b|\bstart_new_session\b|\"/proc|\bimport shlex\b|\bSO_REUSE"
)
TEXT = re.compile(r'""".*?"""|#.*?$', re.DOTALL | re.MULTILINE)
ELSEWHERE = {
    "classroom/pack/install.py": {"os.name", "sys.platform"},  # runs alone, where labkit is not installed yet
    "commands/running.py": {"import uvloop"},  # an extra: where it is missing, a sentence says so
}


def _asked(path: Path) -> set[str]:
    return {found[0] for found in ASKS.finditer(TEXT.sub("", path.read_text(encoding="utf-8")))}


def test_no_module_outside_platform_asks_for_the_system() -> None:
    paths = [path for path in modules() if path.relative_to(PACKAGE).parts[0] != "platform"]
    asked = {path.relative_to(PACKAGE).as_posix(): _asked(path) for path in paths}
    assert {name: found for name, found in asked.items() if found - ELSEWHERE.get(name, set())} == {}


def test_the_pattern_finds_each_kind() -> None:
    """It would find them: these modules do ask."""
    found = set().union(*map(_asked, (PACKAGE / "platform").rglob("*.py")))
    assert {"sys.platform", "os.name", "import fcntl", "import resource", "add_signal_handler", "os.killpg"} <= found
