#!/bin/sh
# Runs every unit test program in DIR, as many at once as there are processors, and adds up what they say.
# A program that dies or does not end in time counts as one failure. Usage: tests/unit/run_all.sh DIR
set -eu

dir=$1
logs=$dir/logs
rm -rf "$logs"
mkdir -p "$logs"

# shellcheck disable=SC2012
ls "$dir"/*_test | xargs -P "$(nproc)" -I{} sh -c '
	name=$(basename {})
	timeout 600 {} >"$0/$name.log" 2>&1 || echo "exit status $?" >"$0/$name.failed"' "$logs"

passed=0
failed=0
for log in "$logs"/*.log; do
	name=$(basename "$log" .log)
	good=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	if [ -e "$logs/$name.failed" ] && [ "$bad" = 0 ]; then
		bad=1
	fi
	if [ "$bad" != 0 ]; then
		echo "FAIL $name ($(cat "$logs/$name.failed" 2>/dev/null))"
		grep -v '^\[ RUN\|^\[       OK' "$log" | tail -n 40
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
