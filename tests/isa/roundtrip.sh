#!/bin/sh
# The instruction table against GNU as and objdump: every row, both ways, and every compressed encoding.
#
#   roundtrip.sh PROGRAM        PROGRAM is tests/isa/roundtrip.c, built for the host
#
# AS_RISCV names the assembler (objdump and objcopy stand beside it). Extensions it has not heard of are left out and
# counted; binutils 2.44 knows them all. Without an assembler there is nothing to compare with: that is said, and is no
# failure.
set -eu

program=$1
as=${AS_RISCV:-riscv64-unknown-elf-as}
tools=${as%as}
if ! command -v "$as" >/dev/null || ! command -v "${tools}objdump" >/dev/null; then
	echo "roundtrip: SKIPPED, no $as"
	exit 0
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# True if the assembler takes -march=$1.
knows() {
	echo nop | "$as" -march="$1" -o "$dir/probe.o" - 2>/dev/null
}

# The extensions it knows: long ones and compressed ones apart, since the samples must come out long.
isa=rv64i
compressed=
for name in $("$program" names); do
	case $name in
	i | c | s | u | zca | zcd) continue ;;
	zcb | zcmop) if knows "rv64ic_$name"; then compressed=${compressed}_$name; fi ;;
	?) if knows "rv64i$name"; then isa=$isa$name; fi ;;
	*) if knows "rv64i_$name"; then isa=${isa}_$name; fi ;;
	esac
done
letters=${isa%%_*}
rest=${isa#"$letters"}
status=0

"$program" emit "$isa" "$dir/samples.s" "$dir/samples.words"
"$as" -march="$isa" -o "$dir/samples.o" "$dir/samples.s"
"${tools}objcopy" -O binary -j .text "$dir/samples.o" "$dir/samples.bin"
"${tools}objdump" -d -z -M no-aliases "$dir/samples.o" >"$dir/samples.dump"
"$program" compare "$isa" "$dir/samples.words" "$dir/samples.bin" "$dir/samples.dump" || status=1

"$program" rvc-emit >"$dir/short.s"
"$as" -march="${letters}c$rest$compressed" -o "$dir/short.o" "$dir/short.s"
"${tools}objdump" -d -z "$dir/short.o" >"$dir/short.dump"
"$program" rvc-asm <"$dir/short.dump" >"$dir/long.s"
"$as" -march="$isa" -o "$dir/long.o" "$dir/long.s"
"${tools}objcopy" -O binary -j .text "$dir/long.o" "$dir/long.bin"
"$program" rvc-compare "${letters}c$rest$compressed" "$dir/long.bin" || status=1
exit $status
