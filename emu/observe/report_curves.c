/*
 * Curves from a run file: see report_curves.h.
 */
#include "emu/observe/report_curves.h"

#include "emu/observe/oracle.h"
#include "emu/observe/what_if.h"

/* Gives all events to the sink. */
static bool feed(struct run_reader *reader, struct trace sink, struct error *err)
{
	struct run_item item;
	enum run_next next;
	bool found = false;
	while ((next = run_reader_next(reader, &item, err)) == RUN_NEXT_EVENT || next == RUN_NEXT_OTHER) {
		if (next != RUN_NEXT_EVENT)
			continue;
		found |= item.sort == TRACE_REF;
		if (trace_wants(&sink, item.sort))
			sink.emit(sink.arg, item.sort, item.event);
	}
	if (next == RUN_NEXT_BAD)
		return false;
	return found || error_set(err, "the file holds no references: --trace ref,fault,fence,space,hint:FILE.zst");
}

bool report_what_if(struct run_reader *reader, FILE *out, struct error *err)
{
	struct what_if *w = what_if_create();
	bool ok = feed(reader, what_if_sink(w), err);
	if (ok)
		what_if_print(w, out);
	what_if_destroy(w);
	return ok;
}

bool report_oracle(struct run_reader *reader, u64 lo, u64 hi, FILE *out, struct error *err)
{
	struct oracle *o = oracle_create(0, lo, hi);
	bool ok = feed(reader, oracle_sink(o), err);
	if (ok)
		oracle_print(o, out);
	oracle_destroy(o);
	return ok;
}
