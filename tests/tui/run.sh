#!/bin/sh
# The text interface in a real terminal (tmux): see run.py.
cd "$(dirname "$0")/../.." || exit 2
[ -n "${RVEMU:-}" ] || make --no-print-directory -s rvemu || { echo "0 passed, 1 failed"; exit 1; }
make --no-print-directory -s guest.elf guest-disks || { echo "0 passed, 1 failed"; exit 1; }
exec python3 tests/tui/run.py "$@"
