#!/bin/bash
# Every test that needs nothing from outside, one after another, and the sum of what they say as the last line.
#
# A part is a command whose output has lines "N passed, N failed[, N skipped]"; the last one counts. A part that fails
# without such a line counts as one failure. Parts: the unit tests as built by gcc, by clang and under the sanitizers; lint;
# every tests/*/run.sh, some of them also with the program as built under the sanitizers; and a short fuzzing. The output of each goes to build/test-logs/.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=build/test-logs
mkdir -p "$logs"
passed=0
failed=0
skipped=0

# part NAME COMMAND...
part() {
	local name=$1 log start status last
	shift
	log=$logs/${name//\//-}.log
	start=$SECONDS
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	last=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
	local ok=0 bad=0 left=0
	if [ -n "$last" ]; then
		read -r ok _ bad _ left _ <<<"${last//,/}"
	fi
	left=${left:-0}
	if [ $status -ne 0 ] && [ "$bad" = 0 ]; then
		bad=1
		last="${last:+$last, but }exit status $status"
	elif [ -z "$last" ]; then
		bad=1
		last="said nothing of what it did"
	fi
	printf '%-14s %s (%d s)\n' "$name" "$last" $((SECONDS - start))
	if [ "$bad" != 0 ]; then
		echo "--- the end of $log:"
		grep -avE '^  (CC|LINK) ' "$log" | tail -n 40
		echo "---"
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + left))
}

build() {
	make --no-print-directory -s -j "$(nproc)" "$@"
}

# The variants' programs are built without running: their tests are parts of their own.
both() {
	build VARIANT="$1" unit-programs "build/$1/rvemu" && build VARIANT="$1" unit
}

.ci/setup || exit 1
if ! build rvemu; then
	echo "rvemu does not build"
	echo "0 passed, 1 failed"
	exit 1
fi
part unit-gcc both gcc
part unit-clang both clang
part unit-asan both asan
for script in tests/*/run.sh; do
	name=$(basename "$(dirname "$script")")
	[ "$name" = bench ] || [ "$name" = fuzz ] || part "$name" "$script"
done
for name in isa guest system; do
	RVEMU=build/asan/rvemu part "$name-asan" "tests/$name/run.sh"
done
FUZZ_SECONDS=${FUZZ_SECONDS:-5} part fuzz tests/fuzz/run.sh

tail=
[ "$skipped" = 0 ] || tail=", $skipped skipped"
echo "$passed passed, $failed failed$tail"
[ "$failed" = 0 ]
