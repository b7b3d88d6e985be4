#!/bin/sh
# Statistics, curves and the oracle, of runs of real guests: see check.py.
cd "$(dirname "$0")/../.." || exit 2
make --no-print-directory -s rvemu guest.elf guest-demo guest-disks || { echo "0 passed, 1 failed"; exit 1; }
exec python3 tests/observe/check.py "$@"
