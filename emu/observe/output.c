/*
 * Files that observers write at the end of a run: see output.h.
 */
#include "emu/observe/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool output_check(const char *path, struct error *err)
{
	struct stat st;
	/* A pipe's reader would take opening and closing it for the end. */
	if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return true;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	close(fd);
	return true;
}

bool output_write(const char *path, void (*print)(const void *arg, FILE *out), const void *arg, struct error *err)
{
	bool is_stdout = strcmp(path, "-") == 0;
	FILE *out = is_stdout ? stdout : fopen(path, "w");
	if (!out)
		return error_set(err, "%s: %s", path, strerror(errno));
	print(arg, out);
	bool whole = fflush(out) == 0 && !ferror(out);
	int reason = errno;
	if (!is_stdout && fclose(out) != 0 && whole) {
		whole = false;
		reason = errno;
	}
	return whole || error_set(err, "%s: %s", path, strerror(reason));
}
