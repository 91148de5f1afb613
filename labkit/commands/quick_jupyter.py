"""JupyterLab, started without jsonschema's optional IRI grammar, whose parsers cost 1.8 s at every start."""

import sys

if __name__ == "__main__":
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

    from jupyterlab.labapp import main

    sys.exit(main())
