/*
 * From words to arguments: variables, $( ), $(( )), quotes, splitting into fields, file names.
 *
 * A field is built in a form in which quoted characters that a pattern could mean carry a backslash, so that glob(3)
 * sees which stars were quoted; the backslashes go away at the end. Values of unquoted variables are split at blanks
 * (IFS is fixed).
 */
#include "guest/user/sh/sh.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What expand_words() and expand_one() collect. */
struct fields {
	struct shell *sh;
	char **list;      /* malloc; NULL-terminated by finish */
	size_t count;     /* of list */
	char *buffer;     /* the field being built; malloc */
	size_t length;    /* of buffer */
	bool begun;       /* there is a field, if only an empty quoted one */
	bool has_pattern; /* an unquoted * ? or [ is in it */
	bool single;      /* neither split nor glob */
};

static void put_raw(struct fields *f, char c)
{
	f->buffer = must_realloc(f->buffer, f->length + 2);
	f->buffer[f->length++] = c;
	f->buffer[f->length] = 0;
	f->begun = true;
}

static void put(struct fields *f, char c, bool quoted)
{
	if (c == '\\' || (quoted && strchr("*?[", c) && c))
		put_raw(f, '\\');
	else if (!quoted && c && strchr("*?[", c))
		f->has_pattern = true;
	put_raw(f, c);
}

static void add_field(struct fields *f, const char *text)
{
	f->list = must_realloc(f->list, sizeof(char *) * (f->count + 2));
	f->list[f->count++] = arena_copy(f->sh, text, strlen(text));
}

static void remove_backslashes(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		*to++ = *text;
	}
	*to = 0;
}

static void end_field(struct fields *f)
{
	glob_t found;

	if (!f->begun)
		return;
	if (!f->buffer || f->length == 0) {
		add_field(f, "");
	} else if (f->has_pattern && !f->single && glob(f->buffer, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			add_field(f, found.gl_pathv[i]);
		globfree(&found);
	} else {
		remove_backslashes(f->buffer);
		add_field(f, f->buffer);
	}
	f->length = 0;
	f->begun = f->has_pattern = false;
}

static void put_value(struct fields *f, const char *value, bool quoted)
{
	for (; *value; value++) {
		if (!quoted && !f->single && strchr(" \t\n", *value))
			end_field(f);
		else
			put(f, *value, quoted);
	}
}

static void put_args(struct fields *f, bool quoted, bool separate)
{
	for (char **arg = f->sh->args; arg && *arg; arg++) {
		if (arg != f->sh->args) {
			if (separate || !quoted)
				end_field(f);
			else
				put(f, ' ', true);
		}
		if (quoted)
			f->begun = true;
		put_value(f, *arg, quoted);
	}
}

/* The output of a command, in the arena, without newlines at its end. */
static char *command_output(struct shell *sh, const char *command)
{
	size_t length = 0, room = 256;
	char *output = must_realloc(NULL, room), *copy;
	int ends[2], status = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0) {
		perror("sh: $( )");
		output[0] = 0;
		return output;
	}
	if (pid == 0) {
		become_subshell(sh);
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		run_text(sh, command);
		fflush(stdout);
		_exit(sh->status);
	}
	close(ends[1]);
	while ((got = read(ends[0], output + length, room - length - 1)) > 0) {
		length += (size_t)got;
		if (room - length < 128)
			output = must_realloc(output, room *= 2);
	}
	close(ends[0]);
	waitpid(pid, &status, 0);
	sh->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	while (length && output[length - 1] == '\n')
		length--;
	copy = arena_copy(sh, output, length);
	free(output);
	return copy;
}

/* $(...) or $((...)) at `p` (the first parenthesis); returns past it. */
static const char *expand_parens(struct fields *f, const char *p, bool quoted)
{
	const char *end = p;
	bool ok = false;
	char number[24], *inner;
	int depth = 0;

	do
		depth += *end == '(' ? 1 : *end == ')' ? -1 : 0;
	while (*end++ && depth);
	if (p[1] == '(' && end[-2] == ')') {
		inner = expand_one(f->sh, arena_copy(f->sh, p + 2, (size_t)(end - p - 4)));
		snprintf(number, sizeof(number), "%ld", arithmetic(inner, &ok));
		if (!ok) {
			fprintf(stderr, "sh: not an arithmetic expression: %s\n", inner);
			f->sh->status = 2;
		}
		put_value(f, number, quoted);
		return end;
	}
	inner = arena_copy(f->sh, p + 1, (size_t)(end - p - 2));
	put_value(f, command_output(f->sh, inner), quoted);
	return end;
}

/* The value of a one-character parameter, or NULL for an unset one. */
static const char *special(struct shell *sh, char c, char *number, size_t size)
{
	int count = 0;

	while (sh->args && sh->args[count])
		count++;
	switch (c) {
	case '?':
		snprintf(number, size, "%d", sh->status);
		return number;
	case '$':
		snprintf(number, size, "%d", sh->pid);
		return number;
	case '!':
		snprintf(number, size, "%d", sh->last_background);
		return number;
	case '#':
		snprintf(number, size, "%d", count);
		return number;
	case '0':
		return sh->name;
	default:
		return c - '0' <= count ? sh->args[c - '1'] : NULL;
	}
}

/* The value of the parameter at *p, or NULL for an unset one; *p goes past its name. */
static const char *parameter(struct shell *sh, const char **p, char *number, size_t size)
{
	char name[64];
	size_t n = 0;

	if (**p && strchr("?$!#0123456789", **p))
		return special(sh, *(*p)++, number, size);
	while ((isalnum((unsigned char)**p) || **p == '_') && n < sizeof(name) - 1)
		name[n++] = *(*p)++;
	name[n] = 0;
	return getenv(name);
}

/* ${NAME}, ${#NAME}, ${NAME-WORD} and ${NAME:-WORD} at `p` (past the brace); returns past it. */
static const char *expand_braces(struct fields *f, const char *p, bool quoted)
{
	char number[24];
	bool length = p[0] == '#' && p[1] != '}';
	const char *value, *end;
	int depth = 1;

	p += length;
	value = parameter(f->sh, &p, number, sizeof(number));
	for (end = p; *end; end++)
		if ((depth += *end == '{' ? 1 : *end == '}' ? -1 : 0) == 0)
			break;
	if (length) {
		snprintf(number, sizeof(number), "%zu", value ? strlen(value) : 0);
		value = number;
	} else if (p[p[0] == ':'] == '-') {
		bool colon = p[0] == ':';

		if (!value || (colon && !*value))
			value = expand_one(f->sh, arena_copy(f->sh, p + 1 + colon, (size_t)(end - p) - 1 - colon));
		p = end;
	}
	if (p != end) {
		fprintf(stderr, "sh: ${...%.*s}: this shell does not know that\n", (int)(end - p), p);
		f->sh->status = 2;
	}
	put_value(f, value ? value : "", quoted);
	return *end ? end + 1 : end;
}

/* $... at `p` (past the dollar); returns past it. */
static const char *expand_dollar(struct fields *f, const char *p, bool quoted)
{
	bool braces = *p == '{';
	char number[24];
	const char *value;

	if (*p == '(')
		return expand_parens(f, p, quoted);
	if (p[braces] == '@' || p[braces] == '*') {
		put_args(f, quoted, p[braces] == '@');
		return p + 1 + 2 * braces;
	}
	if (braces)
		return expand_braces(f, p + 1, quoted);
	if (!*p || (!strchr("?$!#_", *p) && !isalnum((unsigned char)*p))) {
		put(f, '$', quoted);
		return p;
	}
	value = parameter(f->sh, &p, number, sizeof(number));
	put_value(f, value ? value : "", quoted);
	return p;
}

static const char *expand_double_quotes(struct fields *f, const char *p)
{
	while (*p && *p != '"') {
		if (*p == '\\' && p[1] && strchr("\\\"$`\n", p[1])) {
			if (p[1] != '\n')
				put(f, p[1], true);
			p += 2;
		} else if (*p == '$') {
			p = expand_dollar(f, p + 1, true);
		} else {
			put(f, *p++, true);
		}
	}
	return *p ? p + 1 : p;
}

static void expand_word(struct fields *f, const char *p)
{
	if (p[0] == '~' && (p[1] == 0 || p[1] == '/')) {
		put_value(f, getenv("HOME") ? getenv("HOME") : "/", true);
		p++;
	}
	while (*p) {
		if (*p == '\\' && p[1]) {
			if (p[1] != '\n')
				put(f, p[1], true);
			p += 2;
		} else if (*p == '\'') {
			f->begun = true;
			for (p++; *p && *p != '\''; p++)
				put(f, *p, true);
			p += *p != 0;
		} else if (*p == '"') {
			/* "$@" without arguments is no field at all. */
			f->begun |= strncmp(p, "\"$@\"", 4) != 0;
			p = expand_double_quotes(f, p + 1);
		} else if (*p == '$') {
			p = expand_dollar(f, p + 1, false);
		} else {
			put(f, *p++, false);
		}
	}
	end_field(f);
}

char **expand_words(struct shell *sh, char **words)
{
	struct fields f = { .sh = sh };
	char **copy;

	for (; words && *words; words++)
		expand_word(&f, *words);
	copy = arena_alloc(sh, sizeof(char *) * (f.count + 1));
	if (f.count)
		memcpy(copy, f.list, sizeof(char *) * f.count);
	free(f.list);
	free(f.buffer);
	return copy;
}

char *expand_one(struct shell *sh, const char *word)
{
	struct fields f = { .sh = sh, .single = true };
	char *result;

	expand_word(&f, word);
	result = f.count ? f.list[0] : arena_copy(sh, "", 0);
	free(f.list);
	free(f.buffer);
	return result;
}

bool is_assignment(const char *word, size_t *name_length)
{
	size_t n = 0;

	if (!isalpha((unsigned char)word[0]) && word[0] != '_')
		return false;
	while (isalnum((unsigned char)word[n]) || word[n] == '_')
		n++;
	*name_length = n;
	return word[n] == '=';
}
