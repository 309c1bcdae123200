#!/bin/sh
# Installs Mailstead into .venv from the lock file, and what that needs of Debian if it is missing.
#   tools/install.sh run|dev
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
lock=requirements/$kind.txt
stamp=.venv/.installed-$kind
say() { printf 'install: %s\n' "$*" >&2; }

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Python 3.11 or newer is needed. On Debian 12: apt-get install python3 python3-venv"
    exit 1
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing python3-venv"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        say "Python's venv module is missing. Run: sudo apt-get install python3-venv"
        exit 1
    fi
fi
[ -x .venv/bin/python ] || python3 -m venv .venv
if [ ! -e "$stamp" ] || [ "$lock" -nt "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    say "installing the locked packages ($lock)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    touch "$stamp"
    [ "$kind" = dev ] && touch .venv/.installed-run || true
fi
