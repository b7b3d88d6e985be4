/*
 * strace: shows a program's system calls as they happen, in the format of Linux's strace.
 *
 * Everything about a call (name, kinds of its arguments) comes from guest/abi/syscall.def, everything about a process
 * from ptrace: it stops before and after each call, PTRACE_GET_SYSCALL_INFO says which, and its memory is read a word
 * at a time. Structures are shown as far as they help to understand a program; the rest are addresses. It leaves out
 * strace's injection, stack traces, -y and time stamps. Read main.c (options, start), loop.c (stops), call.c (one
 * line), then decode.c, structs.c and names.c (arguments).
 */
#ifndef GUEST_USER_STRACE_STRACE_H
#define GUEST_USER_STRACE_STRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#define MAX_CALLS 512   /* numbers of system calls are below */
#define MAX_TRACEES 256 /* tasks followed at once */

/* A line of syscall.def. */
struct call_info {
	const char *name;  /* NULL: no such number */
	const char *kinds; /* a letter an argument; see syscall.def */
};

/* A task that is traced. */
struct tracee {
	pid_t pid;               /* 0: free place */
	bool in_call;            /* between the stop before a call and the one after it */
	bool shown;              /* the line of the call was begun */
	uint64_t number;         /* of that call */
	uint64_t args[6];        /* as they were before it */
	unsigned printed;        /* arguments already on the line */
	struct timespec entered; /* when it began; for -c */
};

/* What -c adds up for one call. */
struct call_count {
	unsigned long calls;  /* begun */
	unsigned long errors; /* ended with an error */
	double seconds;       /* between begin and end, by the wall clock */
};

struct tracer {
	FILE *out;                           /* where lines go */
	bool follow;                         /* -f: children and threads too */
	bool count;                          /* -c: a table at the end, no lines */
	bool to_file;                        /* -o: the pid in front as strace does in files */
	bool hide;                           /* until the program's own execve */
	bool filtered;                       /* -e: only calls in `wanted` */
	bool wanted[MAX_CALLS];              /* by number */
	struct call_count counts[MAX_CALLS]; /* by number */
	struct tracee tracees[MAX_TRACEES];  /* in no order */
	unsigned alive;                      /* tracees in use */
	unsigned seen;                       /* tracees so far */
	pid_t open_line;                     /* whose call's line is not ended, 0: none */
	int column;                          /* characters on that line */
	pid_t first;                         /* whose exit status is ours, 0: attached with -p */
	int status;                          /* the exit status to end with */
};

/* names.c: values by name. */
struct name {
	uint64_t value;   /* bits of a flag or one value */
	const char *text; /* as C has it */
};
struct names {
	const char *zero;          /* what no bits are called, NULL: 0 */
	const char *unknown;       /* for the comment behind a number: "O_???" */
	const struct name *values; /* NULL text at the end */
	bool flags;                /* bits to be or'ed; otherwise one of the values */
};
/* The names for a kind of syscall.def, NULL if it has none. */
const struct names *names_of_kind(char kind);
extern const struct names sigaction_flags, clone_flags, poll_events, signal_codes, child_codes, fault_codes, file_types;
void print_names(struct tracer *tracer, const struct names *names, uint64_t value);
/* "SIGINT"; valid until the next call. */
const char *signal_text(int signal);

/* call.c */
const struct call_info *call_info(uint64_t number);
/* Writes to the line and counts columns. */
void emit(struct tracer *tracer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Starts a line of the tracee: ends another's unfinished one, then the pid if more than one is followed. */
void begin_line(struct tracer *tracer, const struct tracee *tracee);
void end_line(struct tracer *tracer);
void call_entered(struct tracer *tracer, struct tracee *tracee, uint64_t number, const uint64_t *args);
void call_left(struct tracer *tracer, struct tracee *tracee, int64_t result, bool is_error);
/* The tracee ended inside its call. */
void call_never_left(struct tracer *tracer, struct tracee *tracee);
/* -e trace=LIST; false with a message: no such call. */
bool parse_filter(struct tracer *tracer, const char *list);
/* -c's table. */
void print_counts(struct tracer *tracer);

/* decode.c */
struct argument {
	const struct tracee *tracee;
	const char *kinds; /* of the call */
	unsigned index;    /* which argument */
	bool after;        /* the call is over, without error: what it wrote can be shown */
	int64_t result;    /* then */
};
/* Whether the kernel writes it, so that it can be shown only afterwards. */
bool is_output(char kind);
void print_argument(struct tracer *tracer, const struct argument *argument);
/* How many of the arguments mean something, given their values (open's mode...). */
unsigned count_arguments(const struct call_info *info, const uint64_t *args);
void print_bytes(struct tracer *tracer, pid_t pid, uint64_t va, uint64_t size, bool is_string);
/* Reads the tracee's memory; bytes read, fewer than size at the end of what is mapped. */
size_t read_memory(pid_t pid, uint64_t va, void *to, size_t size);
void print_pointer(struct tracer *tracer, uint64_t va);

/* structs.c: false: not a kind that it knows. */
bool print_struct(struct tracer *tracer, const struct argument *argument);
void print_siginfo(struct tracer *tracer, const void *info);
void print_clone(struct tracer *tracer, const uint64_t *args);
void print_signal_set(struct tracer *tracer, uint64_t bits);

/* loop.c */
struct tracee *add_tracee(struct tracer *tracer, pid_t pid);
/* Until all have ended or, with -p, the user had enough. */
void trace_all(struct tracer *tracer);
/* SIGINT's handler: trace_all() detaches and returns. */
void ask_to_stop(int signal);

#endif
