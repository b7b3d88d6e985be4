#!/bin/bash
# Builds the test kernel and runs it on the firmware under ./rvemu, in many shapes, and under QEMU, which has another
# CPU and other devices. The last line is the sum: N passed, N failed[, N skipped]. A test that is skipped where the
# machine has what it needs counts as failed, and so does a run that does not end as it must.
#
#   tests/firmware/run.sh             everything
#   tests/firmware/run.sh NAME...     only these runs
#   BIOS=FILE tests/firmware/run.sh   with another build of the firmware
set -u
cd "$(dirname "$0")/../.." || exit 1

OUT=build/firmware-tests
KERNEL=$OUT/test.elf
BIOS=${BIOS:-build/firmware/firmware.bin}
RVEMU=${RVEMU:-./rvemu}
QEMU=qemu-system-riscv64
SECONDS_EACH=300
INSNS_EACH=3000000000
INPUT='Ltyped in' # what the console tests read

wanted=" $* "
passed=0
failed=0
skipped=0

CFLAGS="-I. -std=gnu11 -O1 -g -march=rv64ima_zicsr -mabi=lp64 -mcmodel=medany -ffreestanding -fno-common -mno-relax
	-msmall-data-limit=0 -fno-tree-loop-distribute-patterns -Wall -Wextra -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wvla -Werror -nostdlib -static -Wl,--build-id=none,--no-warn-rwx-segments"

build() {
	# shellcheck disable=SC2086
	riscv64-unknown-elf-gcc $CFLAGS -T tests/firmware/test.ld tests/firmware/start.S tests/firmware/*.c \
		tests/guest/console.c -o $KERNEL
}

# loader NAME BOOT_HART LUCKY_HART
loader() {
	# shellcheck disable=SC2086
	riscv64-unknown-elf-gcc $CFLAGS -DFIRMWARE="\"$BIOS\"" -DBOOT_HART="$2" -DLUCKY_HART="$3" \
		-T tests/firmware/loader.ld tests/firmware/loader.S -o "$OUT/$1.elf"
}

is_wanted() { [ "$wanted" = "  " ] || [[ $wanted == *" $1 "* ]]; }

emulate() { # LOG COMMAND...
	local log=$1
	shift
	printf '%s' "$INPUT" | timeout $SECONDS_EACH "$@" >"$log" 2>&1
}

complain() { # NAME TEXT
	echo "$1: FAIL $2"
	bad=$((bad + 1))
}

# What the console tests wrote must be there, whole.
check_console() {
	local name=$1 log=$2 line
	for line in 'written by DBCN' 'written byte by byte' legacy; do
		grep -q "^console: $line\$" "$log" || complain "$name" "\"$line\" is not on the console"
	done
	if grep -q '^ok lines_of_harts_are_not_mixed' "$log"; then
		[ "$(grep -c '^console: whole line of a hart$' "$log")" = 30 ] || complain "$name" 'torn lines'
	fi
}

# check NAME ALLOWED-SKIPS FACTS COMMAND...: one run of all tests. ALLOWED-SKIPS and FACTS are regular expressions:
# which skipped tests are right, and what the line of facts must say.
check() {
	local name=$1 allowed=$2 facts=$3 log="$OUT/$1.log" status ok bad left
	shift 3
	is_wanted "$name" || return
	emulate "$log" "$@"
	status=$?
	ok=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^FAIL ' "$log")
	grep '^FAIL ' "$log" | sed "s/^/$name: /"
	if ! grep -q "^$ok passed, $bad failed" "$log"; then
		complain "$name" "did not end properly, exit status $status; see $log"
	elif [ $status -ne $((bad > 0)) ]; then
		complain "$name" "exit status $status with $bad failures"
	fi
	grep -q "^facts:.*$facts" "$log" || complain "$name" "$(grep '^facts:' "$log"), want $facts"
	left=$(grep '^skip ' "$log" | grep -Ev "needs ($allowed)")
	if [ -n "$left" ]; then
		echo "$left" | sed "s/^/$name: FAIL /"
		bad=$((bad + $(echo "$left" | wc -l)))
	fi
	check_console "$name" "$log"
	printf '%-22s %3d passed, %d failed\n' "$name" "$ok" "$bad"
	passed=$((passed + ok))
	failed=$((failed + bad))
}

# ends NAME STATUS COMMAND...: a run that ends in some other way.
ends() {
	local name=$1 want=$2 log="$OUT/$1.log" status bad=0
	shift 2
	is_wanted "$name" || return
	emulate "$log" "$@"
	status=$?
	[ $status = "$want" ] || complain "$name" "exit status $status, want $want; see $log"
	[[ $name != reboot-* ]] || [[ $name == *-qemu ]] || [ "$(grep -c '^start$' "$log")" -gt 2 ] ||
		complain "$name" "did not start again; see $log"
	[[ $name != no-kernel* ]] || grep -q '^firmware: there is no kernel at 0x8020' "$log" ||
		complain "$name" "does not say why; see $log"
	printf '%-22s %3d passed, %d failed\n' "$name" $((1 - bad)) $bad
	passed=$((passed + 1 - bad))
	failed=$((failed + bad))
}

SINGLE='hart_count > 1|have_harts'
ALIGNED='facts.misaligned_traps' # tests about accesses that trap
CPU='sstc=1 time_traps=0 misaligned_traps=0 compressed=1 single=1 fp=1 zfh=1 zcb=1 stale=1 hpm=29 filters=1'
ENABLED='pbmt=1 cbo=3 envcfg=1 stateen=1 exact=1' # what S mode may use
HAS="$CPU ad_faults=0 $ENABLED"

rvemu() { # NAME ALLOWED FACTS options
	local name=$1 allowed=$2 facts=$3
	shift 3
	check "$name" "$allowed" "$facts" "$RVEMU" --max-insns $INSNS_EACH --bios "$BIOS" --kernel $KERNEL \
		--append exact=1 "$@"
}

under_rvemu() {
	local isa=rv64imafdc_zicsr_zicntr_zihpm_zifencei
	rvemu smp1 "$SINGLE|$ALIGNED" "harts=1 boot=0 $HAS"
	rvemu smp4 "$ALIGNED" "harts=4 boot=0 $HAS" --smp 4
	rvemu smp2 "have_harts|$ALIGNED" "harts=2 boot=0 $HAS" --smp 2
	rvemu smp8-quantum1 "$ALIGNED" "harts=8 boot=0 $HAS" --smp 8 --quantum 1
	rvemu smp4-quantum100 "$ALIGNED" "harts=4 boot=0 $HAS" --smp 4 --quantum 100
	rvemu misaligned-trap "$SINGLE" "misaligned_traps=1" --misaligned trap
	rvemu misaligned-trap-smp4 ' ' "misaligned_traps=1" --misaligned trap --smp 4
	rvemu ad-trap "$ALIGNED" "$CPU ad_faults=1 $ENABLED" --ad trap --smp 4
	rvemu tlb-teach "$ALIGNED|facts.exact.*" "harts=4" --tlb teach --smp 4 --append exact=0
	rvemu tlb-adversarial "$ALIGNED|facts.exact.*" "harts=4" --tlb adversarial --smp 4 --append exact=0
	rvemu no-sstc "$ALIGNED" 'sstc=0 time_traps=0' --smp 4 --isa ${isa}_sscofpmf_zfh_zcb_svadu
	rvemu no-sscofpmf "$ALIGNED|facts.filters" 'sstc=1 .*filters=0 ad_faults=1' --smp 4 --isa ${isa}_sstc_zfh_zcb_svade
	rvemu no-zicntr "$ALIGNED|facts.(filters|hpm.*|exact && .*)" 'sstc=1 time_traps=1' --smp 4 \
		--isa rv64imafdc_zicsr_zifencei_sstc
	rvemu nothing-extra "facts.(filters|hpm.*|fp|single|compressed|exact && .*)" \
		'sstc=0 time_traps=1 misaligned_traps=1 compressed=0 single=0 fp=0' --smp 4 --misaligned trap --isa rv64ima_zicsr_s
	rvemu no-double "facts.(filters|fp)" 'misaligned_traps=1 compressed=1 single=1 fp=0' --smp 4 --misaligned trap \
		--isa rv64imafc_zicsr_zicntr_zihpm_zifencei_s
}

# Who boots is said by a boot loader before the firmware.
boots() {
	loader loader-2 2 -1 && loader loader-lottery -1 3 && loader loader-nobody 77 1 || return
	local bios
	for bios in loader-2:2 loader-lottery:3 loader-nobody:1; do
		check "${bios%:*}" "$ALIGNED" "harts=4 boot=${bios#*:} $HAS" "$RVEMU" --max-insns $INSNS_EACH --smp 4 \
			--bios "$OUT/${bios%:*}.elf" --kernel $KERNEL --append exact=1
	done
}

# Trees of the user's own: memory is reserved already; or the harts claim both, Svade and Svadu.
trees() {
	local dts=$OUT/tree.dts
	is_wanted reserved-memory || is_wanted svade-and-svadu || return
	"$RVEMU" --smp 4 --dump-dtb $OUT/tree.dtb --bios "$BIOS" --kernel $KERNEL &&
		dtc -q -I dtb -O dts $OUT/tree.dtb -o $dts &&
		printf '/ { reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
			mine@87000000 { reg = <0 0x87000000 0 0x1000>; }; }; };' >>$dts &&
		dtc -q -I dts -O dtb $dts -o $OUT/reserved.dtb || echo 'reserved-memory: FAIL no tree'
	rvemu reserved-memory "$ALIGNED" "harts=4 boot=0 $HAS" --smp 4 --dtb $OUT/reserved.dtb
	fdtput -t s $OUT/tree.dtb /cpus/cpu@0 riscv,isa-extensions i m a svade svadu &&
		fdtput -t s $OUT/tree.dtb /cpus/cpu@0 riscv,isa rv64ima_svade_svadu
	rvemu svade-and-svadu "$ALIGNED" "$CPU ad_faults=1 $ENABLED" --smp 4 --dtb $OUT/tree.dtb
}

qemu() { # NAME ALLOWED FACTS options
	local name=$1 allowed=$2 facts=$3
	shift 3
	check "$name" "facts.*|seen.cause.*|$allowed" "$facts" $QEMU -M virt -m 128 -nographic -bios "$BIOS" \
		-kernel $KERNEL "$@"
}

under_qemu() {
	if ! command -v $QEMU >/dev/null; then
		echo 'QEMU: SKIPPED, qemu-system-riscv64 is not installed'
		skipped=$((skipped + 7))
		return
	fi
	qemu qemu-smp1 "$SINGLE" 'harts=1 .*sstc=1'
	qemu qemu-smp4 ' ' 'harts=4 .*sstc=1' -smp 4
	qemu qemu-smp8 ' ' 'harts=8 .*sstc=1' -smp 8
	qemu qemu-no-sstc ' ' 'harts=4 .*sstc=0' -smp 4 -cpu rv64,sstc=off
	ends end-failure-qemu 1 $QEMU -M virt -nographic -bios "$BIOS" -kernel $KERNEL -append end=failure
	ends reboot-cold-qemu 0 $QEMU -M virt -nographic -no-reboot -bios "$BIOS" -kernel $KERNEL -append end=cold
	ends no-kernel-qemu 1 $QEMU -M virt -nographic -bios "$BIOS"
}

mkdir -p $OUT
if ! make --no-print-directory -s build/firmware/firmware.bin >/dev/null || ! build; then
	echo 'FAIL does not build'
	echo '0 passed, 1 failed'
	exit 1
fi
under_rvemu
boots
trees
ends end-failure 1 "$RVEMU" --bios "$BIOS" --kernel $KERNEL --append end=failure
ends end-legacy 0 "$RVEMU" --bios "$BIOS" --kernel $KERNEL --append end=legacy
ends reboot-cold 124 "$RVEMU" --max-insns 3000000 --bios "$BIOS" --kernel $KERNEL --append end=cold
ends reboot-warm 124 "$RVEMU" --max-insns 3000000 --bios "$BIOS" --kernel $KERNEL --append end=warm --smp 2
ends no-kernel 1 "$RVEMU" "$BIOS"
under_qemu
tail=
[ $skipped = 0 ] || tail=", $skipped skipped"
echo "$passed passed, $failed failed$tail"
[ $failed = 0 ]
