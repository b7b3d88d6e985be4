# rvemu: `make help` lists the targets.
#
# Objects go to build/VARIANT/; the variants are gcc (the one that is used), clang, asan and fuzz. What a variant needs is said
# once, below; everything else is the same for all.

VARIANT ?= gcc
B := build/$(VARIANT)

CC_gcc := gcc
CC_clang := clang
CC_asan := gcc
CC_fuzz := clang
CC := $(CC_$(VARIANT))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
CPPFLAGS := -I. -D_GNU_SOURCE -MMD -MP
OPT_gcc := -O2 -fno-plt
OPT_clang := -O2
OPT_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS := -std=gnu11 -g $(WARNINGS) $(OPT_$(VARIANT))
LDFLAGS := $(filter -fsanitize%,$(OPT_$(VARIANT)))
# Most runs draw nothing: libpng and ncurses from archives cost a start nothing, as shared libraries half of its instructions. SDL2 is
# loaded when a window is opened (emu/display/sdl.c).
LIBS := -ldw -lelf -lfdt -lslirp -lzstd -Wl,-Bstatic -lpng -lncursesw -ltinfo -Wl,-Bdynamic -lz -lm -lpthread -ldl
# Leaks count too: a test that leaks fails.
export ASAN_OPTIONS := detect_stack_use_after_return=1
export UBSAN_OPTIONS := print_stacktrace=1

SOURCES := $(sort $(wildcard emu/base/*.c devices/*.c mmu/*.c cpu/*.c emu/*.c emu/observe/*.c emu/display/*.c))
OBJECTS := $(SOURCES:%.c=$B/%.o) $B/emu/firmware.o $B/emu/observe/page_assets.o $B/emu/display/fonts.o
LIBRARY := $B/librvemu.a
UNIT_SOURCES := $(sort $(wildcard tests/unit/*_test.c))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$B/%)

.PHONY: all run demo fresh-disk test bench riscv-tests lint fuzz asan unit unit-programs setup clean help disasm
.SECONDARY:
.DEFAULT_GOAL := all

all: rvemu guest.elf guest-disks ## build ./rvemu, ./guest.elf and the guest's disks

rvemu: build/gcc/rvemu
	@ln -f $< $@ 2>/dev/null || cp $< $@

# Installs what is missing; says nothing and takes no time when nothing is.
setup:
	@.ci/setup

# --- the program ---

# Floating point is done by the host's FPU in the guest's rounding mode, and its flags are looked at: the compiler must not
# move, fold or drop such operations. Operations end in tail calls, which must stay jumps.
$B/cpu/%.o: CFLAGS += -frounding-math -ftrapping-math -fno-fast-math
$B/cpu/interp.o: CFLAGS += -foptimize-sibling-calls -fno-stack-protector
ifeq ($(CC),gcc)
# Or branches share their jumps, and the host predicts them worse.
$B/cpu/interp.o: CFLAGS += -fno-partial-inlining
else
$B/cpu/%.o: CFLAGS += -Wno-unknown-pragmas
endif

$B/%.o: %.c Makefile | setup
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$B/emu/firmware.o: emu/firmware.S build/firmware/firmware.bin Makefile
	@mkdir -p $(@D)
	@echo "  AS      $@"
	@$(CC) -I. -c $< -o $@

$B/emu/observe/page_assets.o: emu/observe/page_assets.S $(wildcard emu/observe/page/*) Makefile
	@mkdir -p $(@D)
	@echo "  AS      $@"
	@$(CC) -I. -c $< -o $@

# The distribution's console font, for the window and for the guest's console.
FONTS := $(foreach size,12x6 14 16 20x10 24x12 32x16 Bold14 Bold16 Bold20x10 Bold24x12 Bold32x16,build/fonts/Terminus$(size).psf)

build/fonts/%.psf: | setup
	@mkdir -p $(@D)
	@gzip -dc /usr/share/consolefonts/Uni2-$*.psf.gz >$@.new
	@mv $@.new $@

$B/emu/display/fonts.o: emu/display/fonts.S $(FONTS) Makefile
	@mkdir -p $(@D)
	@echo "  AS      $@"
	@$(CC) -I. -c $< -o $@

$(LIBRARY): $(filter-out $B/emu/main.o,$(OBJECTS))
	@rm -f $@
	@ar rcs $@ $^

$B/rvemu: $B/emu/main.o $(LIBRARY)
	@echo "  LINK    $@"
	@$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(wildcard $B/tests/fuzz/*.d)

# --- unit tests: every tests/unit/NAME_test.c is a program ---

$B/tests/unit/%_test: $B/tests/unit/%_test.o $(LIBRARY)
	@echo "  LINK    $@"
	@$(CC) $(LDFLAGS) $^ -lcmocka $(LIBS) -o $@

unit-programs: $(UNIT_TESTS)

# --- fuzz targets: every tests/fuzz/NAME_fuzz.c ---

FUZZERS := $(patsubst %.c,$B/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))

$B/tests/fuzz/%_fuzz: $B/tests/fuzz/%_fuzz.o $(LIBRARY)
	@echo "  LINK    $@"
	@$(CC) -fsanitize=fuzzer,address,undefined $^ $(LIBS) -o $@

.PHONY: fuzz-programs
fuzz-programs: $(FUZZERS)

unit: unit-programs ## build and run the unit tests (VARIANT=gcc, clang or asan)
	@tests/unit/run_all.sh $B/tests/unit

asan: ## the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory VARIANT=asan unit

# --- the demo guest ---

GUEST_CC := riscv64-unknown-elf-gcc
GUEST_CFLAGS := -std=gnu11 -O1 -g -march=rv64gc -mabi=lp64 -mcmodel=medany -ffreestanding -fno-common -mno-relax \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
GUEST_LDFLAGS := -nostdlib -static -Wl,--build-id=none,--no-warn-rwx-segments
DEMO_SOURCES := $(sort $(wildcard guest/demo/*.c guest/demo/*.S))
DEMO_OBJECTS := $(DEMO_SOURCES:%=build/%.o)

build/guest/%.o: guest/% Makefile | setup
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	@$(GUEST_CC) -I. -MMD -MP $(GUEST_CFLAGS) -c $< -o $@

build/guest/demo.elf: $(DEMO_OBJECTS) guest/demo/demo.ld
	@echo "  GUEST   $@"
	@$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) -T guest/demo/demo.ld $(DEMO_OBJECTS) -lgcc -o $@

-include $(DEMO_OBJECTS:.o=.d)

.PHONY: guest-demo
guest-demo: build/guest/demo.elf

# --- a kernel with each of the mistakes that people make with paging: mmu/WHY-DOES-MY-KERNEL-FAULT.md ---

MISTAKES := $(shell sed -n 's/^\t\([A-Z_]*\),.*/\1/p' tests/mistakes/kernel.c | tr A-Z_ a-z-)

.PHONY: mistakes
mistakes: rvemu $(MISTAKES:%=build/mistakes/%.elf) ## build the kernels of the tutorial "why does my kernel fault?"

build/mistakes/%.elf: $(addprefix tests/mistakes/,kernel.c entry.S kernel.ld) Makefile | setup
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	@$(GUEST_CC) $(GUEST_CFLAGS) -Og -DMISTAKE=$$(echo $* | tr a-z- A-Z_) $(GUEST_LDFLAGS) -T tests/mistakes/kernel.ld \
		tests/mistakes/kernel.c tests/mistakes/entry.S -o $@

# --- the firmware ---

# No C, F or D, so that it runs on harts without. Sections that the linker calls .sdata would need gp.
FIRMWARE_CFLAGS := $(GUEST_CFLAGS) -O2 -march=rv64ima_zicsr -msmall-data-limit=0 -fno-tree-loop-distribute-patterns
FIRMWARE_OBJECTS := $(patsubst %,build/%.o,$(sort $(wildcard firmware/*.c firmware/*.S)))

build/firmware/%.o: firmware/% Makefile | setup
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	@$(GUEST_CC) -I. -MMD -MP $(FIRMWARE_CFLAGS) -c $< -o $@

build/firmware/firmware.elf: $(FIRMWARE_OBJECTS) firmware/firmware.ld
	@echo "  GUEST   $@"
	@$(GUEST_CC) $(FIRMWARE_CFLAGS) $(GUEST_LDFLAGS) -T firmware/firmware.ld $(FIRMWARE_OBJECTS) -o $@

build/firmware/firmware.bin: build/firmware/firmware.elf
	@riscv64-unknown-elf-objcopy -O binary $< $@

-include $(FIRMWARE_OBJECTS:.o=.d)

# --- the guest OS: its kernel is ./guest.elf, its programs and disks are made by guest/user/user.mk ---

# No floating point in the kernel: those registers are the programs'.
KERNEL_CFLAGS := -std=gnu11 -O2 -g -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany --specs=picolibc.specs -ffreestanding -fno-common \
	-mno-relax -msmall-data-limit=0 -fno-strict-aliasing -fno-stack-protector \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror -Wframe-larger-than=512
KERNEL_SOURCES := $(sort $(wildcard guest/kernel/*/*.c guest/kernel/*/*.S))
KERNEL_OBJECTS := $(KERNEL_SOURCES:%=build/%.o)

build/guest/kernel/%.o: guest/kernel/% Makefile | setup
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	@$(GUEST_CC) -I. -MMD -MP $(KERNEL_CFLAGS) -c $< -o $@

build/guest/kernel/screen/font_data.S.o: $(FONTS)

# -march=rv64imac chooses the C library's build; nothing but its string functions is linked.
guest.elf: $(KERNEL_OBJECTS) guest/kernel/core/kernel.ld
	@echo "  GUEST   $@"
	@$(GUEST_CC) $(KERNEL_CFLAGS) -march=rv64imac -nostdlib -static -Wl,--build-id=none -T guest/kernel/core/kernel.ld $(KERNEL_OBJECTS) \
		-lc -lgcc -o $@

-include $(KERNEL_OBJECTS:.o=.d)

include guest/user/user.mk

# The disk that is booted is a copy, and the user's: what was written to it stays until `make fresh-disk`.
run: all ## build everything and boot the guest OS to a shell (Ctrl-A x quits)
	@[ -e build/disk.img ] || $(MAKE) --no-print-directory fresh-disk
	@[ ! build/root.img -nt build/disk.from ] || \
		echo "note: build/disk.img has older programs; 'make fresh-disk' brings the new ones (and drops what you wrote)"
	./rvemu -m 64 guest.elf --drive build/disk.img --drive build/swap.img

fresh-disk: guest-disks ## make the disk of `make run` anew
	@cp --sparse=always build/root.img build/disk.img
	@touch -r build/root.img build/disk.from

demo: rvemu build/guest/demo.elf ## run the small paging demo, with the page walks of its task beside it
	./rvemu --trace walk --trace-filter priv=U build/guest/demo.elf

# --- everything that can be tested ---

test: ## build and run every test that needs nothing from outside
	@tests/run_all.sh

lint: | setup ## layers, headers, format, static analysis, warnings of both compilers
	@tests/lint/run.sh

# One stamp a file: what has not changed is not looked at again.
HEADERS := $(sort $(wildcard emu/base/*.h devices/*.h mmu/*.h cpu/*.h cpu/*.def emu/*.h emu/observe/*.h emu/display/*.h))
.PHONY: tidy format
tidy: $(SOURCES:%.c=build/lint/%.tidy)

build/lint/%.tidy: %.c $(HEADERS) .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- -std=gnu11 -I. -D_GNU_SOURCE 2>/dev/null
	@touch $@

format: | setup ## bring all C files into the shape that lint wants
	@find guest -name '*.[ch]' -exec clang-format -i {} +
	@clang-format -i $(wildcard emu/base/*.[ch] devices/*.[ch] mmu/*.[ch] cpu/*.[ch] emu/*.[ch] emu/observe/*.[ch] emu/display/*.[ch] \
		tests/unit/*.[ch] tests/mmu/*.[ch] tests/fuzz/*.[ch] tests/isa/*.[ch] tests/system/*.[ch])

fuzz: | setup ## fuzz loader, decoder, device tree, options and walker for FUZZ_SECONDS (60) each
	@tests/fuzz/run.sh

riscv-tests: rvemu ## run the riscv-tests ELF files in RISCV_TESTS=DIR
	@if [ -z "$(RISCV_TESTS)" ]; then \
		echo "name the directory of built tests: make riscv-tests RISCV_TESTS=DIR" >&2; exit 2; fi
	@tests/system/run_elfs.py "$(RISCV_TESTS)"

bench: rvemu ## measure speed, also of QEMU and of other emulators named by path
	@tests/bench/measure.py

disasm: $B/cpu/interp.o ## the interpreter's machine code, for who changes a hot header
	@objdump -d --no-show-raw-insn $<

clean: ## remove everything that was built
	rm -rf build rvemu guest.elf

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | sort | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
