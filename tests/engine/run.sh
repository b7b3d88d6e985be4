#!/bin/bash
# The engine: blocks, budgets, code that changes, traps, harts. Builds the guest programs beside and
#   - runs each with ./rvemu, plain, once more, traced, and with a small TLB: it must end well, and always alike
#     (instructions retired, hash of RAM); programs for several harts with several quanta;
#   - runs engine_test.c, which takes machines apart (VARIANT=asan: that one under the sanitizers).
# Last line: N passed, N failed.
set -u
cd "$(dirname "$0")/../.." || exit 1

OUT=build/engine-tests
VARIANT=${VARIANT:-gcc}
SECONDS_EACH=60
INSNS_EACH=400000000

passed=0
failed=0

# assemble NAME SOURCE [flags]
assemble() {
	local name=$1 source=$2
	shift 2
	riscv64-unknown-elf-gcc -march=rv64gc -mabi=lp64d -mcmodel=medany -mno-relax -nostdlib -static -Wall -Werror \
		-I. "$@" -T tests/engine/guest.ld -Wl,--build-id=none,--no-warn-rwx-segments "tests/engine/$source.S" \
		-o "$OUT/$name.elf" || exit 1
}

build() {
	local sanitizers=()
	make --no-print-directory -s rvemu || exit 1
	make --no-print-directory -s "VARIANT=$VARIANT" "build/$VARIANT/librvemu.a" || exit 1
	[ "$VARIANT" = asan ] && sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all)
	for name in self_modify blocks traps aliases arena; do
		assemble $name $name
	done
	for harts in 1 2 4 8; do
		assemble smp$harts smp -DHARTS=$harts
	done
	tests/isa/run.sh build || exit 1
	cp build/isa-tests/programs.elf $OUT/ || exit 1
	gcc -std=gnu11 -O1 -g "${sanitizers[@]}" -I. -D_GNU_SOURCE "-DELFS=\"$OUT\"" -Wall -Wextra -Wshadow \
		-Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror tests/engine/engine_test.c \
		"build/$VARIANT/librvemu.a" -lcmocka -ldw -lelf -lfdt -lslirp -lzstd -lpng -lncursesw -ltinfo -lz -lm -lpthread -ldl \
		-o $OUT/engine_test || exit 1
}

# count NAME OK: one more test; OK is 0 if it has passed.
count() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1"
	fi
}

# The line that says how a run ended, and its exit status.
run() {
	timeout $SECONDS_EACH ./rvemu --max-insns $INSNS_EACH --ram-hash "$@" </dev/null 2>&1 >/dev/null | grep ram-hash
	echo "status ${PIPESTATUS[0]}"
}

# alike NAME TRACE OPTIONS...: a program ends well, and however it is run in the same way. TRACE: an option, or empty.
alike() {
	local name=$1 trace=$2 first again
	shift 2
	first=$(run "$@" "$OUT/$name.elf")
	[ "${first##*status }" = 0 ]
	count "$name $*: ${first//$'\n'/, }" $?
	for how in "" ${trace:+"$trace"} "--tlb teach"; do
		# shellcheck disable=SC2086
		again=$(run "$@" $how "$OUT/$name.elf")
		[ "$again" = "$first" ]
		count "$name $* $how: ${again//$'\n'/, }, and plain ${first//$'\n'/, }" $?
	done
}

mkdir -p $OUT
build
trace="--trace all:/dev/null"
for name in self_modify blocks traps aliases; do
	alike $name "$trace"
done
alike programs ""
again=$(run $OUT/arena.elf)
[ "${again##*status }" = 0 ]
count "arena: ${again//$'\n'/, }" $?
for harts in 1 2 4 8; do
	for quantum in 1 7 5000; do
		alike smp$harts "" --smp $harts --quantum $quantum
	done
	alike smp$harts "$trace" --smp $harts --quantum 1000
done
$OUT/engine_test >$OUT/engine_test.log 2>&1
status=$?
good=$(grep -c '^\[       OK \] test_' $OUT/engine_test.log)
bad=$(grep -c '^\[  FAILED  \] test_.*[^:]$' $OUT/engine_test.log)
[ $status = 0 ] || { [ "$bad" = 0 ] && bad=1; grep -v '^\[ RUN' $OUT/engine_test.log | tail -n 30; }
passed=$((passed + good))
failed=$((failed + bad))
[ "$good" != 0 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ $failed = 0 ]
