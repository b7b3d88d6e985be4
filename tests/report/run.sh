#!/bin/sh
# The page of pictures in a browser without a screen: see run.py.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${RVEMU:-}" ] || make --no-print-directory -s rvemu
make --no-print-directory -s guest.elf guest-disks build/guest/demo.elf
exec python3 tests/report/run.py "$@"
