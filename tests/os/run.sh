#!/bin/sh
# The guest OS: distribution programs, policies, swapping, power cuts, on rvemu and QEMU: see run.py.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${RVEMU:-}" ] || make --no-print-directory -s rvemu
[ -n "${GUEST:-}" ] || make --no-print-directory -s guest.elf
exec python3 tests/os/run.py "$@"
