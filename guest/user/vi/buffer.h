/*
 * The text that is edited: lines, marks, and every change to them, for undo and redo. All changes replace whole lines
 * and go through buffer_replace(); nothing else can be forgotten by undo.
 */
#ifndef GUEST_USER_VI_BUFFER_H
#define GUEST_USER_VI_BUFFER_H

#include "guest/user/vi/text.h"

#define MARKS 27         /* a to z, and the place before the last jump */
#define MARK_PREVIOUS 26 /* that one */
#define NEVER ((size_t)-1)

/* A place in the text. */
struct pos {
	size_t line; /* from 0 */
	size_t at;   /* bytes from its beginning */
};

/* Lines `before` at `line` became lines `after`. */
struct change {
	size_t line;
	struct lines before;
	struct lines after;
	struct pos cursor; /* when the command began */
	bool first;        /* of its command: undo goes back to here */
};

struct buffer {
	struct lines lines;      /* none: the file is empty; buffer_line() still has one line to stand on */
	bool no_newline;         /* the last line has none at its end, and will have none */
	struct change *changes;  /* in the order made */
	size_t change_count;     /* of them, undone ones included */
	size_t change_room;      /* allocated */
	size_t done;             /* changes[0 .. done) are in effect */
	size_t saved;            /* `done` when the file was last the same; NEVER: no way back to that */
	bool open;               /* the command that is running has changed something already */
	struct pos cursor;       /* of buffer_begin() */
	struct pos marks[MARKS]; /* line NEVER: not set */
};

void buffer_init(struct buffer *b);
void buffer_free(struct buffer *b);
/* Lines to stand on, at least 1. */
size_t buffer_count(const struct buffer *b);
/* Line `line` of those; valid until the next change. */
const struct text *buffer_line(const struct buffer *b, size_t line);
/* Has it changed since it was last read or written? */
bool buffer_modified(const struct buffer *b);

/* A command begins: undo will bring the text back to here, and the cursor to `cursor`. */
void buffer_begin(struct buffer *b, struct pos cursor);
/* Replaces `count` lines at `line` by those of `with`, which is empty afterwards. */
void buffer_replace(struct buffer *b, size_t line, size_t count, struct lines *with);
/* The same for one line; takes over the reference. */
void buffer_set(struct buffer *b, size_t line, struct text *text);
/* One command back or forth; false if there is none. *at: where the cursor belongs. */
bool buffer_undo(struct buffer *b, struct pos *at);
bool buffer_redo(struct buffer *b, struct pos *at);

/* What lies in [from, to): its lines, the first and the last one cut. */
void buffer_cut_copy(const struct buffer *b, struct pos from, struct pos to, struct lines *out);
/* Takes that out. */
void buffer_delete(struct buffer *b, struct pos from, struct pos to);
/* Puts such lines in at `at`; returns the place behind them. */
struct pos buffer_insert(struct buffer *b, struct pos at, const struct lines *what);
/* Puts `length` bytes without a newline in. */
void buffer_insert_bytes(struct buffer *b, struct pos at, const char *bytes, size_t length);

#endif
