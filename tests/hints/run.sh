#!/bin/sh
# What the guest kernel's hints tell, against its own /proc: see hints.py.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${RVEMU:-}" ] || make --no-print-directory -s rvemu
[ -n "${GUEST:-}" ] || make --no-print-directory -s guest.elf
exec python3 tests/hints/hints.py "$@"
