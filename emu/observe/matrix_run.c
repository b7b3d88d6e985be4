/*
 * The runs of `rvemu matrix`: processes, their files in a folder of our own, time limits, and what a signal to us does.
 *
 * Signals are blocked and waited for, so that there are no handlers; each child gets them back. A child ends with us.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "emu/observe/matrix_internal.h"

#define DEFAULT_LIMIT "2000000000"
#define OUTPUT_MAX (64 * MIB)
#define POLL_NS 200000000

/* A process at work. */
struct job {
	pid_t pid;              /* 0: none */
	struct matrix_run *run; /* what it is for */
	u64 start_ns;           /* when it began, on the host's clock */
};

struct work {
	struct matrix_plan *plan;
	struct job *jobs; /* [plan->jobs] */
	sigset_t before;  /* signals that were blocked when we came */
	char folder[256]; /* of ours, for the runs' files */
	u32 begun, ended; /* runs */
	int signal;       /* the signal that asked us to end, or 0 */
	bool shows;       /* progress is shown */
};

static u64 now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

static void file_name(const struct work *w, const struct matrix_run *run, const char *what, char *path, size_t size)
{
	snprintf(path, size, "%s/%u.%s", w->folder, (u32)(run - w->plan->runs), what);
}

/* The child: never returns. What goes wrong before the other program is there is said by its exit status. */
static void become_rvemu(const struct work *w, const struct matrix_run *run)
{
	const struct matrix_plan *plan = w->plan;
	char path[300], limit[] = "--max-insns=" DEFAULT_LIMIT, snapshot[] = "--snapshot", self[] = "rvemu";
	char **argv = xcalloc(plan->argument_count + MATRIX_OPTIONS_MAX + 4, sizeof(*argv));
	u32 count = 0;
	/* What is ours goes in front of "--", behind which there are no options. */
	argv[count++] = self;
	u32 at = 0;
	for (; at < plan->argument_count && strcmp(plan->arguments[at], "--") != 0; at++)
		argv[count++] = plan->arguments[at];
	for (u32 i = 0; i < MATRIX_OPTIONS_MAX && run->option[i][0]; i++)
		argv[count++] = (char *)run->option[i];
	argv[count++] = snapshot;
	if (!plan->has_limit)
		argv[count++] = limit;
	for (; at < plan->argument_count; at++)
		argv[count++] = plan->arguments[at];
	struct rlimit most = { .rlim_cur = OUTPUT_MAX, .rlim_max = OUTPUT_MAX };
	setrlimit(RLIMIT_FSIZE, &most);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int in = open("/dev/null", O_RDONLY);
	file_name(w, run, "out", path, sizeof(path));
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	file_name(w, run, "err", path, sizeof(path));
	int err = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(125);
	sigprocmask(SIG_SETMASK, &w->before, NULL);
	execv("/proc/self/exe", argv);
	_exit(125);
}

static bool begin(struct work *w, struct job *job, struct error *err)
{
	job->run = &w->plan->runs[w->begun++];
	job->start_ns = now_ns();
	job->pid = fork();
	if (job->pid == 0)
		become_rvemu(w, job->run);
	if (job->pid < 0) {
		job->pid = 0;
		return error_set(err, "no process can be started: %s", strerror(errno));
	}
	return true;
}

static char *read_whole(const char *path, size_t *size)
{
	char *text = xcalloc(1, 1);
	FILE *in = fopen(path, "r");
	*size = 0;
	for (size_t got = 1; in && got;) {
		text = xrealloc(text, *size + 65537);
		got = fread(text + *size, 1, 65536, in);
		*size += got;
		text[*size] = '\0';
	}
	if (in)
		fclose(in);
	return text;
}

/* A job's process is over. */
static void end(struct work *w, struct job *job, int status)
{
	struct matrix_run *run = job->run;
	char path[300];
	run->seconds = (double)(now_ns() - job->start_ns) / 1e9;
	if (run->trouble != MATRIX_TIMEOUT && WIFSIGNALED(status))
		run->trouble = MATRIX_SIGNAL;
	run->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	file_name(w, run, "out", path, sizeof(path));
	run->output = read_whole(path, &run->output_size);
	unlink(path);
	file_name(w, run, "err", path, sizeof(path));
	run->errors = read_whole(path, &run->errors_size);
	unlink(path);
	job->pid = 0;
	w->ended++;
}

static void reap(struct work *w)
{
	int status;
	for (u32 i = 0; i < w->plan->jobs; i++) {
		struct job *job = &w->jobs[i];
		if (job->pid && waitpid(job->pid, &status, WNOHANG) == job->pid)
			end(w, job, status);
	}
}

static void kill_late(struct work *w)
{
	for (u32 i = 0; i < w->plan->jobs; i++) {
		struct job *job = &w->jobs[i];
		if (!job->pid || now_ns() - job->start_ns < (u64)w->plan->timeout * 1000000000)
			continue;
		job->run->trouble = MATRIX_TIMEOUT;
		kill(job->pid, SIGKILL);
	}
}

static void show(const struct work *w)
{
	if (w->shows)
		fprintf(stderr, "\r\033[K%u of %u runs", w->ended, w->plan->run_count);
}

/* Until all runs are over, or something is wrong. */
static bool work(struct work *w, const sigset_t *signals, struct error *err)
{
	const struct timespec moment = { .tv_nsec = POLL_NS };
	while (w->ended < w->plan->run_count) {
		for (u32 i = 0; i < w->plan->jobs && w->begun < w->plan->run_count; i++)
			if (!w->jobs[i].pid && !begin(w, &w->jobs[i], err))
				return false;
		show(w);
		int signal_number = sigtimedwait(signals, NULL, &moment);
		if (signal_number > 0 && signal_number != SIGCHLD) {
			w->signal = signal_number;
			return error_set(err, "ended by signal %d", signal_number);
		}
		reap(w);
		kill_late(w);
	}
	return true;
}

static void end_all(struct work *w)
{
	int status;
	for (u32 i = 0; i < w->plan->jobs; i++) {
		struct job *job = &w->jobs[i];
		if (!job->pid)
			continue;
		kill(job->pid, SIGKILL);
		waitpid(job->pid, &status, 0);
		end(w, job, status);
	}
	rmdir(w->folder);
}

bool matrix_run_all(struct matrix_plan *plan, struct error *err)
{
	static const int wanted[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };
	struct work w = { .plan = plan, .shows = isatty(STDERR_FILENO) };
	const char *temporary = getenv("TMPDIR");
	sigset_t signals;
	snprintf(w.folder, sizeof(w.folder), "%s/rvemu-matrix-XXXXXX", temporary && *temporary ? temporary : "/tmp");
	if (!mkdtemp(w.folder))
		return error_set(err, "%s: %s", w.folder, strerror(errno));
	sigemptyset(&signals);
	for (u32 i = 0; i < ARRAY_SIZE(wanted); i++)
		sigaddset(&signals, wanted[i]);
	sigprocmask(SIG_BLOCK, &signals, &w.before);
	w.jobs = xcalloc(plan->jobs, sizeof(*w.jobs));
	bool ok = work(&w, &signals, err);
	end_all(&w);
	free(w.jobs);
	if (w.shows)
		fprintf(stderr, "\r\033[K");
	sigprocmask(SIG_SETMASK, &w.before, NULL);
	if (w.signal) {
		signal(w.signal, SIG_DFL);
		raise(w.signal);
	}
	return ok;
}
