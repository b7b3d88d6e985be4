/*
 * sh: a small shell, for people to read and for a disk that has no other.
 *
 * A subset of POSIX sh: pipelines, lists, redirections, quotes, variables, $( ), $(( )), globs, if, while, until, for,
 * groups, subshells, job control, lines that can be edited. It leaves out functions, case, here-documents, aliases and
 * traps. Read main.c and edit.c (input), parse.c (text to a tree), expand.c (words to arguments), exec.c (running the
 * tree), jobs.c, builtin.c.
 *
 * Memory: everything that belongs to one command comes from sh->arena and is released together; see arena_mark().
 */
#ifndef GUEST_USER_SH_SH_H
#define GUEST_USER_SH_SH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#define SH_MAX_JOBS 32
#define SH_MAX_STAGES 32
#define SH_MAX_HISTORY 200

/* One allocation of the arena; the bytes follow the header. */
struct block {
	struct block *next;
};

/* `[fd]<word` and its kin. */
struct redirect {
	int fd;                /* which descriptor of the command changes */
	int flags;             /* open(2) flags; -1: duplicate the descriptor that `word` names */
	char *word;            /* not yet expanded */
	struct redirect *next; /* in the order written */
};

enum node_kind {
	NODE_SIMPLE,     /* words, redirects */
	NODE_PIPE,       /* left | right */
	NODE_AND,        /* left && right */
	NODE_OR,         /* left || right */
	NODE_SEQUENCE,   /* left ; right */
	NODE_BACKGROUND, /* left & */
	NODE_NOT,        /* ! left */
	NODE_SUBSHELL,   /* ( left ) */
	NODE_GROUP,      /* { left } */
	NODE_IF,         /* if left then right else other */
	NODE_WHILE,      /* while left do right */
	NODE_UNTIL,      /* until left do right */
	NODE_FOR         /* for words[0] in words[1..] do right */
};

struct node {
	enum node_kind kind;
	struct node *left;          /* see enum node_kind */
	struct node *right;         /* see enum node_kind */
	struct node *other;         /* the else part */
	char **words;               /* as written, with quotes; NULL at the end */
	struct redirect *redirects; /* of a simple or compound command */
	const char *text;           /* what was typed, for `jobs` */
};

struct process {
	pid_t pid;
	int status;   /* of wait(2), once done or stopped */
	bool done;    /* it is gone */
	bool stopped; /* by a signal; fg or bg wake it */
};

struct job {
	pid_t pgid;           /* 0: this slot is free */
	int count;            /* of processes */
	bool background;      /* nobody waits for it */
	bool reported_stop;   /* the user has been told */
	struct termios modes; /* the terminal's, when it stopped; until then the shell's */
	char *text;           /* what was typed; malloc */
	struct process process[SH_MAX_STAGES];
};

struct shell {
	struct block *arena;   /* newest first */
	int status;            /* $? */
	pid_t last_background; /* $! */
	pid_t pid;             /* $$, also in subshells */
	const char *name;      /* $0 */
	char **args;           /* $1 and on, NULL at the end */
	bool job_control;      /* interactive: groups of processes, prompts, messages */
	bool exit_on_error;    /* set -e */
	bool trace;            /* set -x */
	int in_condition;      /* depth of conditions, where set -e does not apply */
	int break_depth;       /* loops still to leave */
	bool continuing;       /* the last of them goes on with its next turn */
	bool exiting;          /* `exit` was called */
	pid_t pgid;            /* the shell's own process group */
	struct termios modes;  /* the terminal's, as the shell wants them */
	char **history;        /* lines typed, the oldest first; malloc */
	int history_count;     /* of them, up to SH_MAX_HISTORY */
	struct job jobs[SH_MAX_JOBS];
};

enum parse_result { PARSE_OK, PARSE_INCOMPLETE, PARSE_ERROR };

/* main.c: memory. Failure ends the shell with a message. */
void *arena_alloc(struct shell *sh, size_t size);
char *arena_copy(struct shell *sh, const char *text, size_t length);
struct block *arena_mark(const struct shell *sh);
void arena_release(struct shell *sh, struct block *mark);
void *must_realloc(void *old, size_t size);

/* main.c: runs every command of a text, a file or a terminal; returns the last status. */
int run_text(struct shell *sh, const char *text);
int run_file(struct shell *sh, int fd);
/* True once after Ctrl-C was typed at the shell itself. */
bool take_interrupt(void);

/* edit.c: shows the prompt and adds the line that is typed, with its newline, to *text (malloc). */
enum edit_result { EDIT_LINE, EDIT_INTERRUPTED, EDIT_END };
enum edit_result edit_line(struct shell *sh, int fd, const char *prompt, char **text, size_t *length);
/* Is this a terminal on which lines can be edited? */
bool edit_possible(int fd);

/* parse.c: one complete line of `*text` (which moves on) as a tree; *out is NULL for a blank line. */
enum parse_result parse_line(struct shell *sh, const char **text, struct node **out);
/* The end of a word at `p`, or NULL when a quote in it is not closed. */
const char *skip_word(const char *p);

/* expand.c: what the words mean now: NULL-terminated fields in the arena. */
char **expand_words(struct shell *sh, char **words);
/* One word without field splitting and globbing. */
char *expand_one(struct shell *sh, const char *word);
/* The value of an arithmetic expression; *ok says whether it was one. */
long arithmetic(const char *text, bool *ok);
/* True for NAME=..., with the length of NAME. */
bool is_assignment(const char *word, size_t *name_length);

/* exec.c */
int run_node(struct shell *sh, struct node *node);
/* The descriptors that redirects replaced, to put them back. */
struct saved_fds {
	int count;
	struct {
		int fd;   /* which one */
		int copy; /* where the old one is kept, -1: it was closed */
	} of[10];
};
bool redirect_apply(struct shell *sh, const struct redirect *redirects, struct saved_fds *saved);
void redirect_restore(struct saved_fds *saved);
/* In the shell's child: forget jobs and job control, default signals. */
void become_subshell(struct shell *sh);

/* jobs.c */
struct job *job_new(struct shell *sh, const char *text, bool background);
/* Parent and child both call it for a process just made: no order of theirs is wrong. */
void job_enter(const struct shell *sh, const struct job *job, pid_t pid);
void job_add(struct job *job, pid_t pid);
int job_wait(struct shell *sh, struct job *job);
int job_foreground(struct shell *sh, struct job *job, bool resume);
void jobs_poll(struct shell *sh);
void jobs_report(struct shell *sh, bool all);
struct job *job_find(struct shell *sh, const char *name);
void job_free(struct job *job);

/* builtin.c: NULL when `name` is a program's. */
typedef int builtin_fn(struct shell *sh, char **argv);
builtin_fn *builtin_find(const char *name);
int test_builtin(struct shell *sh, char **argv); /* test.c: test and [ */

#endif
