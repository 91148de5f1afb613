#!/bin/sh
# Make the environment $2 with the Python $1. If that Python will not do, say so in one sentence with a way out.
python=$1
venv=$2
version='import sys; print(".".join(map(str, sys.version_info[:3]))); sys.exit(sys.version_info < (3, 11))'

refuse() {
    for other in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$other" -c "import ensurepip, venv; $version" >/dev/null 2>&1; then
            echo "labkit: $1; this machine has one that will do: make lab PYTHON=$other" >&2
            exit 2
        fi
    done
    echo "labkit: $1; $2, then make lab PYTHON=its-name" >&2
    exit 2
}

newer="install Python 3.11 or newer (macOS: brew install python; Debian, Ubuntu: apt install python3 python3-venv)"
found=$("$python" -c "$version" 2>/dev/null)
enough=$?
[ -n "$found" ] || refuse "there is no $python that runs" "$newer"
[ $enough = 0 ] || refuse "$python is Python $found, and labkit needs 3.11 or newer" "$newer"
"$python" -c 'import ensurepip, venv' 2>/dev/null \
    || refuse "$python cannot make environments, as its module venv is missing" "apt install $(basename "$python")-venv"
exec "$python" -m venv --clear "$venv"
