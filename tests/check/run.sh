#!/bin/sh
# --check against our own guest OS: see run.py. Needs rvemu, guest.elf and its disks. Usage: tests/check/run.sh [--only WORD]
set -eu

cd "$(dirname "$0")/../.."
exec python3 tests/check/run.py "$@"
