/*
 * The command line: from argv to a struct config that says everything about a run, and nothing else does.
 *
 * QEMU's and Spike's spellings are understood next to the long ones: one dash or two, `--option value` or
 * `--option=value`, and Spike's `+signature=FILE`. Parsing touches no file; emu/boot.c opens what is named here.
 */
#ifndef RVEMU_EMU_OPTIONS_H
#define RVEMU_EMU_OPTIONS_H

#include "cpu/insn.h"
#include "devices/disk.h"
#include "devices/memmap.h"
#include "emu/net_user.h"
#include "emu/options_display.h"
#include "emu/options_observe.h"
#include "emu/options_values.h"
#include "emu/observe/trace_text.h"
#include "mmu/mmu.h"

#define OPTIONS_HARTS_MAX 64
#define OPTIONS_RVEMU_VERSION "0.1"

/* A folder of the host that the guest may mount. */
struct share_config {
	const char *path; /* the folder */
	const char *tag;  /* what the guest mounts it by */
	bool read_only;   /* the guest cannot change anything in it */
};

/* What is in a virtio slot. */
enum slot_kind {
	SLOT_EMPTY,
	SLOT_BLK,
	SLOT_NET,
	SLOT_RNG,
	SLOT_CONSOLE,
	SLOT_9P,
	SLOT_GPU,
	SLOT_INPUT, /* index: enum virtio_input_kind */
};

struct slot_config {
	u8 kind;   /* enum slot_kind */
	u32 index; /* which drive, which share */
};

/* What the program is to do. */
enum config_action {
	CONFIG_RUN,         /* build the machine and run it */
	CONFIG_HELP,        /* print the help */
	CONFIG_VERSION,     /* print the version */
	CONFIG_STATS_NAMES, /* print what is counted */
};

/* Strings are argv's, or constants. */
struct config {
	enum config_action action;
	const char *help_topic;     /* --help TOPIC, or NULL */
	const char *guest;          /* the positional argument, or NULL */
	const char *bios;           /* firmware file, "none", or NULL */
	const char *kernel;         /* S-mode kernel (ELF, Linux Image, raw), or NULL */
	const char *initrd;         /* initial RAM disk, or NULL */
	const char *append;         /* kernel command line, or NULL */
	const char *dtb;            /* device tree to use instead of our own, or NULL */
	const char *dump_dtb;       /* where to write the device tree, or NULL */
	u64 ram_size;               /* bytes, a multiple of 4 KiB */
	u32 harts;                  /* 1..OPTIONS_HARTS_MAX */
	struct isa isa;             /* what the harts can do; Svade and Svadu agree with mmu.ad */
	struct mmu_config mmu;      /* geometry, A/D, ASID width, deepest mode; mmu.tlb points at `tlb` or a preset */
	struct tlb_config tlb;      /* the preset chosen, with the seed put in */
	struct cost_config cost;    /* the timing that --core gives; mmu.cost points at it, or is NULL */
	u64 max_insns;              /* steps after which to stop; 0: no limit */
	u64 quantum;                /* steps a hart gets before the next one's turn */
	const char *signature;      /* where to write the signature, or NULL */
	u32 signature_granularity;  /* bytes a line of it */
	u32 trace_wanted;           /* BIT(enum trace_sort) */
	const char *trace_file;     /* where trace lines go; NULL: stderr */
	struct trace_filter filter; /* which of them */
	struct observe_config observe; /* who looks at it: emu/options_observe.c */
	struct screen_config screen;   /* the guest's screen, keyboard and pointer */
	struct display_config display; /* how the user sees them: emu/options_display.c */
	bool no_reboot;                /* a guest that reboots ends rvemu */
	bool stopped;                  /* -S: do not start before the debugger or the monitor says so */
	const char *gdb;               /* where the debugger connects, "tcp::1234" or "unix:PATH", or NULL */
	const char *load_snapshot;     /* snapshot to start from, or NULL */
	const char *record;            /* where to record input, or NULL */
	const char *replay;            /* where input comes from, or NULL */
	bool virtio_console;           /* the terminal's input goes to a virtio console instead of the UART */

	struct slot_config slots[MEMMAP_VIRTIO_COUNT];   /* virtio devices, by slot */
	struct disk_config drives[MEMMAP_VIRTIO_COUNT];  /* disks; paths are malloc'ed */
	u32 drive_count;                                 /* how many */
	struct share_config shares[MEMMAP_VIRTIO_COUNT]; /* shared folders; strings are malloc'ed */
	u32 share_count;                                 /* how many */
	struct net_config net;                           /* the user network */
	bool ram_hash;                                   /* print instructions retired and a hash of RAM at exit */
};

/* Fills in *config, whose address must not change afterwards. False: see err, which is one line and names the option.
 */
bool options_parse(struct config *config, int argc, char **argv, struct error *err) must_check;

/* Frees what options_parse() allocated, also after it failed. */
void options_free(struct config *config);

/* Prints the help about a topic (NULL: the common options), coloured if that is wanted. It fits 80 columns and 50
 * lines, but for the topic "all". */
void options_print_help(const char *topic, bool colour);

/* The i-th topic that help can be had about, or NULL past the end. */
const char *options_help_topic(u32 i);

#endif
