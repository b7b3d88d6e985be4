/*
 * What --help prints. A line that starts with '#' is a heading.
 */
#include <stdio.h>

#include "emu/options.h"

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static const char *const help_lines[] = {
	"rvemu " OPTIONS_RVEMU_VERSION ", a RISC-V machine that shows its MMU (RV64GC, QEMU's virt board)",
	"usage: rvemu [options] guest.elf      linked at 0x80000000: starts in M mode",
	"       rvemu [options] --kernel FILE  starts in S mode, on our SBI firmware",
	"#Guest",
	"  --bios FILE|none       other firmware (ELF, raw); none: start in M mode",
	"  --kernel FILE          S-mode kernel: ELF, Linux Image (also gzipped) or raw",
	"  --initrd FILE          initial RAM disk",
	"  --append TEXT          kernel command line",
	"  --dtb FILE             use this device tree; --dump-dtb FILE writes ours",
	"#Devices",
	"  --drive FILE[,readonly=on][,snapshot=on]   disk; --snapshot: for all of them",
	"  --net user[,hostfwd=tcp::2222-:22]         network through the host",
	"  --share DIR[,tag=NAME][,readonly=on]       folder for mount -t 9p",
	"  --rng                  entropy device; --console virtio: type into hvc0",
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
	"#Debug",
	"  -s, --gdb tcp::PORT|unix:PATH   wait for gdb (-s: port 1234); -S: do not start",
	"  --record FILE          write down all input; --replay FILE runs it again",
	"  --loadvm FILE          go on from a snapshot (savevm in the monitor)",
	"#Run",
	"  --max-insns N          stop after N instructions, exit status 124",
	"  --no-reboot            end when the guest reboots",
	"  --signature FILE       write begin_signature..end_signature (+signature=FILE)",
	"  --signature-granularity N   bytes a line of it (16)",
	"  --help, --version",
	"QEMU's spellings work, too. Ctrl-A x quits, c opens the monitor, h helps.",
	"Exit status: the guest's own; 124 instruction limit; 125 could not start;",
	"126 the guest is stuck. The manual page (emu/rvemu.1) has the rest.",
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
