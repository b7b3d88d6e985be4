#!/bin/sh
# Tests of the guest's shell (guest/user/sh), built for the host with sanitizers: the scripts of cases.txt, and job control on a
# pseudo terminal.
cd "$(dirname "$0")/../.." || exit 2
out=build/tests/guest_sh
mkdir -p "$out"
if ! gcc -std=gnu11 -D_GNU_SOURCE -I. -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror \
	guest/user/sh/*.c guest/user/lib/terminal.c guest/user/lib/utf8.c -o "$out/sh"; then
	echo "0 passed, 1 failed"
	exit 1
fi
# What belongs to the shell's one run needs no freeing.
export ASAN_OPTIONS=detect_leaks=0
exec python3 tests/guest_sh/check.py "$out/sh" tests/guest_sh/cases.txt
