/*
 * The sink that fills a run file: see recorder.h.
 */
#include "emu/observe/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/observe/trace_text.h"

#define FORMAT_VERSION 1

struct recorder {
	struct run_writer *file;     /* where it goes */
	const struct config *config; /* how the machine is built */
	const char *kernel_kind;     /* what runs, as far as symbols tell */
	u32 sorts;                   /* what was asked for */
	struct trace_filter filter;  /* which of it */
};

/* --- JSON --- */

/* A JSON object being written into memory. */
struct object {
	FILE *out;   /* into `text` */
	char *text;  /* what was written; the caller frees it */
	size_t size; /* how much */
	bool began;  /* it has a member */
};

static void object_begin(struct object *o)
{
	*o = (struct object){ 0 };
	o->out = open_memstream(&o->text, &o->size);
	BUG_ON(!o->out);
}

static void put_key(struct object *o, const char *key)
{
	fprintf(o->out, "%s\"%s\":", o->began ? "," : "{", key);
	o->began = true;
}

static void put_number(struct object *o, const char *key, u64 value)
{
	put_key(o, key);
	fprintf(o->out, "%llu", (unsigned long long)value);
}

static void put_truth(struct object *o, const char *key, bool value)
{
	put_key(o, key);
	fputs(value ? "true" : "false", o->out);
}

/* A string that may be the user's; NULL: null. What is no ASCII becomes \u00XX. */
static void put_string(struct object *o, const char *key, const char *text)
{
	put_key(o, key);
	if (!text) {
		fputs("null", o->out);
		return;
	}
	fputc('"', o->out);
	for (; *text; text++) {
		u8 c = (u8)*text;
		if (c == '"' || c == '\\' || c < 0x20 || c >= 0x7f)
			fprintf(o->out, "\\u%04x", c);
		else
			fputc(c, o->out);
	}
	fputc('"', o->out);
}

static void object_put(struct object *o, struct run_writer *file, enum run_record kind)
{
	fputs(o->began ? "}" : "{}", o->out);
	fclose(o->out);
	run_writer_put(file, kind, o->text, o->size);
	free(o->text);
}

/* --- how the machine is built --- */

static const char *name_of_kernel(const struct symbols *symbols)
{
	static const struct {
		const char *symbol, *kind;
	} known[] = {
		{ "start_kernel", "linux" },
		{ "usertrapret", "xv6" },
		{ "hint_process", "rvemu" },
	};
	for (u32 i = 0; symbols && i < ARRAY_SIZE(known); i++)
		if (symbols_named(symbols, known[i].symbol))
			return known[i].kind;
	return "other";
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	return slash ? slash + 1 : path;
}

static void put_meta(struct recorder *r)
{
	static const char *const ad_modes[] = { [AD_TRAP] = "trap", [AD_UPDATE] = "update", [AD_ADUE] = "adue" };
	const struct config *c = r->config;
	struct object o;
	char sorts[128], filter[TRACE_FILTER_TEXT];
	trace_sorts_text(r->sorts, sorts, sizeof(sorts));
	trace_filter_text(&r->filter, filter);
	object_begin(&o);
	put_string(&o, "rvemu", OPTIONS_RVEMU_VERSION);
	put_number(&o, "format", FORMAT_VERSION);
	put_string(&o, "guest", base_name(c->guest));
	put_string(&o, "kernel", base_name(c->kernel));
	put_string(&o, "bios", base_name(c->bios));
	put_string(&o, "append", c->append);
	put_string(&o, "kernel_kind", r->kernel_kind);
	put_number(&o, "harts", c->harts);
	put_number(&o, "ram_bytes", c->ram_size);
	put_number(&o, "levels_max", c->mmu.levels_max);
	put_string(&o, "tlb", c->mmu.tlb ? c->mmu.tlb->name : NULL);
	put_string(&o, "core", c->mmu.cost ? c->mmu.cost->name : NULL);
	put_truth(&o, "timing", c->mmu.cost != NULL);
	put_number(&o, "asid_bits", c->mmu.asid_bits);
	put_string(&o, "ad", ad_modes[c->mmu.ad]);
	put_truth(&o, "misaligned_trap", c->mmu.misaligned_trap);
	put_number(&o, "max_insns", c->max_insns);
	put_string(&o, "sorts", sorts);
	put_string(&o, "filter", filter);
	object_put(&o, r->file, RUN_META);
}

struct recorder *recorder_create(const char *path, const struct config *config, const struct symbols *symbols,
                                 u32 sorts, const struct trace_filter *filter, struct error *err)
{
	struct run_writer *file = run_writer_create(path, err);
	if (!file)
		return NULL;
	struct recorder *r = xcalloc(1, sizeof(*r));
	r->file = file;
	r->config = config;
	r->kernel_kind = name_of_kernel(symbols);
	recorder_change(r, sorts, filter);
	run_writer_put_symbols(file, symbols);
	return r;
}

void recorder_change(struct recorder *r, u32 sorts, const struct trace_filter *filter)
{
	r->sorts = sorts;
	r->filter = *filter;
	put_meta(r);
}

/* --- the run --- */

/* A line of sort insn, which may be made of the file, shows what the instruction did, and forgets what the one before
 * did: all of that is kept, and the filter chooses lines when the file is read. */
static bool is_for_lines(const struct recorder *r, enum trace_sort sort)
{
	return r->sorts >> TRACE_INSN & 1 && (TRACE_TEXT_FOR_LINES | 1u << TRACE_INSN) >> sort & 1;
}

static void emit(void *recorder, enum trace_sort sort, const void *event)
{
	struct recorder *r = recorder;
	if (is_for_lines(r, sort) || (r->sorts >> sort & 1 && trace_filter_passes(&r->filter, sort, event)))
		run_writer_emit(r->file, sort, event);
}

struct trace recorder_sink(struct recorder *r)
{
	return (struct trace){ .wanted = trace_text_needs(r->sorts), .emit = emit, .arg = r };
}

struct run_writer *recorder_file(struct recorder *r)
{
	return r->file;
}

void recorder_end(struct recorder *r, const struct machine *m, u64 host_ns, int status)
{
	struct object o;
	u64 instret = 0;
	for (u32 i = 0; i < m->hart_count; i++)
		instret += hart_instret(m->harts[i]);
	object_begin(&o);
	put_number(&o, "status", (u64)status);
	put_number(&o, "instret", instret);
	put_number(&o, "steps", machine_steps(m));
	put_number(&o, "time_ns", m->clock.now_ns);
	put_number(&o, "host_ns", host_ns);
	object_put(&o, r->file, RUN_END);
}

bool recorder_close(struct recorder *r, struct error *err)
{
	if (!r)
		return true;
	bool whole = run_writer_close(r->file, err);
	free(r);
	return whole;
}
