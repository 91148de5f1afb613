"""A pytest plugin: nbformat imports jsonschema, whose optional IRI grammar costs 1.8 s. Nothing here needs it."""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
