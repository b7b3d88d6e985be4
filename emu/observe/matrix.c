/*
 * `rvemu matrix`: the behaviours, its own options, and what is shown: see matrix.h.
 */
#include "emu/observe/matrix.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/observe/matrix_internal.h"
#include "emu/options.h"
#include "emu/session.h"

#define DEFAULT_TIMEOUT 120
#define DEFAULT_SEEDS 3
#define RUNS_MAX 256

/* What the user wants. */
struct matrix {
	struct matrix_plan plan;          /* how it is done */
	struct matrix_run runs[RUNS_MAX]; /* plan.runs */
	const char *json;                 /* where the outcome goes, too, or NULL */
	const char *guest;                /* for the report */
	u32 seeds;                        /* of the adversary, from 1 */
	bool help;                        /* print the help only */
};

static const char help[] = "usage: rvemu matrix [--json FILE] [--jobs N] [--seeds N] [--timeout S]\n"
			   "                    [options of rvemu] guest.elf\n"
			   "\n"
			   "Runs the guest as given, then once for each behaviour of the machine that the\n"
			   "manual allows, and says where exit status, console output, or what --check and\n"
			   "--expect find are not the same:\n"
			   "  A and D bits trapped, set by hardware, or as menvcfg.ADUE says; ASIDs of 0 and\n"
			   "  16 bits; misaligned accesses done or trapped; every TLB preset; TLBs that keep\n"
			   "  what is invalid and forget at random; harts that take turns in other steps.\n"
			   "\n"
			   "  --json FILE    the outcome for programs, too\n"
			   "  --jobs N       runs at the same time (one a processor)\n"
			   "  --seeds N      how many adversarial TLBs, 0 to 64 (3)\n"
			   "  --timeout S    seconds a run may take (120)\n"
			   "\n"
			   "Without --max-insns a run ends after 2000000000 instructions. Disks are given as\n"
			   "with --snapshot: they are not written. Options that write files, record, replay,\n"
			   "debug, or reach the network are refused. A guest that prints times or counts of\n"
			   "instructions differs, of course.\n"
			   "Exit status: 0 all agree, 1 some differ, 125 nothing could be compared.\n";

static int fail(const char *text)
{
	fprintf(stderr, "rvemu: matrix: %s\n", text);
	return SESSION_NO_START;
}

/* --- the behaviours --- */

static void add(struct matrix *m, const char *option, const char *value, const char *second)
{
	struct matrix_run *run = &m->runs[m->plan.run_count++];
	BUG_ON(m->plan.run_count > RUNS_MAX);
	if (!option) {
		snprintf(run->name, sizeof(run->name), "as given");
		return;
	}
	snprintf(run->option[0], sizeof(run->option[0]), "%s=%s", option, value);
	snprintf(run->option[1], sizeof(run->option[1]), "%s", second ? second : "");
	snprintf(run->name, sizeof(run->name), "%s %s%s%s", option, value, second ? " " : "", second ? second : "");
}

static void list_behaviours(struct matrix *m)
{
	static const char *const ad[] = { "trap", "update", "adue" };
	static const char *const asid_bits[] = { "0", "16" };
	static const char *const misaligned[] = { "ok", "trap" };
	static const char *const quanta[] = { "61", "1009", "50021" };
	char text[16];
	m->plan.runs = m->runs;
	add(m, NULL, NULL, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(ad); i++)
		add(m, "--ad", ad[i], NULL);
	for (u32 i = 0; i < ARRAY_SIZE(asid_bits); i++)
		add(m, "--asid-bits", asid_bits[i], NULL);
	for (u32 i = 0; i < ARRAY_SIZE(misaligned); i++)
		add(m, "--misaligned", misaligned[i], NULL);
	for (u32 i = 0; tlb_preset_at(i); i++)
		if (strcmp(tlb_preset_at(i)->name, "adversarial") != 0 && strcmp(tlb_preset_at(i)->name, "check") != 0)
			add(m, "--tlb", tlb_preset_at(i)->name, NULL);
	for (u32 i = 1; i <= m->seeds; i++) {
		snprintf(text, sizeof(text), "%u", i);
		add(m, "--adversarial", text, NULL);
	}
	if (m->seeds)
		add(m, "--adversarial", "1", "--ad=trap");
	for (u32 i = 0; i < ARRAY_SIZE(quanta); i++)
		add(m, "--quantum", quanta[i], NULL);
}

/* --- the command line --- */

/* "--NAME VALUE" or "--NAME=VALUE" at argv[*at]: the value, and *at on its last word; or NULL. */
static const char *own_value(int argc, char **argv, int *at, const char *name)
{
	size_t size = strlen(name);
	const char *text = argv[*at];
	if (!text || strncmp(text, "--", 2) != 0 || strncmp(text + 2, name, size) != 0)
		return NULL;
	if (text[2 + size] == '=')
		return text + 3 + size;
	return text[2 + size] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

static bool read_own(struct matrix *m, int argc, char **argv, int *at, bool *is_own, struct error *err)
{
	const struct {
		const char *name;
		u64 lo, hi;
		u32 *field;
	} numbers[] = {
		{ "jobs", 1, 256, &m->plan.jobs },
		{ "seeds", 0, 64, &m->seeds },
		{ "timeout", 1, 1000000, &m->plan.timeout },
	};
	*is_own = true;
	if (strcmp(argv[*at], "--help") == 0 || strcmp(argv[*at], "-h") == 0) {
		m->help = true;
		return true;
	}
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		u64 value;
		const char *text = own_value(argc, argv, at, numbers[i].name);
		if (!text)
			continue;
		char given[16];
		snprintf(given, sizeof(given), "--%s", numbers[i].name);
		if (!options_number_between(text, numbers[i].lo, numbers[i].hi, &value, given, err))
			return false;
		*numbers[i].field = (u32)value;
		return true;
	}
	const char *json = own_value(argc, argv, at, "json");
	if (json)
		m->json = json;
	*is_own = json != NULL;
	return true;
}

/* What cannot be the same twice, or writes what is the user's. */
static bool check_options(const struct config *c, struct error *err)
{
	const struct observe_config *o = &c->observe;
	const struct {
		const void *given;
		const char *option;
	} refused[] = {
		{ c->record, "--record" },
		{ c->replay, "--replay" },
		{ c->gdb, "--gdb" },
		{ c->load_snapshot, "--loadvm" },
		{ c->dump_dtb, "--dump-dtb" },
		{ c->signature, "--signature" },
		{ c->trace_file, "--trace-file" },
		{ o->run_file, "--report" },
		{ o->stats_json, "--stats=json" },
		{ o->what_if_plot, "--what-if=FILE" },
		{ o->expect_report, "--expect-report" },
	};
	if (c->action != CONFIG_RUN)
		return error_set(err, "there is nothing to run");
	for (u32 i = 0; i < ARRAY_SIZE(refused); i++)
		if (refused[i].given)
			return error_set(err, "%s has no place here: the guest runs many times", refused[i].option);
	if (c->stopped)
		return error_set(err, "-S has no place here: nobody lets the guests go on");
	if (c->net.enabled)
		return error_set(err, "--net has no place here: what comes from a network is not the same twice");
	for (u32 i = 0; i < c->share_count; i++)
		if (!c->shares[i].read_only)
			return error_set(err, "--share %s: add readonly=on, or the guests would change it",
			                 c->shares[i].path);
	return true;
}

/* Separates our options from rvemu's, which are only looked at. */
static bool read_options(struct matrix *m, int argc, char **argv, struct error *err)
{
	struct config config;
	for (int at = 1; at < argc; at++) {
		bool is_own;
		if (!read_own(m, argc, argv, &at, &is_own, err))
			return false;
		if (!is_own)
			m->plan.arguments[m->plan.argument_count++] = argv[at];
	}
	if (m->help)
		return true;
	char **all = xcalloc(m->plan.argument_count + 2, sizeof(*all));
	all[0] = argv[0];
	memcpy(all + 1, m->plan.arguments, m->plan.argument_count * sizeof(*all));
	bool ok = options_parse(&config, (int)m->plan.argument_count + 1, all, err);
	free(all);
	if (!ok)
		return false;
	ok = check_options(&config, err);
	m->plan.has_limit = config.max_insns != 0;
	m->guest = config.guest ? config.guest : config.kernel;
	options_free(&config);
	return ok;
}

/* --- what is shown --- */

static u32 show_table(const struct matrix *m)
{
	const struct matrix_run *first = &m->runs[0];
	u32 different = 0, width = 0;
	for (u32 i = 0; i < m->plan.run_count; i++)
		if (strlen(m->runs[i].name) > width)
			width = (u32)strlen(m->runs[i].name);
	printf("%-*s  %s %d, %zu bytes on the console, %.1f s\n", (int)width, first->name,
	       first->trouble == MATRIX_SIGNAL ? "signal" : "exit status", first->status, first->output_size,
	       first->seconds);
	for (u32 i = 1; i < m->plan.run_count; i++) {
		const struct matrix_run *run = &m->runs[i];
		different += !run->same;
		printf("%-*s  %s%s\n", (int)width, run->name, run->same ? "same" : "differs: ", run->how);
	}
	printf("%u behaviours, %u %s\n", m->plan.run_count - 1, different, different == 1 ? "differs" : "differ");
	return different;
}

static void put_json(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc((u8)*text < 0x20 || (u8)*text >= 0x7f ? '?' : *text, out);
	}
	fputc('"', out);
}

static bool write_json(const struct matrix *m, u32 different, struct error *err)
{
	static const char *const ends[] = { "exit", "timeout", "signal" };
	FILE *out = fopen(m->json, "w");
	if (!out)
		return error_set(err, "%s: %m", m->json);
	fprintf(out, "{\"guest\": ");
	put_json(out, m->guest ? m->guest : "");
	fprintf(out, ",\n \"differ\": %u,\n \"runs\": [", different);
	for (u32 i = 0; i < m->plan.run_count; i++) {
		const struct matrix_run *run = &m->runs[i];
		fprintf(out, "%s\n  {\"name\": \"%s\", \"end\": \"%s\", \"status\": %d, \"output_bytes\": %zu, ",
		        i ? "," : "", run->name, ends[run->trouble], run->status, run->output_size);
		fprintf(out, "\"output_hash\": \"%016llx\", \"seconds\": %.3f, \"same\": %s, \"how\": ",
		        (unsigned long long)matrix_output_hash(run), run->seconds, run->same ? "true" : "false");
		put_json(out, run->how);
		fprintf(out, "}");
	}
	fprintf(out, "\n ]}\n");
	bool ok = !ferror(out);
	if (fclose(out) != 0 || !ok)
		return error_set(err, "%s: it could not be written whole", m->json);
	return true;
}

static int run(struct matrix *m)
{
	struct error err;
	struct matrix_run *first = &m->runs[0];
	list_behaviours(m);
	if (!matrix_run_all(&m->plan, &err))
		return fail(err.text);
	if (first->trouble == MATRIX_DONE && first->status == SESSION_NO_START) {
		fprintf(stderr, "%s", first->errors);
		return SESSION_NO_START;
	}
	for (u32 i = 0; i < m->plan.run_count; i++)
		matrix_compare(first, &m->runs[i]);
	u32 different = show_table(m);
	if (m->json && !write_json(m, different, &err))
		return fail(err.text);
	return different ? EXIT_FAILURE : EXIT_SUCCESS;
}

int matrix_main(int argc, char **argv)
{
	struct matrix *m = xcalloc(1, sizeof(*m));
	struct error err;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	m->plan.jobs = processors > 0 ? (u32)processors : 1;
	m->plan.timeout = DEFAULT_TIMEOUT;
	m->seeds = DEFAULT_SEEDS;
	m->plan.arguments = xcalloc((size_t)argc + 1, sizeof(*m->plan.arguments));
	int status = EXIT_SUCCESS;
	if (!read_options(m, argc, argv, &err))
		status = fail(err.text);
	else if (m->help)
		fputs(help, stdout);
	else
		status = run(m);
	for (u32 i = 0; i < m->plan.run_count; i++) {
		free(m->runs[i].output);
		free(m->runs[i].errors);
	}
	free(m->plan.arguments);
	free(m);
	return status;
}
