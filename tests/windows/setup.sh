#!/bin/sh
# Wine from the system's packages, for the tests on Python for Windows, where this machine can have it.
if ! command -v wine >/dev/null 2>&1 && [ ! -x /usr/lib/wine/wine64 ] && [ "$(uname -m)" = x86_64 ] \
    && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing Wine for the tests on Python for Windows"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends wine64; } \
        >/dev/null 2>&1 || echo "Wine could not be installed"
fi
exit 0
