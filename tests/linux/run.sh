#!/bin/sh
# Debian's riscv64 kernel on rvemu, with every device at work: see run.py.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${RVEMU:-}" ] || make --no-print-directory -s rvemu
exec python3 tests/linux/run.py
