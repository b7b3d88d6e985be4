#!/bin/bash
# Builds the fuzz targets and runs each for FUZZ_SECONDS (60) with what earlier runs found (build/fuzz/corpus/). An input that
# breaks a target is kept in build/fuzz/ and named. Closing line: N passed, N failed.
set -u
cd "$(dirname "$0")/../.." || exit 1

seconds=${FUZZ_SECONDS:-60}
out=build/fuzz
passed=0
failed=0

make --no-print-directory -s -j "$(nproc)" VARIANT=fuzz fuzz-programs || exit 1

# Something to start from: a small ELF file, plain and gzipped, a Linux Image's header, a device tree, a command line.
seeds() {
	mkdir -p $out/corpus/{loader,fdt,options,gdb,terminal}
	[ -e $out/corpus/.seeded ] && return
	printf '.globl _start, tohost\n_start: j _start\n.data\n.align 6\ntohost: .dword 0\n' >$out/seed.s
	riscv64-unknown-elf-gcc -nostdlib -Wl,-Ttext=0x80000000,-N,--build-id=none $out/seed.s -o $out/corpus/loader/seed.elf
	riscv64-unknown-elf-objcopy --strip-all $out/corpus/loader/seed.elf $out/corpus/loader/stripped.elf
	gzip -c $out/corpus/loader/seed.elf >$out/corpus/loader/seed.gz
	{ printf 'MZ\0\0\0\0\0\0'; printf '\0\0\x20\0\0\0\0\0\0\x10\0\0\0\0\0\0'; head -c 32 /dev/zero; printf 'RSC\5\0\0\0\0'; } \
		>$out/corpus/loader/Image
	./rvemu --dump-dtb $out/corpus/fdt/own.dtb
	printf -- '-m\n64M\n--smp=2\n--isa\nrv64gc_sstc\n--trace\nwalk,tlb\n--trace-filter\naddr=0x1000-0x2000,priv=US\nguest.elf\n' \
		>$out/corpus/options/line
	printf -- '--tlb\nrocket\n--ad\ntrap\n+signature=x\n+signature-granularity=4\n--kernel\nImage\n--bios\nfw\n' \
		>$out/corpus/options/other
	printf -- '--drive\nfile=a,id=x,readonly=on\n-device\nvirtio-blk-device,drive=x,bus=virtio-mmio-bus.3\n--net\nuser,hostfwd=tcp::1-:2,mac=52:54:00:12:34:56\n--share\n.,tag=t\n--rng\ng\n' \
		>$out/corpus/options/devices
	printf 'qSupported:swbreak+\n?\ng\nqfThreadInfo\nm80000000,40\nZ0,80000010,4\nc\nvCont;s:1;c\nz0,80000010,4\nZ2,80000100,8\nc\n' \
		>$out/corpus/gdb/run
	printf 'M80000000,4:13000000\np1041\nP1041=01\nqXfer:features:read:target.xml:0,fff\nqRcmd,627265616b2d70726976\n!$qC#b4\nD\n' \
		>$out/corpus/gdb/look
	printf 'P`\377\033[?1049h\033[2J\033[31;1mHello\033[0m\r\n\033[1;5r\033[10;10H\033#8\033[4h\033[5@\033[2P\033[3M\033[L\033[6n\033[38;5;200mX' \
		>$out/corpus/terminal/sequences
	touch $out/corpus/.seeded
}

make --no-print-directory -s rvemu
seeds
for program in "$out"/tests/fuzz/*_fuzz; do
	name=$(basename "$program" _fuzz)
	mkdir -p "$out/corpus/$name"
	# What rvemu says about a driver that breaks the rules would fill the log; sanitizers are heard all the same.
	[[ $name =~ ^(virtqueue|virtio_gpu|snapshot)$ ]] && quiet=2 || quiet=0
	if "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$out/$name-" \
		-close_fd_mask="$quiet" "$out/corpus/$name" >"$out/$name.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$name.log") inputs"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		grep -aE 'rvemu: bug|ERROR|SUMMARY|runtime error|Test unit written' "$out/$name.log" | head -n 10
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
