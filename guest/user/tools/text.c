/*
 * Tools for what is inside files: cat, wc, head, tail, grep, hexdump, sort, cmp, tee, dd.
 */
#include "guest/user/tools/tools.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens each operand, or standard input when there is none, and calls `what`; returns the worst status. */
static int each_file(int argc, char **argv, int first, int (*what)(FILE *in, const char *name, void *context),
                     void *context)
{
	int status = 0;

	if (first == argc)
		return what(stdin, NULL, context);
	for (int i = first; i < argc; i++) {
		FILE *in = strcmp(argv[i], "-") == 0 ? stdin : fopen(argv[i], "re");
		int result;

		if (!in) {
			status = complain(argv[i]);
			continue;
		}
		result = what(in, argv[i], context);
		status = result > status ? result : status;
		if (in != stdin)
			fclose(in);
	}
	return status;
}

static int cat_one(FILE *in, const char *name, void *context)
{
	static char buffer[65536];
	ssize_t n;

	(void)context;
	while ((n = read(fileno(in), buffer, sizeof(buffer))) > 0)
		for (ssize_t done = 0, put; done < n; done += put)
			if ((put = write(1, buffer + done, (size_t)(n - done))) < 0)
				return complain("write");
	return n < 0 ? complain(name ? name : "standard input") : 0;
}

int tool_cat(int argc, char **argv)
{
	int first;

	return take_options(argc, argv, "u", &first) ? each_file(argc, argv, first, cat_one, NULL) : 2;
}

struct counts {
	long lines, words, bytes;
	int files;
	const char *options;
};

static void print_counts(const struct counts *c, const char *name)
{
	bool all = c->options[0] == 0;

	if (all || strchr(c->options, 'l'))
		printf("%ld ", c->lines);
	if (all || strchr(c->options, 'w'))
		printf("%ld ", c->words);
	if (all || strchr(c->options, 'c'))
		printf("%ld ", c->bytes);
	printf("%s\n", name ? name : "");
}

static int wc_one(FILE *in, const char *name, void *context)
{
	struct counts *total = context, c = { .options = total->options };
	bool in_word = false;

	for (int ch; (ch = getc(in)) != EOF; c.bytes++) {
		c.lines += ch == '\n';
		c.words += !in_word && !isspace(ch);
		in_word = !isspace(ch);
	}
	print_counts(&c, name);
	total->lines += c.lines;
	total->words += c.words;
	total->bytes += c.bytes;
	total->files++;
	return 0;
}

int tool_wc(int argc, char **argv)
{
	struct counts total = { 0 };
	int first, status;

	total.options = take_options(argc, argv, "lwc", &first);
	if (!total.options)
		return 2;
	status = each_file(argc, argv, first, wc_one, &total);
	if (total.files > 1)
		print_counts(&total, "total");
	return status;
}

/* `-n N`, `-N` or nothing before the operands. */
static long line_count(int argc, char **argv, int *first)
{
	*first = 1;
	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		*first = 3;
		return labs(strtol(argv[2], NULL, 10));
	}
	if (argc > 1 && argv[1][0] == '-' && argv[1][1]) {
		*first = 2;
		return labs(strtol(argv[1] + 1 + (argv[1][1] == 'n'), NULL, 10));
	}
	return 10;
}

static int head_one(FILE *in, const char *name, void *context)
{
	long left = *(long *)context;

	(void)name;
	for (int ch; left > 0 && (ch = getc(in)) != EOF;) {
		putchar(ch);
		left -= ch == '\n';
	}
	return 0;
}

int tool_head(int argc, char **argv)
{
	int first;
	long lines = line_count(argc, argv, &first);

	return each_file(argc, argv, first, head_one, &lines);
}

/* Keeps the last lines in a ring. */
static int tail_one(FILE *in, const char *name, void *context)
{
	long keep = *(long *)context, count = 0;
	char **ring = calloc((size_t)keep + 1, sizeof(char *)), *line = NULL;
	size_t room = 0;

	(void)name;
	if (!ring)
		return complain("memory");
	while (keep && getline(&line, &room, in) > 0) {
		free(ring[count % keep]);
		ring[count++ % keep] = line;
		line = NULL;
		room = 0;
	}
	for (long i = count > keep ? count - keep : 0; i < count; i++) {
		fputs(ring[i % keep], stdout);
		free(ring[i % keep]);
	}
	free(line);
	free(ring);
	return 0;
}

int tool_tail(int argc, char **argv)
{
	int first;
	long lines = line_count(argc, argv, &first);

	return each_file(argc, argv, first, tail_one, &lines);
}

struct grep {
	const char *options;
	const char *pattern;
	regex_t regex;
	bool many;    /* say the file's name */
	long matches; /* in all files */
};

static int grep_one(FILE *in, const char *name, void *context)
{
	struct grep *g = context;
	char *line = NULL;
	size_t room = 0;
	long count = 0;
	ssize_t n;

	for (long number = 1; (n = getline(&line, &room, in)) > 0; number++) {
		bool hit;

		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		hit = strchr(g->options, 'F') ? strstr(line, g->pattern) != NULL
		                              : regexec(&g->regex, line, 0, NULL, 0) == 0;
		if (hit == (strchr(g->options, 'v') != NULL))
			continue;
		count++;
		if (strpbrk(g->options, "qc"))
			continue;
		if (g->many)
			printf("%s:", name);
		if (strchr(g->options, 'n'))
			printf("%ld:", number);
		puts(line);
	}
	free(line);
	if (strchr(g->options, 'c'))
		printf(g->many ? "%s:%ld\n" : "%.0s%ld\n", name ? name : "", count);
	g->matches += count;
	return 0;
}

int tool_grep(int argc, char **argv)
{
	struct grep g = { 0 };
	int first, flags, status;

	g.options = take_options(argc, argv, "EFivnqc", &first);
	if (!g.options || first == argc) {
		fprintf(stderr, "grep: grep [-EFivnqc] PATTERN [FILE...]\n");
		return 2;
	}
	g.pattern = argv[first++];
	flags = REG_NOSUB | (strchr(g.options, 'E') ? REG_EXTENDED : 0) | (strchr(g.options, 'i') ? REG_ICASE : 0);
	if (regcomp(&g.regex, g.pattern, flags) != 0) {
		fprintf(stderr, "grep: not a regular expression: %s\n", g.pattern);
		return 2;
	}
	g.many = argc - first > 1;
	status = each_file(argc, argv, first, grep_one, &g);
	regfree(&g.regex);
	return status ? 2 : g.matches == 0;
}

static int hexdump_one(FILE *in, const char *name, void *context)
{
	unsigned char row[16], last[16];
	unsigned long offset = 0;
	bool starred = false;
	size_t n;

	(void)name;
	(void)context;
	while ((n = fread(row, 1, sizeof(row), in)) > 0) {
		bool same = offset && n == 16 && memcmp(row, last, 16) == 0;

		if (same && !starred)
			puts("*");
		starred = same;
		if (!same) {
			printf("%08lx ", offset);
			for (size_t i = 0; i < 16; i++)
				printf(i < n ? "%s%02x " : "%s   ", i == 8 ? " " : "", i < n ? row[i] : 0);
			putchar('|');
			for (size_t i = 0; i < n; i++)
				putchar(isprint(row[i]) ? row[i] : '.');
			puts("|");
		}
		memcpy(last, row, sizeof(last));
		offset += n;
	}
	printf("%08lx\n", offset);
	return 0;
}

int tool_hexdump(int argc, char **argv)
{
	int first;

	return take_options(argc, argv, "C", &first) ? each_file(argc, argv, first, hexdump_one, NULL) : 2;
}

struct lines {
	char **line;
	size_t count, room;
};

static int sort_read(FILE *in, const char *name, void *context)
{
	struct lines *all = context;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	(void)name;
	while ((n = getline(&line, &room, in)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		if (all->count == all->room) {
			all->room = all->room ? all->room * 2 : 64;
			all->line = realloc(all->line, all->room * sizeof(char *));
			if (!all->line)
				return complain("memory");
		}
		all->line[all->count++] = line;
		line = NULL;
		room = 0;
	}
	free(line);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_number(const void *a, const void *b)
{
	long x = strtol(*(char *const *)a, NULL, 10), y = strtol(*(char *const *)b, NULL, 10);

	return x < y ? -1 : x > y ? 1 : by_text(a, b);
}

int tool_sort(int argc, char **argv)
{
	struct lines all = { 0 };
	int first, status;
	const char *options = take_options(argc, argv, "rnu", &first);

	if (!options)
		return 2;
	status = each_file(argc, argv, first, sort_read, &all);
	if (all.count)
		qsort(all.line, all.count, sizeof(char *), strchr(options, 'n') ? by_number : by_text);
	for (size_t i = 0; i < all.count; i++) {
		size_t k = strchr(options, 'r') ? all.count - 1 - i : i;

		if (!strchr(options, 'u') || k == 0 || strcmp(all.line[k], all.line[k - 1]) != 0)
			puts(all.line[k]);
	}
	return status;
}

int tool_cmp(int argc, char **argv)
{
	FILE *a = argc > 2 ? fopen(argv[1], "re") : NULL, *b = argc > 2 ? fopen(argv[2], "re") : NULL;
	long at = 1;
	int x, y;

	if (!a || !b) {
		complain("two files");
		return 2;
	}
	do {
		x = getc(a);
		y = getc(b);
	} while (x == y && x != EOF && at++);
	if (x == y)
		return 0;
	printf("%s %s differ: byte %ld\n", argv[1], argv[2], at);
	return 1;
}

int tool_tee(int argc, char **argv)
{
	int first, status = 0;
	const char *options = take_options(argc, argv, "a", &first);
	char buffer[4096];
	ssize_t n;
	int fd = -1;

	if (!options)
		return 2;
	if (first < argc) {
		fd = open(argv[first], O_WRONLY | O_CREAT | (strchr(options, 'a') ? O_APPEND : O_TRUNC), 0666);
		if (fd < 0)
			status = complain(argv[first]);
	}
	while ((n = read(0, buffer, sizeof(buffer))) > 0)
		if (write(1, buffer, (size_t)n) != n || (fd >= 0 && write(fd, buffer, (size_t)n) != n))
			status = complain("write");
	return status;
}

static long dd_number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 0);

	return *end == 'k' || *end == 'K' ? n << 10 : *end == 'M' ? n << 20 : n;
}

/* if= of= bs= count= skip= seek= only. */
int tool_dd(int argc, char **argv)
{
	const char *in = "/dev/stdin", *out = "/dev/stdout";
	long bs = 512, count = -1, skip = 0, seek = 0, blocks = 0, bytes = 0;
	int from, to;
	char *buffer;
	ssize_t n = 0;

	for (int i = 1; i < argc; i++) {
		const char *value = strchr(argv[i], '=') ? strchr(argv[i], '=') + 1 : "";

		if (strncmp(argv[i], "if=", 3) == 0)
			in = value;
		else if (strncmp(argv[i], "of=", 3) == 0)
			out = value;
		else if (strncmp(argv[i], "bs=", 3) == 0)
			bs = dd_number(value);
		else if (strncmp(argv[i], "count=", 6) == 0)
			count = dd_number(value);
		else if (strncmp(argv[i], "skip=", 5) == 0)
			skip = dd_number(value);
		else if (strncmp(argv[i], "seek=", 5) == 0)
			seek = dd_number(value);
	}
	buffer = bs > 0 ? malloc((size_t)bs) : NULL;
	from = open(in, O_RDONLY);
	to = open(out, O_WRONLY | O_CREAT | (seek ? 0 : O_TRUNC), 0666);
	if (!buffer || from < 0 || to < 0)
		return complain(!buffer ? "bs" : from < 0 ? in : out);
	if ((skip && lseek(from, skip * bs, SEEK_SET) < 0) || (seek && lseek(to, seek * bs, SEEK_SET) < 0))
		return complain("seek");
	for (; blocks != count && (n = read(from, buffer, (size_t)bs)) > 0; blocks++, bytes += n)
		if (write(to, buffer, (size_t)n) != n)
			return complain(out);
	free(buffer);
	fprintf(stderr, "%ld blocks, %ld bytes\n", blocks, bytes);
	return n < 0 || close(to) < 0 ? complain(in) : 0;
}
