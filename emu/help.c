/*
 * What --help prints: the common options, and by topic the others. A line that starts with '#' is a heading.
 */
#include <stdio.h>
#include <string.h>

#include "emu/core_config.h"
#include "emu/options.h"

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static const char *const common_lines[] = {
	"rvemu " OPTIONS_RVEMU_VERSION ", a RISC-V machine that shows its MMU (RV64GC, QEMU's virt board)",
	"usage: rvemu [options] guest.elf      linked at 0x80000000: starts in M mode",
	"       rvemu [options] --kernel FILE  starts in S mode, on our SBI firmware",
	"       rvemu report --help            pictures of a run that was recorded",
	"       rvemu matrix --help            the same guest on many machines",
	"#Often used",
	"  -m, --memory SIZE      RAM, with K, M or G; a bare number is MiB (128M)",
	"  --smp N                harts, 1 to 64 (1)",
	"  --kernel FILE          S-mode kernel: ELF, Linux Image or raw",
	"  --append TEXT          kernel command line; --initrd FILE: initial RAM disk",
	"  --drive FILE[,snapshot=on]        disk; what is written to it is kept, or not",
	"  --net user[,hostfwd=tcp::2222-:22]   network through the host",
	"  --display sdl|tui|none   window or terminal: screen, serial console, MMU live",
	"  --trace SORTS[:FILE]   what happens, a line each: walk,trap,tlb,insn,...",
	"  --explain faults       each page and access fault in words",
	"  --check                looks for forgotten fences and other mistakes",
	"  --stats                what was counted, at exit",
	"  --core NAME            a core's TLB and caches, and cycles: rocket, cva6, ...",
	"  --report FILE          a file of which `rvemu report` makes a page of pictures",
	"  --expect 'faults<=120; exit==0'   grades the run: exit status 1 if not so",
	"  -s -S                  wait for gdb on port 1234 before the start",
	"  --max-insns N          stop after N instructions",
	"#More: rvemu --help TOPIC",
	"  guest      what is run: firmware, initial RAM disk, device tree",
	"  devices    disks, network, shared folders, console, screen",
	"  machine    ISA, MMU, TLB, caches, harts",
	"  observe    traces, statistics, explanations, checks, curves, grading",
	"  debug      gdb, recording and replaying, snapshots",
	"  core       what of a core can be set",
	"  all        all of it",
	"",
	"QEMU's spellings work, too. Ctrl-A x quits, c opens the monitor, h helps.",
	"Exit status: the guest's own; 1 an expectation failed; 124 instruction limit;",
	"125 could not start; 126 the guest is stuck. The manual page, emu/rvemu.1, has",
	"the rest.",
	NULL,
};

static const char *const guest_lines[] = {
	"#Guest",
	"  guest.elf              an ELF file linked at 0x80000000, or raw bytes",
	"  --bios FILE|none       other firmware (ELF, raw); none: start in M mode",
	"  --kernel FILE          S-mode kernel: ELF, Linux Image (also gzipped) or raw",
	"  --initrd FILE          initial RAM disk",
	"  --append TEXT          kernel command line",
	"  --dtb FILE             use this device tree; --dump-dtb FILE writes ours",
	"  --max-insns N          stop after N instructions, exit status 124",
	"  --no-reboot            end when the guest reboots",
	"  --signature FILE       write begin_signature..end_signature (+signature=FILE)",
	"  --signature-granularity N   bytes a line of it (16)",
	NULL,
};

static const char *const devices_lines[] = {
	"#Devices",
	"  --drive FILE[,readonly=on][,snapshot=on]   disk; --snapshot: for all of them",
	"  --net user[,hostfwd=tcp::2222-:22]         network through the host",
	"  --share DIR[,tag=NAME][,readonly=on]       folder for mount -t 9p",
	"  --rng                  entropy device; --console virtio: type into hvc0",
	"  --screen WIDTHxHEIGHT[,gpu=off][,simple=off][,pointer=tablet|mouse|none]",
	"                         the guest's screen, keyboard and pointer (1024x768 with",
	"                         a window; --screen off: none)",
	"#Display",
	"  --display sdl[,scale=smooth][,fullscreen=on][,tab=screen|serial|mmu]   window",
	"  --display tui          serial console and the MMU live, in the terminal",
	"  --display png:FILE     the screen as a picture, when the run ends",
	"  --display none         the terminal alone (auto: a window if the guest has a",
	"                         console on the screen, and there is a desktop)",
	NULL,
};

static const char *const machine_lines[] = {
	"#Machine",
	"  -m, --memory SIZE      RAM, with K, M or G; a bare number is MiB (128M)",
	"  --smp N                harts, 1 to 64 (1)",
	"  --isa STRING           for instance rv64gc_zba_sstc (max)",
	"  --mmu sv39|sv48|sv57   deepest mode (sv57)",
	"  --asid-bits N          0 to 16 (16)",
	"  --ad trap|update|adue  A and D bits: page fault, hardware sets them, or",
	"                         menvcfg.ADUE decides (adue)",
	"  --core NAME|FILE[,KEY=VALUE...]   a core's TLB, caches, cycles: --help core",
	"  --tlb PRESET[,KEY=VALUE...]       the TLB's structure alone:",
	"                         fast, teach, rocket, boom, boom-mega, cva6, u54, u74,",
	"                         xiangshan, champsim, check, adversarial (fast)",
	"  --adversarial[=SEED]   the TLB as unhelpful as the manual allows, with --tlb's",
	"                         geometry; the seed says when it forgets",
	"  --misaligned ok|trap   misaligned loads and stores (ok)",
	"  --quantum N            instructions a hart gets in its turn (5000)",
	"  --seed N               for what is random",
	NULL,
};

static const char *const observe_lines[] = {
	"#Observe",
	"  --trace SORTS[:FILE]   insn,mem,walk,tlb,trap,csr,... or all (to stderr)",
	"  --trace-file FILE      where traces go (-D; -d is --trace)",
	"  --trace-format FORM    text, jsonl, chrome, binary (by the file's suffix)",
	"  --trace-filter K=V,..  addr=LO-HI pc=LO-HI insns=FIRST-LAST priv=USM hart=N",
	"  --report FILE          a run file: `rvemu report FILE -o page.html`",
	"  --explain faults|all   page and access faults, or all exceptions, in words",
	"  --check[=all|=LIST]    stale,fencei,tables,pbmt,reserved,loop,wx,invalid",
	"  --stats[=json[:FILE]]  what was counted, at exit, for people or as JSON",
	"  --stats=names          what is counted, a line each",
	"  --what-if[=FILE.svg]   misses of every TLB size and all presets",
	"  --oracle[=FRAMES]      page faults under other replacement policies",
	"  --expect 'NAME OP NUMBER; ...'   exit status 1 if it does not hold at exit",
	"  --expect-report FILE   what became of them: FILE.xml (JUnit) or FILE.json",
	"  --ram-hash             instructions retired and a hash of RAM, at exit",
	NULL,
};

static const char *const debug_lines[] = {
	"#Debug",
	"  -s, --gdb tcp::PORT|unix:PATH   wait for gdb (-s: port 1234); -S: do not start",
	"  --record FILE          write down all input; --replay FILE runs it again",
	"  --loadvm FILE          go on from a snapshot (savevm in the monitor)",
	"  --help [TOPIC], --version",
	NULL,
};

static const char *const core_lines[] = {
	"#Keys of --core and --tlb, which takes those of the TLB alone",
	NULL,
};

static const struct {
	const char *name;
	const char *const *lines;
} topics[] = {
	{ "guest", guest_lines },
	{ "devices", devices_lines },
	{ "machine", machine_lines },
	{ "observe", observe_lines },
	{ "debug", debug_lines },
	{ "core", core_lines },
	{ "all", NULL },
};

const char *options_help_topic(u32 i)
{
	return i < ARRAY_SIZE(topics) ? topics[i].name : NULL;
}

static void print_lines(const char *const *lines, bool colour)
{
	for (; *lines; lines++) {
		const char *line = *lines;
		if (line[0] != '#')
			printf("%s\n", line);
		else
			printf("%s%s%s\n", colour ? BOLD : "", line + 1, colour ? PLAIN : "");
	}
}

void options_print_help(const char *topic, bool colour)
{
	bool all = topic && strcmp(topic, "all") == 0;
	if (!topic)
		print_lines(common_lines, colour);
	for (u32 i = 0; topic && i < ARRAY_SIZE(topics); i++)
		if (topics[i].lines && (all || strcmp(topics[i].name, topic) == 0))
			print_lines(topics[i].lines, colour);
	if (topic && (all || strcmp(topic, "core") == 0))
		core_config_print_keys(stdout);
}
