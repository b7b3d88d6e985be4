#!/bin/sh
# What can be said about the source without running it. Each check prints its name and what breaks it.
# Closing line: N passed, N failed.
set -u
cd "$(dirname "$0")/../.." || exit 2

hosts="emu/base devices mmu cpu cpu/jit emu emu/observe emu/display"
guests="guest/abi guest/lib $(find guest/kernel guest/user -type d | tr '\n' ' ')"
jobs=$(nproc)
passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# All C files of a list of folders, headers too.
files() {
	for folder in "$@"; do
		find "$folder" -maxdepth 1 \( -name '*.c' -o -name '*.h' \) 2>/dev/null
	done | sort
}

# check NAME COMMAND...: a command that prints nothing and succeeds has passed.
check() {
	name=$1
	shift
	if "$@" >"$out" 2>&1 && [ ! -s "$out" ]; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		head -n 60 "$out"
	fi
}

layers() { python3 tests/lint/layers.py; }

# The kernel shares the ABI with its programs and nothing else; nothing but mm/asid.c (and the start) fences translations.
guest_layers() {
	grep -rnE '^#include' guest/kernel guest/abi --include='*.[chS]' |
		grep -vE '#include ("guest/(kernel|abi)/|<(stdarg|stdbool|stddef|string)\.h>)'
	grep -rnE '^#include "guest/kernel' guest/abi guest/lib guest/user --include='*.[chS]'
	grep -rlE '\bsfence\.vma\b.*"|^\s*sfence\.vma' guest/kernel --include='*.[chS]' |
		grep -vE '^guest/kernel/(mm/asid|core/early|core/entry)' | sed 's/$/: executes sfence.vma/'
}

# clang and gcc see other things; both must take each header as the first thing in a file. Three are no headers but parts of
# cpu/interp.c, included where their vocabulary is defined.
headers_alone() {
	# shellcheck disable=SC2086
	files $hosts tests/unit tests/mmu tests/fuzz | grep '\.h$' | grep -v '^cpu/\(ops\|special\|fuse\)\.h$' |
		xargs -P "$jobs" -I{} sh -c '
		for cc in gcc clang; do
			echo "#include \"{}\"" | $cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -I. -fsyntax-only -x c - || echo "{}"
		done'
}

guest_headers_alone() {
	# shellcheck disable=SC2086
	files guest/abi $(find guest/kernel -type d) | grep '\.h$' | xargs -P "$jobs" -I{} sh -c '
		echo "#include \"{}\"" | riscv64-unknown-elf-gcc --specs=picolibc.specs -std=gnu11 -ffreestanding -mcmodel=medany \
			-Wall -Wextra -Werror -I. -fsyntax-only -x c - || echo "{}"'
}

format() {
	# shellcheck disable=SC2086
	files $hosts $guests tests/unit tests/mmu tests/fuzz tests/isa tests/system | xargs -P "$jobs" -I{} sh -c '
		clang-format {} | cmp -s - {} || echo "{}: make format mends it"'
}

# Text that has no business here: trailing blanks, lines over 120 columns, notes to self, files over 600 lines.
text() {
	find Makefile README.md .ci emu cpu mmu devices firmware guest tests -type f \
		\( -name '*.[chS]' -o -name '*.def' -o -name '*.sh' -o -name '*.py' -o -name '*.md' -o -name Makefile -o -name '*.ld' \) \
		2>/dev/null >"$out.list"
	notes='TO''DO|FIX''ME|XX''X|HA''CK'
	xargs grep -nE '[[:blank:]]+$' <"$out.list" /dev/null | sed 's/:[^:]*$/: trailing blanks/'
	xargs grep -nwE "$notes" <"$out.list" /dev/null
	grep -E '\.[ch]$' "$out.list" | xargs awk '
		{ n = 0; for (i = 1; i <= length($0); i++) n += substr($0, i, 1) == "\t" ? 8 - n % 8 : 1
		  if (n > 120 && $0 !~ /^[^a-z]*"/) printf "%s:%d: %d columns\n", FILENAME, FNR, n }
		FNR == 601 { print FILENAME ": more than 600 lines" }'
	rm -f "$out.list"
}

own_header_first() {
	# shellcheck disable=SC2086
	for c in $(files $hosts | grep '\.c$'); do
		h=${c%.c}.h
		[ -e "$h" ] || continue
		first=$(sed -n 's/^#include ["<]\(.*\)[">].*/\1/p' "$c" | head -n 1)
		[ "$first" = "$h" ] || echo "$c: includes $first before $h"
	done
}

# Only signal handlers need a variable that lives outside of any machine, and the fonts are made once for all.
no_globals() {
	make --no-print-directory -s build/gcc/rvemu >/dev/null || return 1
	find build/gcc/emu build/gcc/cpu build/gcc/mmu build/gcc/devices -name '*.o' | sort | while read -r object; do
		nm -f sysv "$object" | awk -F'|' -v object="$object" '
			$7 ~ /^\.(data|bss|tdata|tbss)$/ || $7 ~ /COM/ {
				gsub(/ /, "", $1)
				if ($1 != "terminal" && $1 != "fonts") print object ": mutable global " $1 }'
	done
}

readmes() {
	for folder in emu cpu mmu devices firmware guest tests; do
		[ -s "$folder/README.md" ] || echo "$folder/README.md is missing"
	done
}

# An operation that calls the next one instead of jumping to it would eat up the host's stack. Calls through a register or
# through memory other than the linker's table are such; so is a call of an operation by name.
tail_calls() {
	[ "$(uname -m)" = x86_64 ] || return 0
	for variant in gcc clang asan; do
		object=build/$variant/cpu/interp.o
		make --no-print-directory -s VARIANT=$variant "$object" >/dev/null || return 1
		objdump -dr --no-show-raw-insn "$object" | awk -v object="$object" '
			/^[0-9a-f]+ </ { inside = $2 }
			/[[:blank:]]call/ && /\*/ && !/\(%rip\)/ { print object ": " inside " " $0 }
			held != "" && !/R_X86_64/ { print held }
			{ held = "" }
			/[[:blank:]]call/ && $NF ~ /^<(op_|soft_|rtz_|slow_|fused_|complete|resume|enter_)[A-Za-z_0-9.]*>$/ && inside !~ /engine_run/ {
				held = object ": " inside " calls " $NF }'
	done
}

cppcheck_all() {
	# shellcheck disable=SC2086
	cppcheck --enable=warning,portability --inline-suppr --std=c11 --quiet -j "$jobs" --error-exitcode=1 \
		-I. -D_GNU_SOURCE '-D__attribute__(x)=' -D__BYTE_ORDER__=1234 -D__ORDER_LITTLE_ENDIAN__=1234 -D__x86_64__ \
		--suppress=shiftTooManyBits --suppress=signConversionCond --suppress=compareBoolExpressionWithInt \
		--suppress=missingIncludeSystem --template='{file}:{line}: {message} [{id}]' \
		$(files $hosts | grep '\.c$')
}

# What it says of tables made by including a list, of variables that an asm statement sets, and of symbols that lie in one
# section is wrong.
cppcheck_guest() {
	# shellcheck disable=SC2086
	cppcheck --enable=warning,portability --inline-suppr --std=c11 --quiet -j "$jobs" --error-exitcode=1 \
		-I. -D__riscv -D__riscv_xlen=64 --suppress=missingIncludeSystem --suppress=constStatement --suppress=uninitvar \
		--suppress=comparePointers \
		--template='{file}:{line}: {message} [{id}]' $(files $guests | grep '\.c$')
}

tidy() { make --no-print-directory -s -k -j "$jobs" tidy; }

shells() {
	find .ci tests -type f \( -name '*.sh' -o -path './.ci/*' -o -path '.ci/*' \) | while read -r script; do
		shell=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$script")
		"${shell:-sh}" -n "$script" || echo "$script"
	done
	find tests -name '*.py' | while read -r script; do
		python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script" || echo "$script"
	done
}

check "layers: a folder includes itself and what stands to its left" layers
check "the guest's layers, and who fences" guest_layers
check "headers compile alone, with gcc and clang" headers_alone
check "the guest's headers compile alone" guest_headers_alone
check "a file includes its own header first" own_header_first
check "clang-format" format
check "no trailing blanks, long lines, long files, notes to self" text
check "no mutable globals" no_globals
check "operations end in jumps, not calls" tail_calls
check "every folder has a README.md" readmes
check "scripts parse" shells
check "cppcheck" cppcheck_all
check "cppcheck of the guest" cppcheck_guest
check "clang-tidy" tidy
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
