#!/bin/sh
# Chromium and tinyproxy from the system's packages and Node's ws into .e2e/, where this machine can have them.
# Never fails: the tests that need one say so, and fail in CI (see tests/e2e/need.py).
cd "$(dirname "$0")/../.." || exit 0
if ! command -v chromium >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing Chromium for the browser tests"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        chromium fonts-dejavu-core; } >/dev/null 2>&1 || echo "Chromium could not be installed"
fi
if [ ! -x /usr/bin/tinyproxy ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing tinyproxy for the tests of a class behind a proxy"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends tinyproxy; } \
        >/dev/null 2>&1 || echo "tinyproxy could not be installed"
fi
if command -v npm >/dev/null 2>&1 && [ ! -d .e2e/node_modules/ws -o ! -d .e2e/node_modules/axe-core \
    -o ! -d .e2e/node_modules/socket.io ]; then
    echo "installing ws, socket.io and axe-core for the Node and accessibility tests"
    npm install --silent --no-audit --no-fund --no-package-lock --prefix .e2e ws@8 axe-core@4 socket.io@4 >/dev/null 2>&1 \
        || echo "ws could not be installed"
fi
exit 0
