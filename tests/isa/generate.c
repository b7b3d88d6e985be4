/*
 * The generator: writes a plan for the runner (guest.c), and, where there is no other machine to ask, what must come of
 *it.
 *
 *	generate known PLAN [ROW]               rows that QEMU has too
 *	generate reference PLAN EXPECTED [ROW]  rows that it lacks or gets wrong, and what is right
 *	generate programs PLAN [SEED CHUNK]     random programs
 *	generate count                          how many rows are of which sort
 *
 * With a ROW (or a program's SEED and CHUNK) that one alone is done, in every detail. What is known comes from the
 *instruction table: a new row needs nothing here but, if QEMU lacks it, its reference.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/isa/programs.h"
#include "tests/isa/reference.h"
#include "tests/isa/rows.h"

/* What QEMU 7.2 knows, started as run.sh does; of the hints it knows the instructions they are carved out of. */
#define KNOWN_ISA "rv64imafdc_zicbop_zicsr_zifencei_zihintntl_zihintpause_zfh_zba_zbb_zbc_zbs_svinval"

#define PROGRAMS 60
#define JOBS_MAX 32768
#define PLAN_SIZE (GUEST_END - GUEST_PLAN)

/* A stub that the reference is to work out. */
struct job {
	struct subject subject;
	struct shape shape;
	const struct stub *stub;
};

struct generator {
	struct builder b;
	struct rows rows;
	struct job *jobs;
	u32 job_count;
};

static int fail(const char *what, const char *name)
{
	fprintf(stderr, "generate: %s: %s\n", what, name);
	exit(2);
}

static void note_job(void *arg, const struct subject *s, const struct shape *shape, const struct stub *stub)
{
	struct generator *g = arg;

	BUG_ON(g->job_count == JOBS_MAX);
	g->jobs[g->job_count++] = (struct job){ *s, *shape, stub };
}

static struct decoder *make_decoder(const char *isa_text)
{
	struct decoder *d = xcalloc(1, sizeof(*d));
	struct isa isa;
	struct error err;

	if (!isa_parse(&isa, isa_text, &err))
		fail("bad ISA", err.text);
	decoder_init(d, &isa);
	return d;
}

static struct generator *create(void)
{
	struct generator *g = xcalloc(1, sizeof(*g));

	g->b = (struct builder){
		.image = xcalloc(1, PLAN_SIZE),
		.pool_end = GUEST_POOLS,
		.code_end = GUEST_CODE,
		.rng = { 1 },
	};
	g->rows = (struct rows){
		.b = &g->b,
		.full = make_decoder("max"),
		.known = make_decoder(KNOWN_ISA),
		.sink = note_job,
		.sink_arg = g,
	};
	g->jobs = xcalloc(JOBS_MAX, sizeof(*g->jobs));
	return g;
}

static void destroy(struct generator *g)
{
	free(g->rows.full);
	free(g->rows.known);
	free(g->jobs);
	free(g->b.image);
	free(g);
}

static FILE *open_output(const char *name)
{
	FILE *f = fopen(name, "w");

	if (!f)
		fail(strerror(errno), name);
	return f;
}

static void write_plan(const struct generator *g, const char *name)
{
	FILE *f = open_output(name);

	if (fwrite(g->b.image, 1, g->b.code_end - GUEST_PLAN, f) != g->b.code_end - GUEST_PLAN || fclose(f) != 0)
		fail(strerror(errno), name);
}

/* --- what the reference makes of a stub --- */

static u64 frame_value(const struct frame *f, u32 offset)
{
	u64 value;

	memcpy(&value, (const u8 *)f + offset, sizeof(value));
	return value;
}

/* Does what the stub and the runner do around the instruction. */
static void execute_case(const struct job *job, struct frame *f, u64 *window)
{
	u64 pc = job->stub->resume - 4; /* also of a compressed one: a nop follows */
	struct model m = { .fcsr = job->shape.fcsr, .fs_off = job->shape.fs_off, .pc = pc };
	struct input inputs[STUB_INPUTS_MAX];
	u32 count = stub_inputs(&job->subject, &job->shape, inputs), rd = subject_rd(&job->subject);
	u64 v = WINDOW_PATTERN;

	for (u32 i = 0; i < WINDOW_DWORDS; i++, v = next_window(v))
		m.window[i] = v;
	for (u32 i = 0; i < count; i++)
		*(inputs[i].is_fp ? &m.f[inputs[i].reg] : &m.x[inputs[i].reg]) = frame_value(f, inputs[i].offset);
	if (!reference_execute(&m, job->subject.name, job->subject.raw))
		fail("the reference does not know", job->subject.name);
	if (subject_has(&job->subject, 'd'))
		f->out[0] = m.x[rd];
	if (subject_has(&job->subject, 'D'))
		f->out[0] = m.f[rd];
	if (job->shape.pairs && rd != 0)
		f->out[1] = m.x[rd + 1];
	f->fcsr_out = m.fcsr;
	f->cause = m.cause;
	f->tval = m.cause == ~0ull ? 0 : m.tval;
	f->epc = m.cause == ~0ull ? 0 : pc;
	memcpy(window, m.window, sizeof(m.window));
}

static void print_case(FILE *out, const struct job *job, const struct frame *f, const u64 *window)
{
	const struct stub *s = job->stub;
	u64 h = 0;

	fprintf(out, "%s %08" PRIx32, s->row, s->raw);
	for (u32 i = 0; i < INPUTS; i++)
		if (s->pool[i])
			fprintf(out, " %016" PRIx64, f->in[i]);
	fprintf(out, " fcsr %02" PRIx64 ": %016" PRIx64 " %016" PRIx64 " fcsr %02" PRIx64, f->fcsr, f->out[0],
	        f->out[1], f->fcsr_out);
	if (f->cause != ~0ull)
		fprintf(out, " cause %02" PRIx64 " tval %016" PRIx64 " epc %016" PRIx64, f->cause, f->tval, f->epc);
	for (u32 i = 0; s->flags & STUB_MEMORY && i < WINDOW_DWORDS; i++)
		h = fold(h, window[i]);
	if (h)
		fprintf(out, " memory %016" PRIx64, h);
	fprintf(out, "\n");
}

static u64 run_job(const struct generator *g, const struct job *job, u64 h, FILE *verbose)
{
	const struct stub *s = job->stub;
	u64 window[WINDOW_DWORDS];

	for (u32 n = 0; n < stub_cases(s); n++) {
		struct frame f = { .poison = POISON, .fcsr = s->fcsr };

		for (u32 i = 0; i < INPUTS; i++)
			if (s->pool[i])
				memcpy(&f.in[i], g->b.image + (s->pool[i] - GUEST_PLAN) + stub_index(s, n, i) * 8, 8);
		execute_case(job, &f, window);
		h = fold_case(h, &f, s->flags & STUB_MEMORY ? window : NULL);
		if (verbose)
			print_case(verbose, job, &f, window);
	}
	return h;
}

static void write_expected(struct generator *g, const char *name)
{
	bool verbose = builder_plan(&g->b)->verbose;
	FILE *out = open_output(name);
	u64 cases = 0, h = 0;

	for (u32 i = 0; i < g->job_count; i++) {
		const struct job *job = &g->jobs[i];

		h = run_job(g, job, h, verbose ? out : NULL);
		cases += stub_cases(job->stub);
		if (i + 1 < g->job_count && strcmp(job->stub->row, g->jobs[i + 1].stub->row) == 0)
			continue;
		fprintf(out, "%s %06" PRIx64 " %016" PRIx64 "\n", job->stub->row, cases, h);
		cases = h = 0;
	}
	if (fclose(out) != 0)
		fail(strerror(errno), name);
}

/* --- the modes --- */

static void generate_rows(struct generator *g, enum oracle oracle)
{
	g->b.oracle = oracle;
	for (u32 id = INSN_ILLEGAL + 1; id < INSN_COUNT; id++)
		add_row(&g->rows, id);
	add_compressed(&g->rows);
	if (oracle == BY_QEMU)
		add_illegal(&g->rows);
}

static void generate_programs(struct generator *g, int argc, char **argv)
{
	if (argc == 2) {
		add_program(&g->rows, (u32)atoi(argv[0]), atoi(argv[1]));
		return;
	}
	for (u32 seed = 0; seed < PROGRAMS; seed++)
		add_program(&g->rows, seed, -1);
}

static void print_counts(const struct generator *g)
{
	u32 by[4] = { 0 };

	for (u32 id = INSN_ILLEGAL + 1; id < INSN_COUNT; id++)
		by[row_oracles(&g->rows, id)]++;
	printf("%u rows of the table: %u are compared with QEMU, %u with the reference, %u with both\n", INSN_COUNT - 1,
	       by[BY_QEMU], by[BY_REFERENCE], by[BY_QEMU | BY_REFERENCE]);
}

static int usage(void)
{
	fprintf(stderr, "usage: generate known PLAN [ROW] | reference PLAN EXPECTED [ROW] | "
	                "programs PLAN [SEED CHUNK] | count\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	bool is_reference = strcmp(mode, "reference") == 0, is_count = strcmp(mode, "count") == 0;
	int fixed = is_reference ? 4 : is_count ? 2 : 3;
	struct generator *g;

	if (argc < fixed)
		return usage();
	g = create();
	builder_plan(&g->b)->verbose = argc > fixed;
	g->rows.only = argc > fixed ? argv[fixed] : NULL;
	if (is_count)
		print_counts(g);
	else if (is_reference)
		generate_rows(g, BY_REFERENCE);
	else if (strcmp(mode, "known") == 0)
		generate_rows(g, BY_QEMU);
	else if (strcmp(mode, "programs") == 0)
		generate_programs(g, argc - fixed, argv + fixed);
	else
		return usage();
	if (!is_count)
		write_plan(g, argv[2]);
	if (is_reference)
		write_expected(g, argv[3]);
	destroy(g);
	return 0;
}
