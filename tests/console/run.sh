#!/bin/sh
# The guest kernel's terminal (guest/kernel/screen/terminal*.c) and key map, built for the host with sanitizers: escape sequences
# against what console_codes(4) says of them, keys against terminfo's "linux", and random bytes.
cd "$(dirname "$0")/../.." || exit 2
out=build/tests/console
mkdir -p "$out"
for test in terminal_test random_test keymap_test; do
	if ! gcc -std=gnu11 -I. -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Wshadow -Werror \
		"tests/console/$test.c" guest/kernel/screen/terminal*.c guest/kernel/screen/keymap.c -o "$out/$test"; then
		echo "0 passed, 1 failed"
		exit 1
	fi
done
passed=0
failed=0
for test in terminal_test random_test keymap_test; do
	"$out/$test" >"$out/$test.log" 2>&1
	status=$?
	cat "$out/$test.log"
	passed=$((passed + $(grep -c '^ok ' "$out/$test.log")))
	bad=$(grep -c '^FAIL ' "$out/$test.log")
	[ "$status" -eq 0 ] || [ "$bad" -ne 0 ] || bad=1
	failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
