/*
 * The kernel command line, from the device tree's /chosen: "name=value" words, and behind "--" what init is given.
 */
#include "guest/kernel/core/device_tree.h"

const char *command_line(void)
{
	const char *line = device_tree_property(device_tree_path("/chosen"), "bootargs", NULL);
	return line ? line : "";
}

/* Where the words for init begin, with their "--"; the end of the line where there are none. */
static const char *find_separator(const char *line)
{
	for (const char *at = line; *at; at++) {
		bool begins = at == line || at[-1] == ' ';
		if (begins && at[0] == '-' && at[1] == '-' && (at[2] == ' ' || at[2] == 0))
			return at;
	}
	return line + strlen(line);
}

const char *command_line_init_arguments(void)
{
	const char *at = find_separator(command_line());
	if (*at)
		at += 2;
	while (*at == ' ')
		at++;
	return at;
}

bool command_line_value(const char *name, char *to, u64 size)
{
	const char *line = command_line();
	const char *end = find_separator(line);
	u64 length = strlen(name);
	for (const char *at = line; at < end; at += strcspn(at, " "), at += *at == ' ') {
		if (strncmp(at, name, length) != 0 || at[length] != '=')
			continue;
		const char *value = at + length + 1;
		u64 count = MIN(strcspn(value, " "), size - 1);
		memcpy(to, value, count);
		to[count] = 0;
		return true;
	}
	return false;
}
