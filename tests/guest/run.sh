#!/bin/bash
# Builds the guest tests and runs them under ./rvemu: in its default shape, with each TLB preset, with each way of
# treating A and D, with more than one hart. The last line is the sum: N passed, N failed. A rule that is skipped where
# the machine is known to have what it needs counts as failed, and so does a program that does not end.
#
#   tests/guest/run.sh             everything, under ./rvemu
#   tests/guest/run.sh NAME...     only these files of rules (sv39, pmp, ...), all variants
#   QUICK=1 tests/guest/run.sh     the default shape only
#   EMULATOR=qemu tests/guest/run.sh [NAME...]    one run under QEMU, to test the tests
#   EMULATOR=spike SPIKE=PATH ...                 the same under Spike
#   SEED=N tests/guest/run.sh virtio_hostile      other nonsense than usual
#
# Rules about virtio devices (virtio_*) run with disks, which are made here, and looked at afterwards.
set -u
cd "$(dirname "$0")/../.." || exit 1

EMULATOR=${EMULATOR:-rvemu}
SPIKE=${SPIKE:-spike}
OUT=build/guest-tests
SECONDS_EACH=60
INSNS_EACH=200000000

passed=0
failed=0

build() {
	local name=$1 exit_file=tests/guest/exit_finisher.c driver=
	[ "$EMULATOR" = spike ] && exit_file=tests/guest/exit_htif.c
	[[ $name = virtio_* ]] && driver=tests/guest/virtio.c
	riscv64-unknown-elf-gcc -march=rv64gc -mabi=lp64 -mcmodel=medany -nostdlib -ffreestanding -O1 -g -mno-relax \
		-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror -I. \
		-DSEED="${SEED:-1}" -T tests/guest/guest.ld -Wl,--build-id=none,--no-warn-rwx-segments \
		tests/guest/start.S tests/guest/guest.c tests/guest/world.c tests/guest/console.c $exit_file $driver \
		"tests/guest/${name}_rules.c" -o "$OUT/$name.elf"
}

# emulate ELF [options]: runs it.
emulate() {
	local elf=$1
	shift
	case $EMULATOR in
	rvemu) timeout $SECONDS_EACH ${RVEMU:-./rvemu} --max-insns $INSNS_EACH "$@" "$elf" </dev/null ;;
	qemu) timeout $SECONDS_EACH qemu-system-riscv64 -M virt -cpu rv64,svnapot=on,svpbmt=on,svinval=on,sstc=on \
		-bios none -nographic -kernel "$elf" "$@" </dev/null ;;
	spike) timeout $SECONDS_EACH "$SPIKE" --isa=rv64gc_zicntr_zicclsm_svnapot_svpbmt_svinval_svadu_sstc \
		"$@" "$elf" </dev/null ;;
	esac
}

# check NAME VARIANT ALLOWED-SKIPS FACTS [options]: one run. ALLOWED-SKIPS and FACTS are regular expressions: which
# skipped rules are right, and what the line of facts must say.
check() {
	local name=$1 variant=$2 allowed=$3 facts=$4 log="$OUT/$1-$2.log" status ok bad
	shift 4
	emulate "$OUT/$name.elf" "$@" >"$log" 2>&1
	status=$?
	ok=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^FAIL ' "$log")
	grep '^FAIL ' "$log" | sed "s/^/$name ($variant): /"
	if ! grep -q "^$ok passed, $bad failed" "$log"; then
		echo "$name ($variant): FAIL did not end properly, exit status $status; see $log"
		bad=$((bad + 1))
	elif [ $status -ne "$bad" ]; then
		echo "$name ($variant): FAIL exit status $status with $bad failures"
		bad=$((bad + 1))
	fi
	if ! grep -q "^facts:.*$facts" "$log"; then
		echo "$name ($variant): FAIL $(grep '^facts:' "$log"), want $facts"
		bad=$((bad + 1))
	fi
	local skipped
	skipped=$(grep '^skip ' "$log" | grep -Ecv "needs ($allowed)")
	if [ "$skipped" -gt 0 ]; then
		grep '^skip ' "$log" | grep -Ev "needs ($allowed)" | sed "s/^/$name ($variant): FAIL /"
		bad=$((bad + skipped))
	fi
	printf '%-12s %-14s %3d passed, %d failed\n' "$name" "$variant" "$ok" "$bad"
	passed=$((passed + ok))
	failed=$((failed + bad))
}

# Everything that rvemu has by default; what a variant lacks is said where it is run.
HAS='ad_trap=1 adue=1 misaligned=1 asid_bits=16 svpbmt=1 svnapot=1 sstc=1 sv48=1 sv57=1 plic_uart=1'
ALIGNED='!facts.misaligned' # rules about misaligned accesses that trap
SINGLE="start_hart1|$ALIGNED" # and rules about a second hart

UPDATES='facts.adue|hardware_updates' # rules about hardware that sets A and D

variants() {
	local name=$1 preset
	case $EMULATOR in
	qemu) check "$name" qemu '.*' '' -smp 2 && return ;;
	spike) check "$name" spike '.*' '' -p2 && return ;;
	esac
	check "$name" smp4 "$ALIGNED" "$HAS" --smp 4
	[ -n "${QUICK:-}" ] && return
	check "$name" smp2-quantum100 "$ALIGNED" "$HAS" --smp 2 --quantum 100
	if [ "$name" = smp ]; then # turns shorter than an LR/SC loop: it succeeds all the same
		check "$name" smp2-quantum1 "$ALIGNED" "$HAS" --smp 2 --quantum 1
		return
	fi
	check "$name" default "$SINGLE" "$HAS"
	for preset in teach champsim adversarial; do
		check "$name" "tlb-$preset" "$SINGLE" "$HAS" --tlb $preset
	done
	for preset in rocket boom cva6 u54 u74 xiangshan; do # these cores leave A and D to software
		check "$name" "tlb-$preset" "$SINGLE|$UPDATES" 'ad_trap=1 adue=0' --tlb $preset
	done
	check "$name" ad-trap "$SINGLE|$UPDATES" 'ad_trap=1 adue=0' --ad trap
	check "$name" ad-update "$SINGLE|facts.adue|facts.ad_trap" 'ad_trap=0 adue=0' --ad update
	check "$name" asid-0 "$SINGLE|facts.asid_bits" 'asid_bits=0 ' --asid-bits 0
	check "$name" asid-7 "$SINGLE" 'asid_bits=7 ' --asid-bits 7
	check "$name" sv39-only "$SINGLE|facts.sv48|facts.sv57" 'sv48=0 sv57=0' --mmu sv39
	check "$name" no-misaligned 'start_hart1|facts.misaligned' 'misaligned=0' --misaligned trap
	check "$name" rv64gc "$SINGLE|$UPDATES|facts.ad_trap|facts.sv|facts.sstc" 'adue=0 .*svpbmt=0 svnapot=0 sstc=0' \
		--isa rv64gc_zicntr_svinval
}

# --- virtio: disks of 1 MiB, each 8 bytes of which hold their own offset ---

disk() {
	python3 -c 'import struct, sys; open(sys.argv[1], "wb").write(struct.pack("<131072Q", *range(0, 1 << 20, 8)))' "$1"
}

# count WHAT STATUS: one more test, passed if STATUS is 0.
count() {
	[ "$2" -eq 0 ] || echo "$1: FAIL"
	printf '%-27s %3d passed, %d failed\n' "$1" $((1 - ($2 != 0))) $(($2 != 0))
	passed=$((passed + ($2 == 0)))
	failed=$((failed + ($2 != 0)))
}

# check_disk NAME VARIANT ALLOWED-SKIPS AFTER [options]: one run with a fresh disk, DISK in the options. AFTER: marked (what
# the guest flushed is in the image), kept (the image is as it was).
check_disk() {
	local name=$1 variant=$2 allowed=$3 after=$4 image="$OUT/$1-$2.img" facts=$HAS
	shift 4
	[ "$EMULATOR" = rvemu ] || facts=
	disk "$image"
	check "$name" "$variant" "$allowed" "$facts" "${@//DISK/$image}"
	case $after in
	marked) grep -q 'flushed by the guest' "$image" ;;
	kept) disk "$OUT/fresh.img" && cmp -s "$image" "$OUT/fresh.img" ;;
	esac
	count "$name ($variant): image $after" $?
}

virtio_blk_variants() {
	local qemu='if=none,format=raw,id=d' device=virtio-blk-device,drive=d,bus=virtio-mmio-bus.0
	case $EMULATOR in
	qemu)
		check_disk virtio_blk qemu read_only marked -global virtio-mmio.force-legacy=false \
			-drive "file=DISK,$qemu" -device $device
		check_disk virtio_blk qemu-readonly writable kept -global virtio-mmio.force-legacy=false \
			-drive "file=DISK,readonly=on,$qemu" -device $device
		;;
	rvemu)
		check_disk virtio_blk writable read_only marked --drive DISK
		check_disk virtio_blk readonly writable kept --drive DISK,readonly=on
		check_disk virtio_blk snapshot read_only kept --drive DISK,snapshot=on
		check_disk virtio_blk smp4 read_only marked --smp 4 --drive DISK
		check_disk virtio_blk tlb-teach read_only marked --tlb teach --drive DISK
		;;
	esac
}

virtio_hostile_variants() {
	local share="$OUT/hostile-share"
	mkdir -p "$share"
	disk "$OUT/hostile.img"
	case $EMULATOR in
	qemu)
		check_disk virtio_hostile qemu '' kept -global virtio-mmio.force-legacy=false \
			-drive "file=DISK,readonly=on,if=none,format=raw,id=d" -device virtio-blk-device,drive=d \
			-drive "file=$OUT/hostile.img,if=none,format=raw,id=e" -device virtio-blk-device,drive=e
		;;
	rvemu)
		check_disk virtio_hostile disks '' kept --drive DISK,readonly=on --drive "$OUT/hostile.img"
		check_disk virtio_hostile snapshot '' kept --drive DISK,snapshot=on
		check_disk virtio_hostile all '' kept --drive DISK,readonly=on --drive "$OUT/hostile.img" --net user --rng \
			--share "$share"
		;;
	esac
}

# demo VARIANT [options]: the paging demo of guest/demo must give its task eight pages, seven of them by page faults,
# and exit with 0; and in the walk trace each of these faults must be there, unless the TLB may remember that a PTE was invalid.
demo() {
	local variant=$1 log="$OUT/demo-$1.log" trace="$OUT/demo-$1.trace" status bad=0
	shift
	emulate build/guest/demo.elf --trace walk "$@" >"$log" 2>"$trace"
	status=$?
	[ $status -eq 0 ] || bad=1
	grep -q '^The task exits with status 0 after 7 page faults\.$' "$log" || bad=1
	[ "$(grep -c ' gets frame ' "$log")" -eq 8 ] || bad=1
	[ "$variant" = tlb-adversarial ] || [ "$(grep -c '^walk h0 .* U .* page fault: V=0$' "$trace")" -eq 7 ] || bad=1
	[ $bad -eq 0 ] || echo "demo ($variant): FAIL exit status $status; see $log and $trace"
	printf '%-12s %-14s %3d passed, %d failed\n' demo "$variant" $((1 - bad)) $bad
	passed=$((passed + 1 - bad))
	failed=$((failed + bad))
}

demos() {
	local preset
	make --no-print-directory -s build/guest/demo.elf >/dev/null || echo 'demo: FAIL does not build'
	demo default
	demo smp4 --smp 4
	demo ad-trap --ad trap
	demo ad-update --ad update
	demo rv64gc --isa rv64gc
	for preset in teach rocket champsim adversarial; do
		demo "tlb-$preset" --tlb $preset
	done
}

mkdir -p $OUT
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
	[ "$EMULATOR" != rvemu ] || demos
	for file in tests/guest/*_rules.c; do
		names+=("$(basename "$file" _rules.c)")
	done
fi
for name in "${names[@]}"; do
	if build "$name"; then
		case $name in
		virtio_*) "${name}_variants" ;;
		*) variants "$name" ;;
		esac
	else
		echo "$name: FAIL does not build"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
