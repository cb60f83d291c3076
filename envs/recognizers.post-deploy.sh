#!/usr/bin/env bash
# conda itself cannot install by hash and without dependencies. VOXSIEVE_ROOT is set by the Snakefile.
set -euo pipefail
python -m pip install --no-deps --require-hashes -r "$VOXSIEVE_ROOT/envs/recognizers.lock"
