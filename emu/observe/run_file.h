/*
 * The run file: what was observed of a run, in a compact binary file (zstd) from which `rvemu report` makes text, JSON
 * lines, a Chrome trace, tables and the page of pictures later.
 *
 *     one zstd stream: 8 bytes "RVEMURUN", a version byte, then records:
 *     kind (1 byte), length of the payload (LEB128), payload
 *
 * Kinds below RUN_FIRST_EXTRA are events: enum trace_sort + 1, packed by emu/observe/run_codec.h and unpacked into the
 * same structs, so that whatever is a sink of a machine is a sink of a file. The others are listed here. A reader skips
 * kinds that it does not know. A file that ends early (a killed run) is read as far as it goes, and said to be cut.
 */
#ifndef RVEMU_EMU_OBSERVE_RUN_FILE_H
#define RVEMU_EMU_OBSERVE_RUN_FILE_H

#include "emu/base/trace.h"
#include "emu/symbols.h"

enum run_record {
	RUN_FIRST_EXTRA = 64,
	RUN_META = RUN_FIRST_EXTRA, /* JSON: how the machine was built, see emu/observe/recorder.c; the first */
	RUN_SYMBOLS,                /* code symbols: (address LEB128, size LEB128, name, 0)* */
	RUN_STATS,                  /* JSON of emu/observe/stats.h; the last but RUN_END */
	RUN_CURVES,                 /* JSON of emu/observe/what_if.h */
	RUN_TABLES,                 /* page tables of address spaces at a moment: emu/observe/tables.h */
	RUN_FRAMES,                 /* use of all frames at a moment: emu/observe/frame_map.h */
	RUN_END,                    /* JSON: how the run ended */
};

/* The longest payload. */
#define RUN_PAYLOAD_MAX (64 * MIB)

struct run_writer;
struct run_reader;

/* Begins a file. NULL: see err. */
struct run_writer *run_writer_create(const char *path, struct error *err);

/* The sink: fits struct trace. Text for people is not made here. */
void run_writer_emit(void *writer, enum trace_sort sort, const void *event);

/* Puts another record in; `size` is at most RUN_PAYLOAD_MAX. */
void run_writer_put(struct run_writer *writer, enum run_record kind, const void *payload, size_t size);
void run_writer_put_symbols(struct run_writer *writer, const struct symbols *symbols);

/* How many bytes of records were put in, before they were compressed. */
u64 run_writer_bytes(const struct run_writer *writer);

/* Ends the file and frees the writer, which may be NULL. False: the file is not whole, see err. */
bool run_writer_close(struct run_writer *writer, struct error *err) must_check;

/* Opens a file that may be anybody's: what it holds is checked, and what is read is within the ranges that the structs
 * promise. NULL: see err. */
struct run_reader *run_reader_open(const char *path, struct error *err);
void run_reader_close(struct run_reader *reader);

/* What the next record is. */
enum run_next {
	RUN_NEXT_EVENT, /* `sort` and `event`: valid until the next call */
	RUN_NEXT_OTHER, /* `kind`, `payload` (with a 0 byte behind it), `size`: likewise */
	RUN_NEXT_END,   /* the file is over */
	RUN_NEXT_CUT,   /* the file ends too early */
	RUN_NEXT_BAD,   /* it is damaged: see err */
};
struct run_item {
	enum trace_sort sort; /* of the event */
	const void *event;    /* the struct that belongs to the sort */
	enum run_record kind; /* of another record */
	const char *payload;  /* its bytes */
	size_t size;          /* how many, without the 0 byte */
};
enum run_next run_reader_next(struct run_reader *reader, struct run_item *item, struct error *err) must_check;

/* The symbols read so far: good until the reader is closed. */
const struct symbols *run_reader_symbols(const struct run_reader *reader);

#endif
