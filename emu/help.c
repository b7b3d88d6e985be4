/*
 * What --help prints. A line that starts with '#' is a heading.
 */
#include <stdio.h>

#include "emu/options.h"

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static const char *const help_lines[] = {
	"rvemu " OPTIONS_RVEMU_VERSION ", a RISC-V machine that shows its MMU (RV64GC, QEMU's virt board)",
	"usage: rvemu [options] guest.elf        M mode, if linked at 0x80000000",
	"       rvemu --bios FW --kernel KERNEL  S mode, through a firmware like OpenSBI",
	"#Guest",
	"  --bios FILE|none       firmware (ELF, or raw at 0x80000000); none: M mode",
	"  --kernel FILE          S-mode kernel: ELF, Linux Image (also gzipped) or raw",
	"  --initrd FILE          initial RAM disk",
	"  --append TEXT          kernel command line",
	"  --dtb FILE             use this device tree",
	"  --dump-dtb FILE        write the device tree and exit",
	"#Machine",
	"  -m, --memory SIZE      RAM, with K, M or G; a bare number is MiB (128M)",
	"  --smp N                harts, 1 to 64 (1)",
	"  --isa STRING           for instance rv64gc_zba_sstc (max)",
	"  --mmu sv39|sv48|sv57   deepest mode (sv57)",
	"  --asid-bits N          0 to 16 (16)",
	"  --ad trap|update|adue  A and D bits: page fault, hardware sets them, or",
	"                         menvcfg.ADUE decides (adue)",
	"  --tlb PRESET           fast, teach, rocket, boom, boom-mega, cva6, u54, u74,",
	"                         xiangshan, champsim, adversarial (fast)",
	"  --misaligned ok|trap   misaligned loads and stores (ok)",
	"  --quantum N            instructions a hart gets in its turn (5000)",
	"  --seed N               for what is random",
	"#Observe",
	"  --trace SORTS[:FILE]   insn,mem,walk,tlb,trap,csr or all; to FILE or stderr",
	"  --trace-file FILE      where traces go (-D; -d is --trace)",
	"  --trace-filter K=V,..  addr=LO-HI pc=LO-HI insns=FIRST-LAST priv=USM hart=N",
	"  --stats                print what was counted at exit",
	"  --ram-hash             print instructions retired and a hash of RAM at exit",
	"#Run",
	"  --max-insns N          stop after N instructions, exit status 124",
	"  --signature FILE       write begin_signature..end_signature (+signature=FILE)",
	"  --signature-granularity N   bytes a line of it (16)",
	"  --help, --version",
	"QEMU's -m -smp -bios -kernel -initrd -append -dtb -nographic -d -D work, too.",
	"Console: Ctrl-A x quits, Ctrl-A c opens the monitor, Ctrl-A h helps.",
	"Exit status: the guest's own; 124 instruction limit; 125 could not start;",
	"126 the guest is stuck.",
};

void options_print_help(bool colour)
{
	for (u32 i = 0; i < ARRAY_SIZE(help_lines); i++) {
		const char *line = help_lines[i];
		if (line[0] != '#')
			printf("%s\n", line);
		else
			printf("%s%s%s\n", colour ? BOLD : "", line + 1, colour ? PLAIN : "");
	}
}
