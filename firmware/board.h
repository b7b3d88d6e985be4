/*
 * The board: where its devices are, and what the device tree says of harts, memory and counters.
 *
 * The devices are at fixed addresses, those of QEMU's `virt` board (devices/memmap.h); what differs from run to run is
 * read from the device tree, once, by the hart that boots.
 */
#ifndef FIRMWARE_BOARD_H
#define FIRMWARE_BOARD_H

#include "firmware/base.h"

struct fdt;

/* Bytes start .. start + size - 1. */
struct range {
	u64 start, size;
};

#define BOARD_RAM_MAX 8
#define BOARD_EVENTS_MAX 32

/* A row of riscv,event-to-mhpmevent: what to write to mhpmevent for an SBI event. */
struct event_selector {
	u64 event, selector;
};

/* A row of riscv,event-to-mhpmcounters: counters (a bit each) that can count events first..last. */
struct event_counters {
	u64 first, last, counters;
};

/* A row of riscv,raw-event-to-mhpmcounters: counters for raw selectors that equal `match` in the bits of `mask`. */
struct raw_counters {
	u64 match, mask, counters;
};

/* Who sets A and D in PTEs: see hart.c. */
enum ad_bits { AD_UNKNOWN, AD_BY_HARDWARE, AD_BY_FAULT };

struct board {
	u64 harts;                       /* a bit for each hart that exists */
	enum ad_bits ad_bits;            /* what the harts' ISA strings say */
	u32 ram_count;                   /* rows of ram in use; 0: unknown, all addresses may be RAM */
	struct range ram[BOARD_RAM_MAX]; /* memory */
	struct range initrd;             /* what /chosen says; size 0 if there is none */
	u32 selector_count;              /* rows in use */
	struct event_selector selectors[BOARD_EVENTS_MAX];
	u32 counters_count; /* rows in use */
	struct event_counters counters[BOARD_EVENTS_MAX];
	u32 raw_count; /* rows in use */
	struct raw_counters raw[BOARD_EVENTS_MAX];
};

/* Written at boot by one hart, only read from then on. */
extern struct board board;

/* Reads the device tree. */
void board_read(const struct fdt *fdt);

/* True if size bytes at pa are RAM, all of them, and none of them is the firmware's. */
bool board_is_supervisor_ram(u64 pa, u64 size);

/* --- CLINT --- */

/* Raises or clears the software interrupt of a hart's M mode. */
void clint_set_msip(u64 hart, bool value);

/* The time, in ticks. */
u64 clint_time(void);

/* The M-mode timer interrupt of the hart is pending from this time on. */
void clint_set_timer(u64 hart, u64 time);

/* --- console: the UART, polled --- */

/* Before the first byte. What has been received already is kept. */
void console_setup(void);

/* Sends a byte, as soon as there is room. */
void console_put(u8 byte);

/* The next byte that was received, or -1. */
i32 console_get(void);

/* For last words: text, and a number in hexadecimal. */
void console_print(const char *text);
void console_print_hex(u64 number);

/* --- finisher --- */

enum finish { FINISH_OFF, FINISH_FAILED, FINISH_REBOOT };

/* Ends the run of the whole machine. */
void board_finish(enum finish what) __attribute__((noreturn));

#endif
