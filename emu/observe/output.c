/*
 * Files that observers write at the end of a run: see output.h.
 */
#include "emu/observe/output.h"

#include <errno.h>
#include <string.h>

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
