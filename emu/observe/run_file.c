/*
 * Run files, written and read: see run_file.h. How events are packed is run_codec.c's business, the stream zfile.c's.
 *
 * RUN_META is made by emu/observe/recorder.c and described there.
 */
#include "emu/observe/run_file.h"

#include <stdlib.h>
#include <string.h>

#include "emu/observe/run_codec.h"
#include "emu/zfile.h"

#define MAGIC "RVEMURUN"
#define MAGIC_SIZE 8
#define VERSION 1

#define SYMBOLS_MAX (1u << 20)
/* A payload is read in such pieces, so that a length that lies costs no memory. */
#define PIECE (64 * KIB)
#define NUMBER_MAX 10

struct run_writer {
	struct zfile *z;           /* the file */
	char *path;                /* its name */
	struct run_memory *memory; /* of events */
	u64 bytes;                 /* put in */
};

struct run_reader {
	struct zfile *z;           /* the file */
	char *path;                /* its name */
	struct run_memory *memory; /* of events */
	struct symbols symbols;    /* read so far; their names lie in symbol_bytes */
	char *symbol_bytes;        /* the payload they came in, or NULL */
	struct run_event event;    /* the last event */
	char *payload;             /* the last payload */
	size_t capacity;           /* room in it */
};

/* --- writing --- */

static u32 put_number(u8 *out, u64 v)
{
	u32 size = 0;
	for (; v >= 0x80; v >>= 7)
		out[size++] = (u8)(v | 0x80);
	out[size++] = (u8)v;
	return size;
}

/* What goes wrong is kept by the file, and told when it is closed. */
static void put_bytes(struct run_writer *w, const void *bytes, size_t size)
{
	(void)zfile_write(w->z, bytes, size);
	w->bytes += size;
}

struct run_writer *run_writer_create(const char *path, struct error *err)
{
	struct zfile *z = zfile_create(path, err);
	if (!z)
		return NULL;
	struct run_writer *w = xcalloc(1, sizeof(*w));
	w->z = z;
	w->path = xstrdup(path);
	w->memory = run_memory_create();
	static const u8 version = VERSION;
	put_bytes(w, MAGIC, MAGIC_SIZE);
	put_bytes(w, &version, 1);
	return w;
}

void run_writer_emit(void *writer, enum trace_sort sort, const void *event)
{
	struct run_writer *w = writer;
	u8 record[3 + RUN_EVENT_BYTES_MAX];
	u8 *payload = record + 3;
	size_t size = run_pack(w->memory, sort, event, payload);
	/* The payload's length comes before it and takes one byte or two. */
	u8 length[NUMBER_MAX];
	u32 length_size = put_number(length, size);
	memcpy(payload - length_size, length, length_size);
	payload[-(s32)length_size - 1] = (u8)(sort + 1);
	put_bytes(w, payload - length_size - 1, 1 + length_size + size);
}

void run_writer_put(struct run_writer *w, enum run_record kind, const void *payload, size_t size)
{
	u8 begin[1 + NUMBER_MAX] = { (u8)kind };
	BUG_ON(kind < RUN_FIRST_EXTRA || size > RUN_PAYLOAD_MAX);
	put_bytes(w, begin, 1 + put_number(begin + 1, size));
	put_bytes(w, payload, size);
}

/* True if symbols_code_at() can answer with the i-th: the last one at an address hides the others. */
static bool is_answer(const struct symbols *symbols, u32 i)
{
	const struct symbol *s = &symbols->all[i];
	for (u32 next = i + 1; next < symbols->count && symbols->all[next].addr == s->addr; next++)
		if (symbols->all[next].is_code)
			return false;
	return s->is_code;
}

void run_writer_put_symbols(struct run_writer *w, const struct symbols *symbols)
{
	size_t size = 0, capacity = 0;
	u32 count = 0;
	u8 *bytes = NULL;
	for (u32 i = 0; symbols && i < symbols->count && count < SYMBOLS_MAX; i++) {
		const struct symbol *s = &symbols->all[i];
		size_t name = strlen(s->name) + 1, most = 2 * NUMBER_MAX + name;
		if (!is_answer(symbols, i))
			continue;
		if (size + most > RUN_PAYLOAD_MAX)
			break;
		if (size + most > capacity) {
			capacity = 2 * capacity + most + PIECE;
			bytes = xrealloc(bytes, capacity);
		}
		size += put_number(bytes + size, s->addr);
		size += put_number(bytes + size, s->size);
		memcpy(bytes + size, s->name, name);
		size += name;
		count++;
	}
	if (count)
		run_writer_put(w, RUN_SYMBOLS, bytes, size);
	free(bytes);
}

u64 run_writer_bytes(const struct run_writer *w)
{
	return w->bytes;
}

bool run_writer_close(struct run_writer *w, struct error *err)
{
	if (!w)
		return true;
	bool whole = zfile_finish(w->z, false);
	if (!whole)
		error_set(err, "%s: the run file is not complete: %s", w->path, zfile_problem(w->z));
	zfile_close(w->z);
	run_memory_destroy(w->memory);
	free(w->path);
	free(w);
	return whole;
}

/* --- reading --- */

void run_reader_close(struct run_reader *r)
{
	if (!r)
		return;
	zfile_close(r->z);
	run_memory_destroy(r->memory);
	symbols_free(&r->symbols);
	free(r->symbol_bytes);
	free(r->payload);
	free(r->path);
	free(r);
}

struct run_reader *run_reader_open(const char *path, struct error *err)
{
	u8 begin[MAGIC_SIZE + 1];
	struct zfile *z = zfile_open(path, err);
	if (!z)
		return NULL;
	size_t got = zfile_read(z, begin, sizeof(begin));
	if (got == 0 && !zfile_problem(z) && !zfile_is_over(z)) {
		error_set(err, "%s: nothing is in it: the run was killed early, or is still at work", path);
		zfile_close(z);
		return NULL;
	}
	if (got != sizeof(begin) || memcmp(begin, MAGIC, MAGIC_SIZE) != 0) {
		error_set(err, "%s: this is no run file: rvemu writes them with --report FILE.zst", path);
		zfile_close(z);
		return NULL;
	}
	if (begin[MAGIC_SIZE] != VERSION) {
		error_set(err, "%s: a run file of version %u, but this rvemu reads version %d", path, begin[MAGIC_SIZE],
		          VERSION);
		zfile_close(z);
		return NULL;
	}
	struct run_reader *r = xcalloc(1, sizeof(*r));
	r->z = z;
	r->path = xstrdup(path);
	r->memory = run_memory_create();
	r->capacity = PIECE;
	r->payload = xcalloc(1, r->capacity);
	return r;
}

static enum run_next damaged(struct run_reader *r, const char *what, struct error *err)
{
	error_set(err, "%s: the run file is damaged: %s", r->path, what);
	return RUN_NEXT_BAD;
}

/* The bytes are over where they should not be. */
static enum run_next cut(struct run_reader *r, struct error *err)
{
	const char *problem = zfile_problem(r->z);
	if (problem)
		return damaged(r, problem, err);
	if (zfile_is_over(r->z))
		return damaged(r, "the last record is not whole", err);
	return RUN_NEXT_CUT;
}

/* Reads the payload, with a 0 byte behind it. False: it is not whole. */
static bool read_payload(struct run_reader *r, size_t size)
{
	for (size_t done = 0; done < size;) {
		size_t now = size - done < PIECE ? size - done : PIECE;
		if (done + now + 1 > r->capacity) {
			r->capacity = 2 * (done + now + 1);
			r->payload = xrealloc(r->payload, r->capacity);
		}
		if (zfile_read(r->z, r->payload + done, now) != now)
			return false;
		done += now;
	}
	r->payload[size] = '\0';
	return true;
}

/* A LEB128 number of a payload of symbols. */
static bool get_number(const char **at, const char *end, u64 *v)
{
	*v = 0;
	for (u32 shift = 0; *at < end && shift < 64; shift += 7) {
		u8 byte = (u8) * (*at)++;
		*v |= (u64)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* Takes the symbols in. The names stay where they are, in bytes that are now ours. */
static bool take_symbols(struct run_reader *r, size_t size)
{
	if (r->symbol_bytes)
		return false;
	r->symbol_bytes = xcalloc(1, size + 1);
	memcpy(r->symbol_bytes, r->payload, size);
	const char *at = r->symbol_bytes, *end = at + size;
	while (at < end) {
		struct symbol s = { .is_code = true };
		if (r->symbols.count == SYMBOLS_MAX || !get_number(&at, end, &s.addr) || !get_number(&at, end, &s.size))
			return false;
		s.name = at;
		at = memchr(at, '\0', (size_t)(end - at));
		if (!at)
			return false;
		at++;
		symbols_add(&r->symbols, &s);
	}
	symbols_sort(&r->symbols);
	return true;
}

/* Reads the length of a payload. */
static enum run_next read_length(struct run_reader *r, u64 *size, struct error *err)
{
	u8 byte = 0x80;
	*size = 0;
	for (u32 shift = 0; byte & 0x80; shift += 7) {
		if (shift > 28)
			return damaged(r, "a record's length", err);
		if (zfile_read(r->z, &byte, 1) != 1)
			return cut(r, err);
		*size |= (u64)(byte & 0x7f) << shift;
	}
	return *size <= RUN_PAYLOAD_MAX ? RUN_NEXT_OTHER : damaged(r, "a record's length", err);
}

enum run_next run_reader_next(struct run_reader *r, struct run_item *item, struct error *err)
{
	u8 kind;
	u64 size;
	do {
		if (zfile_read(r->z, &kind, 1) != 1)
			return !zfile_problem(r->z) && zfile_is_over(r->z) ? RUN_NEXT_END : cut(r, err);
		enum run_next how = read_length(r, &size, err);
		if (how != RUN_NEXT_OTHER)
			return how;
		if (!read_payload(r, (size_t)size))
			return cut(r, err);
		if (kind > 0 && kind <= TRACE_SORTS) {
			enum trace_sort sort = kind - 1u;
			if (!run_unpack(r->memory, sort, (const u8 *)r->payload, (size_t)size, &r->event))
				return damaged(r, "an event", err);
			*item = (struct run_item){ .sort = sort, .event = &r->event };
			return RUN_NEXT_EVENT;
		}
	} while (kind < RUN_FIRST_EXTRA || kind > RUN_END);
	if (kind == RUN_SYMBOLS && !take_symbols(r, (size_t)size))
		return damaged(r, "the symbols", err);
	*item = (struct run_item){ .kind = kind, .payload = r->payload, .size = (size_t)size };
	return RUN_NEXT_OTHER;
}

const struct symbols *run_reader_symbols(const struct run_reader *r)
{
	return &r->symbols;
}
