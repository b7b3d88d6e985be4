#!/bin/bash
# Snapshots, recordings and replays with real guests:
#   - resume_test.c: machines that go on from a snapshot are compared with those that never stopped, byte for byte
#     (VARIANT=asan: under the sanitizers);
#   - replay.py: sessions at a terminal, recorded and replayed, with ./rvemu (RVEMU: another one).
# Last line: N passed, N failed.
set -u
cd "$(dirname "$0")/../.." || exit 1

OUT=build/snapshot-tests
VARIANT=${VARIANT:-gcc}
GUEST=(riscv64-unknown-elf-gcc -march=rv64gc -mabi=lp64 -mcmodel=medany -nostdlib -ffreestanding -static -mno-relax -Wall
	-Wextra -Werror -I. -Wl,--build-id=none,--no-warn-rwx-segments)

# engine_guest NAME SOURCE [flags]: one of the engine's programs.
engine_guest() {
	local name=$1 source=$2
	shift 2
	"${GUEST[@]}" "$@" -mabi=lp64d -T tests/engine/guest.ld "tests/engine/$source.S" -o "$OUT/$name.elf" || exit 1
}

build() {
	local sanitizers=() lib="build/$VARIANT/librvemu.a"
	make --no-print-directory -s rvemu || exit 1
	make --no-print-directory -s "VARIANT=$VARIANT" "$lib" || exit 1
	[ "$VARIANT" = asan ] && sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all)
	for name in self_modify blocks traps aliases; do
		engine_guest $name $name
	done
	engine_guest smp4 smp -DHARTS=4
	for name in sleeper talk; do
		"${GUEST[@]}" -T tests/snapshot/storm.ld tests/snapshot/$name.S -o $OUT/$name.elf || exit 1
	done
	for harts in 1 4; do
		"${GUEST[@]}" -std=gnu11 -O1 -DHARTS=$harts -DROUNDS=20000 -T tests/snapshot/storm.ld \
			tests/snapshot/storm_start.S tests/snapshot/storm.c -o $OUT/storm$harts.elf || exit 1
	done
	gcc -std=gnu11 -O1 -g "${sanitizers[@]}" -I. -D_GNU_SOURCE "-DELFS=\"$OUT\"" -Wall -Wextra -Wshadow \
		-Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror tests/snapshot/resume_test.c "$lib" \
		-lcmocka -ldw -lelf -lfdt -lslirp -lzstd -lpng -lncursesw -ltinfo -lz -lm -lpthread -ldl \
		-o $OUT/resume_test || exit 1
}

mkdir -p $OUT
build
$OUT/resume_test >$OUT/resume_test.log 2>&1
status=$?
passed=$(grep -c '^\[       OK \] test_' $OUT/resume_test.log)
failed=$(grep -c '^\[  FAILED  \] test_.*[^:]$' $OUT/resume_test.log)
[ $status = 0 ] || { [ "$failed" = 0 ] && failed=1; grep -v '^\[ RUN' $OUT/resume_test.log | tail -n 30; }
[ "$passed" != 0 ] || failed=$((failed + 1))

tests/snapshot/replay.py >$OUT/replay.log 2>&1
grep -v '^[0-9]* passed' $OUT/replay.log
read -r ok _ bad _ <<<"$(tail -n 1 $OUT/replay.log | tr -d ,)"
if [[ $ok =~ ^[0-9]+$ ]]; then
	passed=$((passed + ok))
	failed=$((failed + bad))
else
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
