/*
 * Files. A file that exists is replaced by a new one under the same name if that changes nothing else about it, so that
 * a full disk or a power cut leaves the old one; only where there are other names, a link, or no room for two (and a !)
 * it is written over in place.
 */
#include "guest/user/vi/vi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (1u << 20) /* bytes, to begin with */

bool file_load(int fd, struct lines *lines, bool *no_newline)
{
	size_t room = BLOCK, length = 0;
	char *bytes = must_alloc(room), *p, *newline;
	ssize_t n;

	while ((n = read(fd, bytes + length, room - length)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(bytes);
			return false;
		}
		length += (size_t)n;
		if (length == room)
			bytes = must_grow(bytes, room *= 2);
	}
	for (p = bytes; (newline = memchr(p, '\n', (size_t)(bytes + length - p))); p = newline + 1)
		lines_add(lines, text_new(p, (size_t)(newline - p)));
	*no_newline = p < bytes + length;
	if (*no_newline)
		lines_add(lines, text_new(p, (size_t)(bytes + length - p)));
	free(bytes);
	return true;
}

static bool is_crlf(const struct lines *lines)
{
	for (size_t i = 0; i < lines->count && i < 100; i++)
		if (lines->at[i]->length == 0 || lines->at[i]->bytes[lines->at[i]->length - 1] != '\r')
			return false;
	return lines->count > 0;
}

static size_t total_bytes(const struct vi *vi, size_t first, size_t last)
{
	size_t bytes = 0;

	for (size_t i = first; i <= last && i < vi->buffer.lines.count; i++)
		bytes += vi->buffer.lines.at[i]->length + 1;
	return bytes - (vi->buffer.no_newline && last + 1 >= vi->buffer.lines.count && bytes);
}

static void new_name(struct vi *vi, const char *name)
{
	if (vi->name && strcmp(vi->name, name) != 0) {
		free(vi->other_name);
		vi->other_name = vi->name;
		vi->name = NULL;
	}
	free(vi->name);
	vi->name = copy_string(name);
}

bool file_edit(struct vi *vi, const char *name)
{
	struct lines lines = { 0 };
	struct stat info = { 0 };
	bool no_newline = false;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return complain(vi, "%s: %s", name, strerror(errno));
	if (fd >= 0 && (fstat(fd, &info) < 0 || S_ISDIR(info.st_mode) || !file_load(fd, &lines, &no_newline))) {
		complain(vi, "%s: %s", name, S_ISDIR(info.st_mode) ? "it is a directory" : strerror(errno));
		close(fd);
		return false;
	}
	new_name(vi, name);
	buffer_free(&vi->buffer);
	vi->buffer.lines = lines;
	vi->buffer.no_newline = no_newline;
	vi->modified = info.st_mtim;
	vi->read_only = vi->view_only;
	vi->read_only |= fd >= 0 && ((info.st_mode & 0222) == 0 || access(name, W_OK) < 0);
	vi->cursor = (struct pos){ 0, 0 };
	vi->top = vi->want = 0;
	if (fd < 0)
		say(vi, "\"%s\" [new file]", name);
	else
		say(vi, "\"%s\"%s%s%s %zu lines, %zu bytes", name, vi->read_only ? " [read-only]" : "",
		    no_newline ? " [noeol]" : "", is_crlf(&lines) ? " [CRLF]" : "", lines.count,
		    total_bytes(vi, 0, buffer_count(&vi->buffer) - 1));
	if (fd >= 0)
		close(fd);
	return true;
}

/* Collects bytes for write(2). */
struct writer {
	int fd;
	bool good;         /* nothing failed so far */
	size_t used;       /* bytes of block */
	char block[65536]; /* not yet written */
};

static void flush(struct writer *w)
{
	w->good = w->good && terminal_write(w->fd, w->block, w->used);
	w->used = 0;
}

static void write_bytes(struct writer *w, const char *bytes, size_t count)
{
	while (count > 0) {
		size_t n = count < sizeof(w->block) - w->used ? count : sizeof(w->block) - w->used;

		memcpy(w->block + w->used, bytes, n);
		w->used += n;
		bytes += n;
		count -= n;
		if (w->used == sizeof(w->block))
			flush(w);
	}
}

/* Writes the lines; false with errno. */
static bool write_lines(const struct vi *vi, int fd, size_t first, size_t last)
{
	struct writer w = { .fd = fd, .good = true };
	size_t count = vi->buffer.lines.count;

	for (size_t i = first; w.good && i <= last && i < count; i++) {
		const struct text *text = vi->buffer.lines.at[i];

		write_bytes(&w, text->bytes, text->length);
		if (i + 1 < count || !vi->buffer.no_newline)
			write_bytes(&w, "\n", 1);
	}
	flush(&w);
	return w.good;
}

/* Into a new file that then takes the name's place. 1: done, 0: failed with errno, -1: this file must be written in
 * place. */
static int write_beside(const struct vi *vi, const char *name, size_t first, size_t last)
{
	struct stat old;
	char *path;
	int fd, error;

	if (lstat(name, &old) < 0 || !S_ISREG(old.st_mode) || old.st_nlink != 1)
		return -1;
	path = must_alloc(strlen(name) + 16);
	sprintf(path, "%s.viXXXXXX", name);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		error = errno;
		free(path);
		errno = error;
		return error == ENOSPC || error == EDQUOT ? 0 : -1;
	}
	if (fchown(fd, old.st_uid, old.st_gid) < 0) {
		close(fd);
		unlink(path);
		free(path);
		return -1;
	}
	if (write_lines(vi, fd, first, last) && fchmod(fd, old.st_mode & 07777) == 0 && fsync(fd) == 0 &&
	    rename(path, name) == 0) {
		free(path);
		return close(fd) == 0;
	}
	error = errno;
	close(fd);
	unlink(path);
	free(path);
	errno = error;
	return 0;
}

static bool write_in_place(const struct vi *vi, const char *name, size_t first, size_t last, bool append)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : 0), 0666), error;
	struct stat info;
	bool good;

	if (fd < 0)
		return false;
	good = write_lines(vi, fd, first, last) && fstat(fd, &info) == 0;
	if (good && !append && S_ISREG(info.st_mode))
		good = ftruncate(fd, (off_t)total_bytes(vi, first, last)) == 0 && fsync(fd) == 0;
	error = errno;
	if (close(fd) < 0 && good)
		return false;
	errno = error;
	return good;
}

/* May this file be written without a !? */
static bool may_write(struct vi *vi, const char *name, bool own, bool append)
{
	struct stat info;

	if (stat(name, &info) < 0)
		return true;
	if (S_ISDIR(info.st_mode))
		return complain(vi, "%s is a directory", name);
	if (!own && !append && S_ISREG(info.st_mode))
		return complain(vi, "%s exists; :w! writes over it", name);
	if ((own && vi->read_only) || (S_ISREG(info.st_mode) && (info.st_mode & 0222) == 0))
		return complain(vi, "%s is read-only; :w! writes it all the same", name);
	if (own && (info.st_mtim.tv_sec != vi->modified.tv_sec || info.st_mtim.tv_nsec != vi->modified.tv_nsec))
		return complain(vi, "%s has been changed by somebody since it was read; :w! writes over that", name);
	return true;
}

bool file_write(struct vi *vi, const char *name, size_t first, size_t last, bool force, bool append)
{
	bool own = name && vi->name && strcmp(name, vi->name) == 0,
	     whole = first == 0 && last + 1 >= buffer_count(&vi->buffer);
	int done = -1;
	struct stat info;
	char *copy;

	if (!name)
		return complain(vi, "no file name: :w NAME");
	if (!force && !may_write(vi, name, own, append))
		return false;
	if (!force && own && !whole)
		return complain(vi, "that is only a part of the file; :w! writes it all the same");
	if (!append)
		done = write_beside(vi, name, first, last);
	if (done < 0 || (done == 0 && force))
		done = write_in_place(vi, name, first, last, append);
	if (!done)
		return complain(vi, "%s: NOT WRITTEN: %s", name, strerror(errno));
	copy = copy_string(name);
	if (!vi->name && whole) {
		vi->name = copy_string(name);
		own = true;
	}
	if (own && stat(copy, &info) == 0)
		vi->modified = info.st_mtim;
	if (own && whole && !append)
		vi->buffer.saved = vi->buffer.done;
	if (own && force)
		vi->read_only = false;
	say(vi, "\"%s\"%s %zu lines, %zu bytes written", copy, vi->buffer.no_newline && whole ? " [noeol]" : "",
	    vi->buffer.lines.count ? last - first + 1 : 0, total_bytes(vi, first, last));
	free(copy);
	return true;
}

/* Into a file that is not there yet, and for the owner alone. */
static bool write_new(const struct vi *vi, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write_lines(vi, fd, 0, buffer_count(&vi->buffer) - 1) && fsync(fd) == 0;

	return fd >= 0 && close(fd) == 0 && good;
}

void file_preserve(struct vi *vi)
{
	const char *base = vi->name && strrchr(vi->name, '/') ? strrchr(vi->name, '/') + 1
	                   : vi->name                         ? vi->name
	                                                      : "no-name";
	const char *const folders[] = { "/var/tmp", "/tmp", "." };
	char path[512];

	if (!buffer_modified(&vi->buffer))
		return;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%.200s.%d.vi", folders[i], base, (int)getpid());
		if (write_new(vi, path)) {
			fprintf(stderr, "vi: ended by a signal; what was not written is in %s\n", path);
			return;
		}
	}
	fprintf(stderr, "vi: ended by a signal, and what was not written could not be saved: %s\n", strerror(errno));
}
