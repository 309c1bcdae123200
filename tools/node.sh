#!/bin/sh
# Installs what Node programs of the long runs need into .cache/node.
set -eu
cd "$(dirname "$0")/.."
[ ! -d .cache/node/node_modules/nodemailer ] || exit 0
if ! command -v npm >/dev/null; then
    echo "missing: npm (apt-get install --no-install-recommends npm); what needs it skips" >&2
    exit 0
fi
mkdir -p .cache/node
npm install --prefix .cache/node --no-audit --no-fund --loglevel=error nodemailer >&2
