/*
 * vi: the editor of POSIX as people's fingers know it, with the few habits of Vim that nobody wants to miss (many
 * levels of undo, Ctrl-R, gg, UTF-8). It leaves out macros (@), sentences, windows, and the open and visual modes of
 * ex.
 *
 * Read main.c (the loop), normal.c (commands), motion.c, operator.c, insert.c, ex.c; buffer.h is where the text lives;
 * view.c decides what is seen and screen.c sends no more of it than has changed.
 */
#ifndef GUEST_USER_VI_VI_H
#define GUEST_USER_VI_VI_H

#include "guest/user/lib/terminal.h"
#include "guest/user/vi/buffer.h"
#include "guest/user/vi/screen.h"

#include <time.h>

#define REGISTERS 27          /* 0: the unnamed one; 1 to 26: a to z */
#define WANT_END ((size_t)-1) /* the cursor stays at the ends of lines */
#define MESSAGE_SIZE 512

/* Text taken by y, d, c. */
struct register_text {
	struct lines lines;
	bool linewise; /* whole lines */
};

/* Keys, as terminal_key() gives them. */
struct keys {
	int *key;
	size_t count; /* in use */
	size_t room;  /* allocated */
};

enum mode { MODE_NORMAL, MODE_INSERT, MODE_REPLACE, MODE_LINE };

/* What `:set` changes. */
struct settings {
	bool number;      /* line numbers */
	bool ignore_case; /* in searches */
	bool auto_indent; /* a new line begins as the one before */
	bool wrap_scan;   /* searches go around the ends */
	bool list;        /* tabs and ends of lines are seen */
	int tab_stop;     /* columns, 1 and more */
	int shift_width;  /* of < and >, 1 and more */
};

/* A normal-mode command while it is read. */
struct command {
	long count; /* 0: none was given */
	int name;   /* register 'a' to 'z', 'A' to 'Z'; 0: the unnamed one */
	int key;    /* its first key */
};

/* Where a motion leads. */
struct motion {
	struct pos to;
	bool linewise;  /* whole lines from here to there */
	bool inclusive; /* the character at the far end belongs to it */
	bool keep_want; /* up and down: the column that is wanted stays */
	bool jump;      /* `` and '' come back from it */
};

struct vi {
	struct buffer buffer;
	char *name;               /* of the file; NULL: none */
	char *other_name;         /* the file before: # */
	bool view_only;           /* -R: all files are read-only */
	bool read_only;           /* w wants a ! */
	struct timespec modified; /* the file's time when it was read or written; zeros: it did not exist */
	char **files;             /* of the command line, for :n */
	int file_count;           /* of them */
	int file_at;              /* which one is edited */

	struct pos cursor;
	size_t want; /* the column that j and k try to keep; WANT_END */
	struct register_text registers[REGISTERS];
	struct settings set;

	char *pattern;         /* of the last search, NULL: none */
	bool search_backwards; /* it was ? */
	int find_key;          /* f F t T of the last one; 0: none */
	int find_char;         /* and what it looked for */
	char *last_from;       /* the pattern of the last :s, NULL: none */
	char *last_to;         /* its replacement */
	bool last_global;      /* and whether it had a g */

	struct terminal_input input; /* read, not yet used */
	struct keys record;          /* the keys of the command that is running */
	struct keys replay;          /* keys to take before those that are typed */
	size_t replay_at;            /* the next of them */
	struct keys dot;             /* the last command that changed something, without count and register */
	struct command dot_command;  /* its count and register */
	bool repeatable;             /* the running command is one for `.` */
	bool replay_count;           /* `.` got a count: counts inside the command do not hold */
	struct keys typed;           /* in the insertion that is running, for its count */

	enum mode mode;
	struct screen screen;
	size_t top;                 /* the first line seen */
	size_t top_row;             /* rows of it that are above the screen: only of one longer than the screen */
	char line[MESSAGE_SIZE];    /* the last row: a message, or what is typed after : / ? */
	int line_cursor;            /* column of the cursor in it */
	char message[MESSAGE_SIZE]; /* for the last row, until the next key */
	bool failed;                /* the last command could not be done: the rest of a replay is dropped */
	bool quit;                  /* leave the loop */
	int status;                 /* exit status */
};

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* main.c */
/* For the last row. */
void say(struct vi *vi, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same, and the command has failed; always false. */
bool complain(struct vi *vi, const char *format, ...) PRINTF_LIKE(2, 3);
/* A copy, by must_alloc(). */
char *copy_string(const char *text);

/* keys.c */
/* The next key of a replay or of the terminal; it draws before it waits. Ends the program when a signal says so. */
int next_key(struct vi *vi);
void keys_add(struct keys *keys, int key);
/* Bytes of a character key; 0: it is none. */
int key_bytes(int key, char *out);
/* Signals that are looked at while a key is waited for; called once. */
void keys_begin(void);
/* Gives the terminal away while `command` runs in a shell (NULL: vi stops until it is resumed). */
void run_outside(struct vi *vi, const char *command);

/* layout.c: where characters are, in columns of an endlessly long row that is then broken at the screen's width */
struct shape {
	unsigned code[10]; /* what is seen */
	int width;         /* columns, also how many of code; a wide character has one code and width 2 */
	int bytes;         /* of the line */
};
/* What the character at `at`, in column `column`, looks like. */
void shape_at(const struct vi *vi, const struct text *text, size_t at, size_t column, struct shape *shape);
/* Columns for the text, and for the numbers before it. */
int text_width(const struct vi *vi);
int number_width(const struct vi *vi);
/* The column in which the character at `at` begins, or (last) in which it ends. */
size_t column_of(const struct vi *vi, const struct text *text, size_t at, bool last);
/* The character that covers `column`, or the last one. */
size_t at_column(const struct vi *vi, const struct text *text, size_t column);
/* Rows that a line takes, at least 1. */
size_t rows_of(const struct vi *vi, size_t line);
/* The first byte that is no blank, or the last character. */
size_t first_nonblank(const struct text *text);

/* view.c */
/* Draws what has changed. */
void view_draw(struct vi *vi);
/* Rows for text. */
int view_rows(const struct vi *vi);
/* Ctrl-F, Ctrl-B, Ctrl-D, Ctrl-U, Ctrl-E, Ctrl-Y, z: false if there is no more text there. */
bool view_scroll(struct vi *vi, int key, long count);
void view_place(struct vi *vi, int where);
/* The last line of which anything is seen. */
size_t view_last(const struct vi *vi);
/* The cursor is on a character that exists (in insert mode also behind the last). */
void cursor_clamp(struct vi *vi);
/* Moves it to a place and wants its column. */
void cursor_set(struct vi *vi, struct pos to);
/* First nonblank of a line. */
void cursor_to_line(struct vi *vi, size_t line);

/* motion.c */
/* Runs a motion; false: it is none (vi->failed is not set) or it fails (it is). `op`: 0, or the one that waits.
 */
bool motion_run(struct vi *vi, struct command *command, int op, struct motion *m);
/* words.c: steps over characters, lines' ends being blank; -1 at the end of the text, 1 to another line, 2 to a line's
 * end. */
int step_forward(const struct vi *vi, struct pos *at);
int step_back(const struct vi *vi, struct pos *at);
bool word_forward(const struct vi *vi, struct pos *at, long count, bool big, bool stop_at_end);
bool word_back(const struct vi *vi, struct pos *at, long count, bool big);
bool word_end(const struct vi *vi, struct pos *at, long count, bool big, bool stay);
/* A word, a quoted text or what is in brackets around the cursor: `kind` is i or a. */
bool text_object(struct vi *vi, int kind, int what, struct pos *from, struct motion *m);
/* The bracket that belongs to the one at or behind *at in its line. */
bool match_bracket(const struct vi *vi, struct pos *at);

/* search.c */
/* The `count`th match from *at on, not counting one at it. NULL: the last pattern. */
bool search(struct vi *vi, const char *pattern, bool backwards, long count, struct pos *at);
/* Compiles like the editor's patterns; false with a message. The result is regfree()d by the caller. */
struct re_pattern_buffer;
bool pattern_compile(struct vi *vi, const char *pattern, struct re_pattern_buffer *regex);
/* A match in a line at or after `from`; offsets from the line's beginning. */
bool pattern_find(const struct re_pattern_buffer *regex, const struct text *text, size_t from, size_t *start,
                  size_t *end);
/* Splits "pattern/rest": ends the pattern in place, returns the rest or NULL. */
char *split_pattern(char *text, char delimiter);

/* operator.c */
/* Applies d c y < > to what lies between two places. */
void operator_run(struct vi *vi, int op, const struct command *command, struct pos from, struct motion m);
/* Into a register; capital names append. */
void register_take(struct vi *vi, int name, struct pos from, struct pos to, bool linewise);
struct register_text *register_of(struct vi *vi, int name);
void put(struct vi *vi, const struct command *command, bool after);
void join_lines(struct vi *vi, size_t line, size_t count, bool spaces);
void shift_lines(struct vi *vi, size_t first, size_t last, int levels);
void delete_lines(struct vi *vi, size_t first, size_t last);

/* insert.c */
/* From here on keys are text, until Escape; then `count` times in all. */
void insert_mode(struct vi *vi, long count, bool replace);
/* A new line below or above, and insert_mode(). */
void open_line(struct vi *vi, bool below, long count);

/* normal.c */
/* Reads one command and does it. */
void normal_command(struct vi *vi);

/* line.c */
/* What is typed on the last row after `prompt`; false: nothing, it was left by Escape. */
bool read_line(struct vi *vi, int prompt, char *out, size_t size);

/* ex.c, ex_edit.c, substitute.c */
/* One line of commands, as after the colon. */
bool ex_run(struct vi *vi, char *line);
/* A command's arguments. */
struct ex {
	size_t first;  /* lines, from 0 */
	size_t last;   /* and included */
	int addresses; /* given: 0, 1, 2 */
	bool bang;     /* ! */
	char *rest;    /* what follows */
};
bool ex_write(struct vi *vi, struct ex *ex);
bool ex_edit(struct vi *vi, struct ex *ex);
bool ex_read(struct vi *vi, struct ex *ex);
bool ex_next(struct vi *vi, struct ex *ex);
bool ex_filter(struct vi *vi, struct ex *ex);
bool ex_substitute(struct vi *vi, struct ex *ex);
bool ex_substitute_again(struct vi *vi, struct ex *ex);
bool ex_global(struct vi *vi, struct ex *ex, bool matching);
bool ex_set(struct vi *vi, struct ex *ex);

/* file.c */
/* Reads a file into a list of lines; false with errno. *no_newline: the last line has none. */
bool file_load(int fd, struct lines *lines, bool *no_newline);
/* The buffer becomes that file; a file that is not there is an empty one. False: it could not be read. */
bool file_edit(struct vi *vi, const char *name);
/* Writes lines; `force`: over files that are not this one, or read-only, or changed meanwhile. */
bool file_write(struct vi *vi, const char *name, size_t first, size_t last, bool force, bool append);
/* Saves what would be lost, somewhere; says where to stderr. */
void file_preserve(struct vi *vi);

#endif
