#!/bin/sh
# The window, end to end, under Xvfb: see run.py.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${RVEMU:-}" ] || make --no-print-directory -s rvemu
[ -e guest.elf ] || make --no-print-directory -s guest.elf guest-disks
mkdir -p build/window
riscv64-unknown-elf-gcc -I. -std=gnu11 -O1 -g -march=rv64gc -mabi=lp64 -mcmodel=medany -ffreestanding -fno-common -mno-relax \
	-Wall -Wextra -Wshadow -Werror -nostdlib -static -Wl,--build-id=none,--no-warn-rwx-segments \
	-T tests/window/card.ld tests/window/card.c -o build/window/card.elf -lgcc
exec python3 tests/window/run.py "$@"
