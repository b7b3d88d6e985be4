#!/bin/sh
# Tests of the guest's editor (guest/user/vi), built for the host with sanitizers: cases.py and check.py, on a pseudo terminal.
cd "$(dirname "$0")/../.." || exit 2
out=build/tests/guest_vi
mkdir -p "$out"
if ! gcc -std=gnu11 -D_GNU_SOURCE -I. -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror \
	guest/user/vi/*.c guest/user/lib/terminal.c guest/user/lib/utf8.c -o "$out/vi"; then
	echo "0 passed, 1 failed"
	exit 1
fi
exec python3 tests/guest_vi/check.py "$out/vi" "$out"
