/*
 * One line for each system call: what can be known before it is written before it, so that a call that waits can be
 * seen waiting; the rest after it. Also which calls are wanted (-e), and counting them (-c).
 */
#include "guest/user/strace/strace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define RESULT_COLUMN 40 /* where " = " stands */
#define NO_ERRNO 512     /* from here on: errors inside the kernel, of calls that will be begun again */

static const struct call_info table[MAX_CALLS] = {
#define SYSCALL(number, name, kinds) [number] = { #name, kinds },
#define SYSCALL_REFUSED(number, name, kinds, error) [number] = { #name, kinds },
#include "guest/abi/syscall.def"
};

const struct call_info *call_info(uint64_t number)
{
	static const struct call_info unknown = { NULL, "xxxxxx=x" };

	return number < MAX_CALLS && table[number].name ? &table[number] : &unknown;
}

void emit(struct tracer *tracer, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	tracer->column += vfprintf(tracer->out, format, list);
	va_end(list);
}

void end_line(struct tracer *tracer)
{
	fputc('\n', tracer->out);
	fflush(tracer->out);
	tracer->open_line = 0;
	tracer->column = 0;
}

void begin_line(struct tracer *tracer, const struct tracee *tracee)
{
	if (tracer->open_line) {
		emit(tracer, " <unfinished ...>");
		end_line(tracer);
	}
	if (tracer->to_file && tracer->follow)
		emit(tracer, "%-5d ", tracee->pid);
	else if (tracer->seen > 1)
		emit(tracer, "[pid %5d] ", tracee->pid);
}

static void print_call_name(struct tracer *tracer, uint64_t number)
{
	const char *name = call_info(number)->name;

	if (name)
		emit(tracer, "%s", name);
	else
		emit(tracer, "syscall_%#lx", (unsigned long)number);
}

/* Arguments from the first not yet written, up to one that only the call's end can tell. */
static void print_arguments(struct tracer *tracer, struct tracee *tracee, bool at_end, bool after, int64_t result)
{
	const struct call_info *info = call_info(tracee->number);
	unsigned count = count_arguments(info, tracee->args);

	if (info->name && strcmp(info->name, "clone") == 0) {
		if (!at_end)
			print_clone(tracer, tracee->args);
		tracee->printed = count;
		return;
	}
	for (; tracee->printed < count; tracee->printed++) {
		struct argument argument = { tracee, info->kinds, tracee->printed, after, result };

		if (!at_end && is_output(info->kinds[tracee->printed]))
			return;
		if (tracee->printed)
			emit(tracer, ", ");
		print_argument(tracer, &argument);
	}
}

void call_entered(struct tracer *tracer, struct tracee *tracee, uint64_t number, const uint64_t *args)
{
	const char *name = call_info(number)->name;

	if (name && strncmp(name, "execve", 6) == 0)
		tracer->hide = false;
	tracee->in_call = true;
	tracee->number = number;
	tracee->printed = 0;
	memcpy(tracee->args, args, sizeof(tracee->args));
	tracee->shown = !tracer->hide && (!tracer->filtered || (number < MAX_CALLS && tracer->wanted[number]));
	if (!tracee->shown)
		return;
	if (number < MAX_CALLS)
		tracer->counts[number].calls++;
	clock_gettime(CLOCK_MONOTONIC, &tracee->entered);
	if (tracer->count)
		return;
	begin_line(tracer, tracee);
	tracer->open_line = tracee->pid;
	print_call_name(tracer, number);
	emit(tracer, "(");
	print_arguments(tracer, tracee, false, false, 0);
	fflush(tracer->out);
}

/* What a tracer alone gets to see: a signal came first, and the call will be begun again or end with EINTR. */
static const char *restart_text(int error)
{
	switch (error) {
	case NO_ERRNO:
		return "ERESTARTSYS (To be restarted if SA_RESTART is set)";
	case NO_ERRNO + 1:
		return "ERESTARTNOINTR (To be restarted)";
	case NO_ERRNO + 2:
		return "ERESTARTNOHAND (To be restarted if no handler)";
	case NO_ERRNO + 4:
		return "ERESTART_RESTARTBLOCK (Interrupted by signal)";
	default:
		return NULL;
	}
}

static void print_result(struct tracer *tracer, const struct tracee *tracee, int64_t result, bool is_error)
{
	const char *how = strchr(call_info(tracee->number)->kinds, '=');

	emit(tracer, ")");
	emit(tracer, "%*s= ", tracer->column < RESULT_COLUMN ? RESULT_COLUMN - tracer->column : 1, "");
	if (!is_error && how && (how[1] == 'p' || how[1] == 'x'))
		emit(tracer, "%#lx", (unsigned long)result);
	else if (!is_error)
		emit(tracer, "%ld", (long)result);
	else if (result > -NO_ERRNO && strerrorname_np((int)-result))
		emit(tracer, "-1 %s (%s)", strerrorname_np((int)-result), strerror((int)-result));
	else if (restart_text((int)-result))
		emit(tracer, "? %s", restart_text((int)-result));
	else
		emit(tracer, "-1 (errno %ld)", (long)-result);
	end_line(tracer);
}

static void count_end(struct tracer *tracer, const struct tracee *tracee, bool is_error)
{
	struct timespec now;
	struct call_count *count = &tracer->counts[tracee->number % MAX_CALLS];

	clock_gettime(CLOCK_MONOTONIC, &now);
	count->errors += is_error;
	count->seconds +=
		(double)(now.tv_sec - tracee->entered.tv_sec) + (double)(now.tv_nsec - tracee->entered.tv_nsec) / 1e9;
}

/* The line is continued, or begun anew if another tracee's came between. */
static void reopen_line(struct tracer *tracer, const struct tracee *tracee)
{
	if (tracer->open_line == tracee->pid)
		return;
	begin_line(tracer, tracee);
	emit(tracer, "<... ");
	print_call_name(tracer, tracee->number);
	emit(tracer, " resumed>");
}

void call_left(struct tracer *tracer, struct tracee *tracee, int64_t result, bool is_error)
{
	bool shown = tracee->shown && tracee->in_call;

	tracee->in_call = false;
	tracee->shown = false;
	if (!shown)
		return;
	count_end(tracer, tracee, is_error);
	if (tracer->count)
		return;
	reopen_line(tracer, tracee);
	print_arguments(tracer, tracee, true, !is_error, result);
	print_result(tracer, tracee, result, is_error);
}

void call_never_left(struct tracer *tracer, struct tracee *tracee)
{
	bool shown = tracee->shown && !tracer->count;

	tracee->in_call = false;
	tracee->shown = false;
	if (!shown)
		return;
	reopen_line(tracer, tracee);
	print_arguments(tracer, tracee, true, false, 0);
	emit(tracer, ")");
	emit(tracer, "%*s= ?", tracer->column < RESULT_COLUMN ? RESULT_COLUMN - tracer->column : 1, "");
	end_line(tracer);
}

/* --- -e trace=... --- */

static bool in_list(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = strstr(list, name); at; at = strstr(at + 1, name))
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

static bool is_in_group(const struct call_info *info, const char *group)
{
	if (strcmp(group, "%file") == 0)
		return strchr(info->kinds, 's') && strcmp(info->name, "memfd_create") != 0;
	if (strcmp(group, "%desc") == 0)
		return strpbrk(info->kinds, "fDV") != NULL;
	if (strcmp(group, "%memory") == 0)
		return in_list(
			"brk mmap munmap mremap mprotect madvise msync mincore mlock mlock2 munlock mlockall munlockall",
			info->name);
	if (strcmp(group, "%process") == 0)
		return in_list("clone clone3 execve execveat exit exit_group wait4 waitid kill tkill tgkill",
		               info->name);
	if (strcmp(group, "%signal") == 0)
		return strncmp(info->name, "rt_sig", 6) == 0 ||
		       in_list("kill tkill tgkill sigaltstack rt_tgsigqueueinfo", info->name);
	return false;
}

bool parse_filter(struct tracer *tracer, const char *list)
{
	char word[64];

	tracer->filtered = true;
	for (; *list; list += *list == ',') {
		size_t n = strcspn(list, ",");
		bool found = false;

		snprintf(word, sizeof(word), "%.*s", (int)n, list);
		for (unsigned i = 0; i < MAX_CALLS; i++) {
			if (!table[i].name || (strcmp(table[i].name, word) != 0 && !is_in_group(&table[i], word)))
				continue;
			tracer->wanted[i] = true;
			found = true;
		}
		if (!found && n) {
			fprintf(stderr, "strace: there is no system call %s on this machine\n", word);
			return false;
		}
		list += n;
	}
	return true;
}

/* --- -c --- */

static int by_time(const void *a, const void *b)
{
	const struct call_count *left = *(const struct call_count *const *)a,
				*right = *(const struct call_count *const *)b;

	if (left->seconds != right->seconds)
		return left->seconds < right->seconds ? 1 : -1;
	return left < right ? -1 : left > right;
}

static void print_count(FILE *out, double share, const struct call_count *count, const char *name)
{
	char errors[24] = "";

	if (count->errors)
		snprintf(errors, sizeof(errors), "%lu", count->errors);
	fprintf(out, "%6.2f %11.6f %11.0f %9lu %9s %s\n", share, count->seconds,
	        count->calls ? count->seconds * 1e6 / (double)count->calls : 0.0, count->calls, errors, name);
}

void print_counts(struct tracer *tracer)
{
	static const char rule[] = "------ ----------- ----------- --------- --------- ----------------\n";
	const struct call_count *sorted[MAX_CALLS];
	struct call_count sum = { 0 };
	unsigned n = 0;

	for (unsigned i = 0; i < MAX_CALLS; i++) {
		if (!tracer->counts[i].calls)
			continue;
		sorted[n++] = &tracer->counts[i];
		sum.calls += tracer->counts[i].calls;
		sum.errors += tracer->counts[i].errors;
		sum.seconds += tracer->counts[i].seconds;
	}
	qsort(sorted, n, sizeof(sorted[0]), by_time);
	fprintf(tracer->out, "%% time     seconds  usecs/call     calls    errors syscall\n%s", rule);
	for (unsigned i = 0; i < n; i++) {
		const char *name = call_info((uint64_t)(sorted[i] - tracer->counts))->name;

		print_count(tracer->out, sum.seconds > 0 ? 100 * sorted[i]->seconds / sum.seconds : 0, sorted[i],
		            name ? name : "?");
	}
	fputs(rule, tracer->out);
	print_count(tracer->out, 100, &sum, "total");
}
