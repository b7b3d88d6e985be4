/*
 * Commands after a colon that have to do with files, programs and settings.
 */
#include "guest/user/vi/vi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file name as typed: % is this file, # the one before; the result is freed by the caller. NULL with a message. */
static char *expand_name(struct vi *vi, const char *text)
{
	char *out = must_alloc(strlen(text) * 4096 + 1), *to = out;

	for (; *text; text++) {
		const char *name = *text == '%' ? vi->name : vi->other_name;

		if (*text == '\\' && (text[1] == '%' || text[1] == '#')) {
			*to++ = *++text;
			continue;
		}
		if (*text != '%' && *text != '#') {
			*to++ = *text;
			continue;
		}
		if (!name || strlen(name) > 4095) {
			free(out);
			complain(vi, "there is no file name for %c", *text);
			return NULL;
		}
		to = stpcpy(to, name);
	}
	*to = 0;
	while (to > out && to[-1] == ' ')
		*--to = 0;
	return out;
}

bool ex_write(struct vi *vi, struct ex *ex)
{
	bool append = strncmp(ex->rest, ">>", 2) == 0, good;
	char *name = expand_name(vi, ex->rest + (append ? 2 + strspn(ex->rest + 2, " ") : 0));
	size_t last = ex->addresses ? ex->last : buffer_count(&vi->buffer) - 1;

	if (!name)
		return false;
	good = file_write(vi, *name ? name : vi->name, ex->addresses ? ex->first : 0, last, ex->bang, append);
	free(name);
	return good;
}

/* Edits another file, if nothing is lost by it. */
static bool change_file(struct vi *vi, const char *name, bool bang)
{
	char *copy;
	bool good;

	if (buffer_modified(&vi->buffer) && !bang)
		return complain(vi, "not written since the last change: :w writes, a ! throws it away");
	if (!name)
		return complain(vi, "no file name");
	copy = copy_string(name); /* it may be vi->name */
	good = file_edit(vi, copy);
	free(copy);
	return good;
}

bool ex_edit(struct vi *vi, struct ex *ex)
{
	char *name = expand_name(vi, ex->rest);
	size_t line = vi->cursor.line;
	bool good;

	if (!name)
		return false;
	good = change_file(vi, *name ? name : vi->name, ex->bang);
	if (good && !*name)
		cursor_to_line(vi, line);
	free(name);
	return good;
}

bool ex_next(struct vi *vi, struct ex *ex)
{
	if (vi->file_at + 1 >= vi->file_count)
		return complain(vi, "there is no next file");
	if (!change_file(vi, vi->files[vi->file_at + 1], ex->bang))
		return false;
	vi->file_at++;
	return true;
}

/* Runs a command with lines [first, last] as its input (none if first > last); its output is appended to *out. */
static bool run_filter(struct vi *vi, const char *command, size_t first, size_t last, struct lines *out)
{
	FILE *in = tmpfile(), *result = tmpfile();
	bool no_newline, good = in && result;
	char *line = must_alloc(strlen(command) + 64);
	int status = 0;

	for (size_t i = first; good && i <= last && first <= last; i++) {
		const struct text *text = buffer_line(&vi->buffer, i);

		fwrite(text->bytes, 1, text->length, in);
		good = putc('\n', in) != EOF;
	}
	good = good && fflush(in) == 0 && fseek(in, 0, SEEK_SET) == 0;
	if (good) {
		sprintf(line, "exec <&%d >&%d 2>&1; %s", fileno(in), fileno(result), command);
		fcntl(fileno(in), F_SETFD, 0);
		fcntl(fileno(result), F_SETFD, 0);
		status = system(line);
		good = lseek(fileno(result), 0, SEEK_SET) == 0 && file_load(fileno(result), out, &no_newline);
	}
	if (!good)
		complain(vi, "%s: %s", command, strerror(errno));
	else if (status)
		complain(vi, "%s: status %d", command,
		         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (in)
		fclose(in);
	if (result)
		fclose(result);
	free(line);
	return good && status == 0;
}

static bool read_into(struct vi *vi, const char *name, struct lines *lines)
{
	bool no_newline, good;
	int fd;

	if (*name == '!')
		return run_filter(vi, name + 1, 1, 0, lines);
	fd = open(*name ? name : vi->name ? vi->name : "", O_RDONLY | O_CLOEXEC);
	good = fd >= 0 && file_load(fd, lines, &no_newline);
	if (!good)
		complain(vi, "%s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

bool ex_read(struct vi *vi, struct ex *ex)
{
	struct lines lines = { 0 };
	char *name = expand_name(vi, ex->rest);
	size_t line = ex->addresses < 0 ? 0 : ex->last + 1, count;
	bool good = name && read_into(vi, name, &lines);

	free(name);
	count = lines.count;
	if (good && count) {
		buffer_replace(&vi->buffer, line, 0, &lines);
		cursor_to_line(vi, line);
		say(vi, "%zu more lines", count);
	}
	lines_free(&lines);
	return good;
}

bool ex_filter(struct vi *vi, struct ex *ex)
{
	char *command = expand_name(vi, ex->rest);
	struct lines lines = { 0 };
	bool good = command != NULL;

	if (good && ex->addresses == 0) {
		run_outside(vi, command);
	} else if (good) {
		good = run_filter(vi, command, ex->first, ex->last, &lines);
		if (good) {
			buffer_replace(&vi->buffer, ex->first, ex->last - ex->first + 1, &lines);
			cursor_to_line(vi, ex->first);
		}
	}
	lines_free(&lines);
	free(command);
	return good;
}

/* The settings: switches and numbers, each under two names. */
static bool *switch_of(struct settings *set, const char *name)
{
	const struct {
		const char *name, *brief;
		bool *value;
	} switches[] = {
		{ "number", "nu", &set->number },
		{ "ignorecase", "ic", &set->ignore_case },
		{ "autoindent", "ai", &set->auto_indent },
		{ "wrapscan", "ws", &set->wrap_scan },
		{ "list", "list", &set->list },
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (strcmp(name, switches[i].name) == 0 || strcmp(name, switches[i].brief) == 0)
			return switches[i].value;
	return NULL;
}

static bool set_one(struct vi *vi, char *word)
{
	char *value = strchr(word, '=');
	bool no = strncmp(word, "no", 2) == 0 && strncmp(word, "nu", 2) != 0;
	bool *flag = switch_of(&vi->set, no && !switch_of(&vi->set, word) ? word + 2 : word);
	int number = value ? atoi(value + 1) : 0, *target;

	if (flag) {
		*flag = switch_of(&vi->set, word) != NULL;
		return true;
	}
	if (!value)
		return complain(vi, "no setting %s; there are nu ic ai ws list ts= sw=", word);
	*value = 0;
	target = strcmp(word, "ts") == 0 || strcmp(word, "tabstop") == 0      ? &vi->set.tab_stop
	         : strcmp(word, "sw") == 0 || strcmp(word, "shiftwidth") == 0 ? &vi->set.shift_width
	                                                                      : NULL;
	if (!target)
		return complain(vi, "no setting %s; there are nu ic ai ws list ts= sw=", word);
	if (number < 1 || number > 40)
		return complain(vi, "%s is a number from 1 to 40", word);
	*target = number;
	return true;
}

bool ex_set(struct vi *vi, struct ex *ex)
{
	const struct settings *set = &vi->set;
	char *rest, *word = strtok_r(ex->rest, " \t", &rest);

	if (!word || strcmp(word, "all") == 0) {
		say(vi, "%snumber %signorecase %sautoindent %swrapscan %slist tabstop=%d shiftwidth=%d",
		    set->number ? "" : "no", set->ignore_case ? "" : "no", set->auto_indent ? "" : "no",
		    set->wrap_scan ? "" : "no", set->list ? "" : "no", set->tab_stop, set->shift_width);
		return true;
	}
	for (; word; word = strtok_r(NULL, " \t", &rest))
		if (!set_one(vi, word))
			return false;
	return true;
}
