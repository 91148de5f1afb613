"""Builds the site: `make docs`. The pages are those of the repository, so that every link also works on a hosting site.

Two markers in the pages are replaced by what is drawn or listed from the code: `[layers]` and `[modules: PACKAGE]`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from site_from_code import drawn_pages, readable, write_markers
from sphinx.application import Sphinx

import labkit

project = "labkit"
author = "the labkit authors"
copyright = "2026, the labkit authors"
release = version = labkit.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"),
    *("docs/*.md", "docs/api/*.md", "notebooks/*", "exercises/*", "solutions/README.md"),
    *("benchmarks/README.md", "deploy/README.md", "labkit/course/README.md"),
]
exclude_patterns = ["**/.ipynb_checkpoints", ".*", "tests/**"]

nb_execution_mode = "off"  # what is saved is what people read, and the tests compare it
nb_merge_streams = True
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = [
    "myst.header",  # a notebook's headings may begin at any level
    "misc.highlighting_failure",  # examples may be cut short with ...
]
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signature has them
autodoc_default_options = {"members": True}

html_theme = "furo"
html_title = "labkit"
html_extra_path = ["site"]
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Connect the hooks."""
    app.connect("env-get-outdated", drawn_pages)
    app.connect("source-read", write_markers)
    app.connect("autodoc-process-docstring", readable)
