/*
 * What of a run goes into a run file (emu/observe/run_file.h): the sink of `--report FILE` and of traces to *.zst, the
 * record that says how the machine was built, and the one that says how the run ended. Other records (statistics,
 * curves, page tables, frames) are put in by who knows them, through recorder_file().
 *
 * RUN_META and RUN_END are JSON objects; emu/observe/README.md lists their keys.
 */
#ifndef RVEMU_EMU_OBSERVE_RECORDER_H
#define RVEMU_EMU_OBSERVE_RECORDER_H

#include "emu/machine.h"
#include "emu/observe/run_file.h"
#include "emu/observe/trace_filter.h"

/* The sorts that the page of pictures is made of. */
#define RECORDER_REPORT_SORTS                                                                                          \
	(1u << TRACE_WALK | 1u << TRACE_FENCE | 1u << TRACE_SPACE | 1u << TRACE_TRAP | 1u << TRACE_FAULT |             \
	 1u << TRACE_HINT)

struct recorder;

/* Begins a file, with how the machine will be built and the symbols (which may be NULL). NULL: see err. */
struct recorder *recorder_create(const char *path, const struct config *config, const struct symbols *symbols,
                                 u32 sorts, const struct trace_filter *filter, struct error *err);

/* Records other sorts, or with another filter, from now on. */
void recorder_change(struct recorder *recorder, u32 sorts, const struct trace_filter *filter);

/* What a machine is to be given. */
struct trace recorder_sink(struct recorder *recorder);

/* The file, for records of others. */
struct run_writer *recorder_file(struct recorder *recorder);

/* Puts in how the run ended: the last record. */
void recorder_end(struct recorder *recorder, const struct machine *machine, u64 host_ns, int status);

/* Ends the file and frees; recorder may be NULL. False: the file is not whole, see err. */
bool recorder_close(struct recorder *recorder, struct error *err) must_check;

#endif
