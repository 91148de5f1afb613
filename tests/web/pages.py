"""The modules of labkit/web for node, which reads `.js` as ES modules only where a package.json says so."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.need import node_path

WEB = Path(__file__).parent.parent.parent / "labkit" / "web"
HERE = Path(__file__).parent


def modules_in(folder: Path) -> Path:
    """A copy of the page's modules that node can import."""
    web = folder / "web"
    shutil.copytree(WEB, web)
    (web / "package.json").write_text('{"type": "module"}')
    return web


def in_node(folder: Path, *arguments: str, given: object = None) -> subprocess.CompletedProcess[str]:
    """Run node with the modules at $WEB."""
    return subprocess.run(
        [node_path(), *arguments],
        input=json.dumps(given),
        env={**os.environ, "WEB": str(modules_in(folder))},
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def answer_of(folder: Path, script: str, given: object = None) -> Any:
    """What a script prints as JSON, given something as JSON."""
    done = in_node(folder, script, given=given)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
