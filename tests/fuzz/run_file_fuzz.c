/*
 * Run files of anybody: records go through a zstd stream, as they would in a file, and what comes out is given to all
 * forms of traces. The input is the records themselves, or a seed for good ones and places where they are damaged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "emu/observe/run_file.h"
#include "emu/observe/trace_out.h"
#include "emu/zfile.h"
#include "tests/fuzz/input.h"
#include "tests/unit/run_events.h"

#define EVENTS 40
#define RECORDS_SIZE (EVENTS * (RUN_EVENT_BYTES_MAX + 3))

/* TRACE_FORM_TEXT and those after it that a run file can be made into. */
#define FORMS 3

static bool write_file(const char *path, const u8 *bytes, size_t size)
{
	struct error err;
	struct zfile *z = zfile_create(path, &err);
	if (!z)
		return false;
	bool ok = zfile_write(z, "RVEMURUN\1", 9) && zfile_write(z, bytes, size) && zfile_finish(z, false);
	zfile_close(z);
	return ok;
}

static void read_file(const char *path, FILE *nowhere)
{
	struct error err;
	struct run_item item;
	enum run_next next;
	struct trace_out *outs[FORMS];
	struct run_reader *reader = run_reader_open(path, &err);
	BUG_ON(!reader);
	for (u32 i = 0; i < FORMS; i++) {
		struct trace_out_plan plan = {
			.form = TRACE_FORM_TEXT + i,
			.standard = nowhere,
			.sorts = (1u << TRACE_SORTS) - 1,
			.symbols = run_reader_symbols(reader),
		};
		trace_filter_init(&plan.filter);
		outs[i] = trace_out_create(&plan, &err);
		BUG_ON(!outs[i]);
	}
	while ((next = run_reader_next(reader, &item, &err)) == RUN_NEXT_EVENT || next == RUN_NEXT_OTHER) {
		for (u32 i = 0; i < FORMS && next == RUN_NEXT_EVENT; i++) {
			struct trace sink = trace_out_sink(outs[i]);
			sink.emit(sink.arg, item.sort, item.event);
		}
	}
	BUG_ON(next == RUN_NEXT_CUT);
	for (u32 i = 0; i < FORMS; i++)
		BUG_ON(!trace_out_close(outs[i], &err));
	run_reader_close(reader);
}

/* Good records of random events. */
static size_t make_records(u64 seed, u8 *records)
{
	struct run_memory *memory = run_memory_create();
	struct run_event event = { 0 };
	u8 payload[RUN_EVENT_BYTES_MAX];
	size_t size = 0;
	seed |= 1;
	for (u32 i = 0; i < EVENTS; i++) {
		enum trace_sort sort = event_random(&seed) % TRACE_SORTS;
		event_make(&seed, sort, &event);
		size_t length = run_pack(memory, sort, &event, payload);
		records[size++] = (u8)(sort + 1);
		if (length >= 0x80) {
			records[size++] = (u8)(length | 0x80);
			records[size++] = (u8)(length >> 7);
		} else {
			records[size++] = (u8)length;
		}
		memcpy(records + size, payload, length);
		size += length;
	}
	run_memory_destroy(memory);
	return size;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	char path[64];
	static u8 records[RECORDS_SIZE];
	struct input in = { bytes, size };
	bool is_raw = input_number(&in, 1) & 1;
	if (!is_raw) {
		size_t made = make_records(input_number(&in, 2), records);
		while (in.size >= 3) {
			u64 at = input_number(&in, 2) % made;
			records[at] = (u8)input_number(&in, 1);
		}
		in = (struct input){ records, made };
	}
	snprintf(path, sizeof(path), "/dev/shm/run_file_fuzz.%d", (int)getpid());
	FILE *nowhere = fopen("/dev/null", "w");
	if (nowhere && write_file(path, in.bytes, in.size))
		read_file(path, nowhere);
	if (nowhere)
		fclose(nowhere);
	unlink(path);
	return 0;
}
