#!/bin/sh
# Renews requirements/*.txt from the ranges in pyproject.toml (hash-pinned, no index named). Needs uv in the venv.
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile -q pyproject.toml requirements/build.in --upgrade --generate-hashes --no-header --no-annotate "$@"; }
compile -o requirements/run.txt
compile --group dev -o requirements/dev.txt
