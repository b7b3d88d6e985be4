#!/bin/bash
# What every instruction does: each row of the table with edge operands, each group of compressed instructions,
# words that are no instruction, and random programs, run by rvemu and by QEMU; where QEMU lacks an instruction or
# is wrong, a reference says what is right (rows.c, row_oracles(), lists why). Then the round trip of the table
# through the assembler.
#
#   tests/isa/run.sh               everything
#   tests/isa/run.sh ROW           all cases of one row: "fadd.s", "c1.0:addi"; what differs is printed
#   tests/isa/run.sh program SEED  one program: the first instruction after which something differs
#   tests/isa/run.sh build         builds build/isa-tests/programs.elf, which tests/engine runs too
#
# A row is a test, and so is a program. Last line: N passed, N failed[, N skipped].
set -u
cd "$(dirname "$0")/../.." || exit 1

OUT=build/isa-tests
SECONDS_EACH=120
RVEMU=${RVEMU:-./rvemu} # another build of it
QEMU_CPU=rv64,h=false,v=false,Zfh=true,zba=true,zbb=true,zbc=true,zbs=true,svinval=true # generate.c: KNOWN_ISA

passed=0
failed=0
skipped=0

build_host() {
	make --no-print-directory -s rvemu build/gcc/librvemu.a || exit 1
	local warnings=(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror)
	local sources=({generate,programs,rows,fill,stubs,operands,reference,reference_fp}.c)
	gcc -std=gnu11 -O1 -g -I. -D_GNU_SOURCE "${warnings[@]}" "${sources[@]/#/tests/isa/}" \
		build/gcc/librvemu.a -o $OUT/generate || exit 1
	gcc -std=gnu11 -O1 -g -I. -D_GNU_SOURCE "${warnings[@]}" tests/isa/roundtrip.c build/gcc/librvemu.a \
		-o $OUT/roundtrip || exit 1
}

# build_guest NAME: NAME.elf, the runner with NAME.plan.
build_guest() {
	riscv64-unknown-elf-gcc -march=rv64imafdc_zicsr -mabi=lp64 -mcmodel=medany -O2 -ffreestanding -nostdlib \
		-Wall -Wextra -Werror -I. -DPLAN_FILE="\"$OUT/$1.plan\"" -T tests/isa/guest.ld \
		-Wl,--build-id=none,--no-warn-rwx-segments tests/isa/start.S tests/isa/guest.c -o "$OUT/$1.elf" || exit 1
}

# on_rvemu NAME, on_qemu NAME: run it; what it prints goes to NAME.rvemu, NAME.qemu. A run that fails leaves a line
# that says so.
on_rvemu() {
	timeout $SECONDS_EACH $RVEMU "$OUT/$1.elf" </dev/null >"$OUT/$1.rvemu" 2>&1 ||
		echo "rvemu: exit status $?" >>"$OUT/$1.rvemu"
}

have_qemu() {
	command -v qemu-system-riscv64 >/dev/null
}

on_qemu() {
	timeout $SECONDS_EACH qemu-system-riscv64 -M virt -cpu $QEMU_CPU -bios none -kernel "$OUT/$1.elf" \
		-display none -monitor none -serial stdio </dev/null >"$OUT/$1.qemu" 2>"$OUT/$1.qemu-errors" ||
		{ echo "qemu: exit status $?" >>"$OUT/$1.qemu"; cat "$OUT/$1.qemu-errors"; }
}

# tally NAME EXPECTED: compares line by line; a line stands for a row. Failing rows go to NAME.failed.
tally() {
	local good all
	all=$(wc -l <"$2")
	diff "$2" "$OUT/$1.rvemu" | sed -n 's/^[<>] \([^ ]*\) .*/\1/p' | sort -u >"$OUT/$1.failed"
	cmp -s "$2" "$OUT/$1.rvemu" || [ -s "$OUT/$1.failed" ] || echo "(ends otherwise)" >"$OUT/$1.failed"
	good=$((all - $(wc -l <"$OUT/$1.failed")))
	passed=$((passed + good))
	failed=$((failed + all - good))
	[ ! -s "$OUT/$1.failed" ] || echo "FAILED: $(tr '\n' ' ' <"$OUT/$1.failed")"
}

# show NAME EXPECTED: the first lines that differ.
show() {
	diff "$2" "$OUT/$1.rvemu" | grep '^[<>]' | sort -s -k2,4 | sed 's/^</right /; s/^>/rvemu /' | head -n 6
}

# explain ROW: all cases of a row, by whoever can tell.
explain() {
	$OUT/generate known $OUT/one.plan "$1" && build_guest one && on_rvemu one
	! have_qemu || { on_qemu one && show one $OUT/one.qemu; }
	$OUT/generate reference $OUT/one.plan $OUT/one.expected "$1" && build_guest one && on_rvemu one
	show one $OUT/one.expected
}

# explain_program SEED: looks for the chunk, then for the instruction.
explain_program() {
	local chunk wrong='s/^< checkpoint \([0-9a-f]*\).*/\1/p'
	$OUT/generate programs $OUT/one.plan "$1" -1 && build_guest one && on_rvemu one && on_qemu one
	chunk=$(diff <(grep ^checkpoint $OUT/one.qemu) <(grep ^checkpoint $OUT/one.rvemu) |
		sed -n "$wrong" | head -n 1)
	[ -n "$chunk" ] || { echo "program $1: no difference"; return; }
	$OUT/generate programs $OUT/one.plan "$1" $((16#$chunk)) && build_guest one && on_rvemu one && on_qemu one
	echo "program $1, chunk $((16#$chunk)): the first difference"
	diff $OUT/one.qemu $OUT/one.rvemu | grep '^[<>] [rb]' | sort -s -k2,3 | sed 's/^</right /; s/^>/rvemu /' |
		head -n 6
}

test_rows() {
	$OUT/generate count
	$OUT/generate reference $OUT/reference.plan $OUT/reference.expected && build_guest reference
	on_rvemu reference
	tally reference $OUT/reference.expected
	if ! have_qemu; then
		skipped=$((skipped + 1))
		echo "SKIPPED: rows and programs that QEMU would tell, as there is no qemu-system-riscv64"
		return
	fi
	$OUT/generate known $OUT/known.plan && build_guest known
	on_qemu known &
	on_rvemu known
	wait
	tally known $OUT/known.qemu
	for row in $(head -qn 2 $OUT/reference.failed $OUT/known.failed); do
		explain "$row"
	done
}

test_programs() {
	local bad
	have_qemu || { skipped=$((skipped + 1)); return; }
	$OUT/generate programs $OUT/programs.plan && build_guest programs
	on_rvemu programs
	on_qemu programs
	split_programs rvemu
	split_programs qemu
	bad=$(diff $OUT/programs.qemu.lines $OUT/programs.rvemu.lines | sed -n 's/^< \([0-9]*\) .*/\1/p')
	passed=$((passed + $(wc -l <$OUT/programs.qemu.lines) - $(wc -w <<<"$bad")))
	failed=$((failed + $(wc -w <<<"$bad")))
	[ -s $OUT/programs.qemu.lines ] || failed=$((failed + 1))
	for seed in $(head -n 1 <<<"$bad"); do
		explain_program "$seed"
	done
}

# A line for each program: its seed and all its checkpoints.
split_programs() {
	awk '$1 == "program" { if (line) print line; line = $2; next }
		{ line = line " " $3 }
		END { if (line) print line }' "$OUT/programs.$1" >"$OUT/programs.$1.lines"
}

test_roundtrip() {
	local said
	if said=$(tests/isa/roundtrip.sh $OUT/roundtrip 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	case $said in *SKIPPED*) skipped=$((skipped + 1)) ;; esac
	echo "$said"
}

mkdir -p $OUT
build_host
case ${1:-} in
"") ;;
build) $OUT/generate programs $OUT/programs.plan && build_guest programs; exit ;;
program) explain_program "$2"; exit ;;
*) explain "$1"; exit ;;
esac
test_rows
test_programs
test_roundtrip
tail=
[ $skipped = 0 ] || tail=", $skipped skipped"
echo "$passed passed, $failed failed$tail"
[ $failed = 0 ]
