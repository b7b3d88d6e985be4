/*
 * What the demonstration programs have in common: they say in words what they do, print what they measured, check it,
 * and end with a status that says whether everything was as it must be. So each is a thing to look at and a test at
 * once.
 */
#ifndef GUEST_USER_LIB_SHOW_H
#define GUEST_USER_LIB_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE 4096ul
#define PAGES(n) ((n)*PAGE)

struct show {
	const char *name; /* of the program */
	int checks;       /* made so far */
	int failed;       /* of them */
};

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* The first line: what the program shows. */
void show_begin(struct show *show, const char *name, const char *what);
/* A line of explanation. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);
/* One line, with `ok` or `WRONG`; returns `good`. */
bool check(struct show *show, bool good, const char *format, ...) PRINTF_LIKE(3, 4);
/* Measured against expected, exactly, or within limits that are part of the line. */
bool check_equal(struct show *show, long measured, long expected, const char *what);
bool check_within(struct show *show, long measured, long low, long high, const char *what);
/* Something the system under it does not have (qemu-riscv64 emulates no pagemap, Linux has no framepool). */
void skip(const char *what);
/* The last line; returns the program's exit status. */
int show_end(const struct show *show);
/* A line to stderr with the reason in errno, exit status 2: nothing could be measured. */
void die(const char *format, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

/* Runs `body` in a child; returns its wait status. Output is flushed before. */
int in_child(void (*body)(void *context), void *context);
/* "exit 3" or "SIGSEGV"; the text is valid until the next call. */
const char *status_text(int status);

/* Every argument must be in the usage text ("swap1 [--mib N] [--quiet]"; a text of one word takes none), else the
 * program prints it and ends with status 2. An option that a space follows takes a value; other words are left to the
 * program.
 */
void check_usage(int argc, char **argv, const char *usage);
/* The value of --NAME or --NAME=N style options: argv[i+1] of the option, or `otherwise`. */
long option_number(int argc, char **argv, const char *name, long otherwise);
const char *option_text(int argc, char **argv, const char *name, const char *otherwise);
bool option_given(int argc, char **argv, const char *name);

/* A generator whose sequence belongs to the seed (xorshift64). */
uint64_t random_next(uint64_t *state);

#endif
