#!/bin/sh
# See run.py, which does the work.
set -eu
exec "$(dirname "$0")/run.py" "$@"
