/*
 * What the files of the monitor share: a command's row and call, and how arguments are read. Nobody else includes this.
 */
#ifndef RVEMU_EMU_MONITOR_INTERNAL_H
#define RVEMU_EMU_MONITOR_INTERNAL_H

#include "emu/machine.h"
#include "emu/monitor.h"

#define MONITOR_WORD_SIZE 128
#define MONITOR_NAME_SIZE 160

/* One command at work. */
struct monitor_call {
	struct monitor *mon;        /* whose */
	struct machine *m;          /* the machine, never NULL while a command runs */
	struct hart *hart;          /* the hart that is meant where none is named */
	const char *at;             /* what of the line has not been read yet */
	char format[16];            /* what stood behind the slash of `x/8xg`: "8xg" */
	FILE *out;                  /* where answers go */
	struct error *err;          /* for who returns false */
	enum monitor_result result; /* MONITOR_AGAIN unless the command says otherwise */
};

/* A row of the table of commands. `run` returns false for a mistake, with call->err set. */
struct monitor_row {
	const char *names;      /* "info|i": the name, and what it may also be called */
	const char *parameters; /* for help: "VA [fetch|load|store]" */
	const char *help;       /* what it does, in a line */
	bool (*run)(struct monitor_call *call);
};

/* --- reading arguments; blanks in front are skipped --- */

/* The next word, cut off where it is too long. False: there is none. */
bool monitor_word(struct monitor_call *call, char word[MONITOR_WORD_SIZE]);

/* True, and the word is read over, if the next word is this one. */
bool monitor_accept(struct monitor_call *call, const char *word);

/* True if nothing is left. */
bool monitor_at_end(const struct monitor_call *call);

/* The same, for the end of a command: false with an error that names what is left. */
bool monitor_done(struct monitor_call *call) must_check;

/* The value of an expression (emu/monitor_expr.h). `what` is for the message if there is none: "an address". */
bool monitor_value(struct monitor_call *call, const char *what, u64 *value) must_check;

/* An expression that is a hart's number, if anything is left; otherwise the hart that is meant. */
bool monitor_hart(struct monitor_call *call, struct hart **hart) must_check;

/* --- writing --- */

/* " <name+0x12>" for an address that has a name, code or data, or "". */
const char *monitor_describe(const struct monitor_call *call, u64 address, char text[MONITOR_NAME_SIZE]);

/* "usm": the modes of a set of BIT(enum priv). */
const char *monitor_privs(u32 privs, char text[4]);

/* Says where a hart stands: mode, pc, and the instruction there. */
void monitor_say_where(const struct monitor_call *call, struct hart *h);

/* --- commands, by the file they are in --- */

/* monitor_registers.c */
bool monitor_info_registers(struct monitor_call *call);
bool monitor_info_harts(struct monitor_call *call);
bool monitor_cpu(struct monitor_call *call);

/* monitor_info.c */
bool monitor_info_devices(struct monitor_call *call);
bool monitor_info_irq(struct monitor_call *call);
bool monitor_info_stats(struct monitor_call *call);
bool monitor_info_symbols(struct monitor_call *call);
bool monitor_sym(struct monitor_call *call);

/* monitor_mmu.c */
bool monitor_walk(struct monitor_call *call);
bool monitor_explain(struct monitor_call *call);
bool monitor_gva2gpa(struct monitor_call *call);

/* monitor_maps.c */
bool monitor_info_mem(struct monitor_call *call);
bool monitor_info_tlb(struct monitor_call *call);

/* monitor_memory.c */
bool monitor_x(struct monitor_call *call);
bool monitor_xp(struct monitor_call *call);
bool monitor_print(struct monitor_call *call);

/* monitor_points.c */
bool monitor_break(struct monitor_call *call);
bool monitor_watch(struct monitor_call *call);
bool monitor_rwatch(struct monitor_call *call);
bool monitor_awatch(struct monitor_call *call);
bool monitor_delete(struct monitor_call *call);
bool monitor_info_breakpoints(struct monitor_call *call);

/* monitor_run.c */
bool monitor_stop(struct monitor_call *call);
bool monitor_cont(struct monitor_call *call);
bool monitor_step(struct monitor_call *call);
bool monitor_speed(struct monitor_call *call);
bool monitor_reset(struct monitor_call *call);
bool monitor_powerdown(struct monitor_call *call);
bool monitor_quit(struct monitor_call *call);
bool monitor_savevm(struct monitor_call *call);
bool monitor_loadvm(struct monitor_call *call);
bool monitor_trace(struct monitor_call *call);
bool monitor_screendump(struct monitor_call *call);

#endif
