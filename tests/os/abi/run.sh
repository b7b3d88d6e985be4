#!/bin/sh
# guest/abi against the cross compiler's headers; guest/lib's own test under qemu-riscv64, where that is installed.
set -eu
cd "$(dirname "$0")/../../.."
passed=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# adds up a last line "N passed, N failed"; shows what else was printed if something failed
count()
{
	summary=$(tail -1 "$1")
	case $summary in
	*" passed, "*" failed") ;;
	*) summary="0 passed, 1 failed" ;;
	esac
	passed=$((passed + ${summary%% passed*}))
	summary=${summary#*passed, }
	failed=$((failed + ${summary%% failed*}))
	[ "${summary%% failed*}" = 0 ] || cat "$1"
}

python3 tests/os/abi/check.py >"$work/abi" 2>&1 || true
count "$work/abi"

for header in guest/abi/*.h; do
	# alone, and with what the kernel's headers bring along
	for compiler in "riscv64-linux-gnu-gcc" "riscv64-unknown-elf-gcc --specs=picolibc.specs -include string.h"; do
		if echo "#include \"$header\"" | $compiler -std=gnu11 -ffreestanding -Wall -Wextra -Werror -I. \
			-fsyntax-only -x c -; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
		fi
	done
done

riscv64-linux-gnu-gcc -std=gnu11 -O2 -g -march=rv64gc -ffreestanding -fno-stack-protector -fno-pie -no-pie -static \
	-nostdlib -ffunction-sections -Wl,--gc-sections,-z,separate-code -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Werror -I. guest/lib/crt0.S guest/lib/stubs.S guest/lib/start.c guest/lib/string.c \
	guest/lib/print.c tests/os/lib/lib_test.c -o "$work/lib_test"
if command -v qemu-riscv64 >/dev/null; then
	env -i timeout 20 qemu-riscv64 "$work/lib_test" ONE "two words" >"$work/lib" 2>&1 || true
	count "$work/lib"
else
	skipped=1
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
