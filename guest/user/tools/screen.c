/*
 * Tools for terminals: clear, reset, chvt, and less (also as more), a pager that keeps the whole text in memory.
 */
#include "guest/user/tools/tools.h"
#include "guest/user/lib/terminal.h"
#include "guest/user/lib/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vt.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int tool_clear(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return terminal_write(1, "\033[H\033[2J\033[3J", 11) ? 0 : complain("standard output");
}

/* For a terminal that a program left in a bad way: attributes, character sets, region, cursor, modes. */
int tool_reset(int argc, char **argv)
{
	struct termios modes;

	(void)argc;
	(void)argv;
	if (tcgetattr(0, &modes) == 0) {
		modes.c_iflag = (modes.c_iflag & ~(tcflag_t)(INLCR | IGNCR | ISTRIP)) | ICRNL | IXON;
		modes.c_oflag |= OPOST | ONLCR;
		modes.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
		tcsetattr(0, TCSANOW, &modes);
	}
	return terminal_write(1, "\033c\033[m\033[r\033[?25h", 14) ? 0 : complain("standard output");
}

int tool_chvt(int argc, char **argv)
{
	long number = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	int fd;

	if (number < 1 || number > 63) {
		fprintf(stderr, "chvt: chvt NUMBER\n");
		return 2;
	}
	fd = open("/dev/tty0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return complain("there are no virtual terminals here: /dev/tty0");
	if (ioctl(fd, VT_ACTIVATE, number) < 0 || ioctl(fd, VT_WAITACTIVE, number) < 0)
		return complain(argv[1]);
	close(fd);
	return 0;
}

/* --- less --- */

struct pager {
	char **line;      /* the text, without newlines */
	long count, room; /* of them */
	long top;         /* the first one seen */
	int keyboard;     /* descriptor of the terminal */
	int rows, columns;
	char pattern[128];   /* of the last search */
	const char *message; /* on the last row, instead of the prompt */
	struct terminal_input input;
};

static void add_lines(struct pager *p, FILE *in)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, in)) >= 0) {
		if (n && line[n - 1] == '\n')
			line[n - 1] = 0;
		if (p->count == p->room) {
			p->room = p->room * 2 + 256;
			p->line = realloc(p->line, (size_t)p->room * sizeof(*p->line));
		}
		if (!p->line)
			break;
		p->line[p->count++] = line;
		line = NULL;
		room = 0;
	}
	free(line);
}

/* One line, wrapped; tabs and control characters as people expect them. Returns its rows, at most `rows` are drawn. */
static int draw_line(const struct pager *p, const char *text, int rows, FILE *out)
{
	int column = 0, row = 1, length;

	for (; *text; text += length) {
		unsigned code = utf8_decode(text, strlen(text), &length);
		int width = code == '\t'                ? 8 - column % 8
		            : code == UTF8_INVALID      ? 1
		            : code < ' ' || code == 127 ? 2
		                                        : utf8_width(code);

		if (column + width > p->columns) {
			row++;
			column = 0;
			if (row <= rows && out)
				fputc('\n', out);
		}
		if (row <= rows && out) {
			if (code == '\t')
				fprintf(out, "%*s", width, "");
			else if (code == UTF8_INVALID)
				fputc('?', out);
			else if (width == 2 && (code < ' ' || code == 127))
				fprintf(out, "^%c", (char)(code ^ 64));
			else
				fwrite(text, 1, (size_t)length, out);
		}
		column += width;
	}
	if (row <= rows && out)
		fputs(column < p->columns ? "\033[K\n" : "\n", out);
	return row;
}

/* The top line from which the last one is just seen. */
static long last_top(const struct pager *p)
{
	long top = p->count;

	for (int rows = p->rows - 1; top > 0; top--) {
		rows -= draw_line(p, p->line[top - 1], 0, NULL);
		if (rows < 0)
			break;
	}
	return top < p->count ? top : p->count ? p->count - 1 : 0;
}

static void draw(struct pager *p)
{
	char *picture = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&picture, &size);
	long line;
	int rows;

	if (!out)
		return;
	terminal_size(p->keyboard, &p->rows, &p->columns);
	fputs("\033[H", out);
	for (line = p->top, rows = p->rows - 1; line < p->count && rows > 0; line++)
		rows -= draw_line(p, p->line[line], rows, out);
	for (; rows > 0; rows--)
		fputs("~\033[K\n", out);
	fprintf(out, "\033[7m%s\033[m\033[K", p->message ? p->message : line >= p->count ? "(END)" : ":");
	fclose(out);
	terminal_write(1, picture, size);
	free(picture);
	p->message = NULL;
}

static void search_on(struct pager *p, long from, int step)
{
	regex_t regex;

	if (!*p->pattern || regcomp(&regex, p->pattern, REG_NOSUB) != 0) {
		p->message = "this is no pattern";
		return;
	}
	for (; from >= 0 && from < p->count; from += step)
		if (regexec(&regex, p->line[from], 0, NULL, 0) == 0)
			break;
	regfree(&regex);
	if (from < 0 || from >= p->count)
		p->message = "not found";
	else
		p->top = from;
}

static void read_pattern(struct pager *p)
{
	char typed[sizeof(p->pattern)] = "";
	size_t n = 0;

	for (;;) {
		int key;

		printf("\r/%s\033[K", typed);
		fflush(stdout);
		key = terminal_key(p->keyboard, &p->input, -1, NULL);
		if (key == '\r' || key == '\n')
			break;
		if (key == KEY_ESCAPE || key == CONTROL('C') || key == KEY_CLOSED)
			return;
		if ((key == 127 || key == CONTROL('H')) && n > 0)
			typed[--n] = 0;
		else if (key >= ' ' && key < 127 && n + 1 < sizeof(typed))
			typed[n++] = (char)key;
		typed[n] = 0;
	}
	if (n)
		memcpy(p->pattern, typed, sizeof(typed));
	search_on(p, p->top + 1, 1);
}

/* False: leave. */
static bool page_key(struct pager *p, int key)
{
	long page = p->rows > 2 ? p->rows - 1 : 1, last = last_top(p);

	switch (key) {
	case 'q':
	case 'Q':
	case CONTROL('C'):
	case KEY_CLOSED:
		return false;
	case ' ':
	case 'f':
	case CONTROL('F'):
	case KEY_PAGE_DOWN:
		p->top = p->top + page < last ? p->top + page : p->top > last ? p->top : last;
		break;
	case 'b':
	case CONTROL('B'):
	case KEY_PAGE_UP:
		p->top = p->top > page ? p->top - page : 0;
		break;
	case 'd':
	case CONTROL('D'):
		p->top = p->top + page / 2 < last ? p->top + page / 2 : p->top > last ? p->top : last;
		break;
	case 'u':
	case CONTROL('U'):
		p->top = p->top > page / 2 ? p->top - page / 2 : 0;
		break;
	case 'j':
	case '\r':
	case '\n':
	case KEY_DOWN:
		p->top += p->top < last;
		break;
	case 'k':
	case 'y':
	case KEY_UP:
		p->top -= p->top > 0;
		break;
	case 'g':
	case '<':
	case KEY_HOME:
		p->top = 0;
		break;
	case 'G':
	case '>':
	case KEY_END:
		p->top = last;
		break;
	case '/':
		read_pattern(p);
		break;
	case 'n':
		search_on(p, p->top + 1, 1);
		break;
	case 'N':
		search_on(p, p->top - 1, -1);
		break;
	case 'h':
		p->message = "space b: pages  j k: lines  g G: ends  /: search  n N: again  q: leave";
		break;
	default:
		break;
	}
	return true;
}

static void on_resize(int number)
{
	(void)number; /* it is enough that the waiting ends */
}

static int page_text(struct pager *p)
{
	struct sigaction resize = { .sa_handler = on_resize };
	int key;

	p->keyboard = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (p->keyboard < 0 || !terminal_take(p->keyboard, false, "\033[?1049h", "\033[m\r\033[K\033[?1049l"))
		return complain("/dev/tty");
	sigaction(SIGWINCH, &resize, NULL);
	do {
		draw(p);
		key = terminal_key(p->keyboard, &p->input, -1, NULL);
	} while (page_key(p, key));
	terminal_give_back();
	return 0;
}

int tool_less(int argc, char **argv)
{
	struct pager p = { 0 };
	int first, status = 0;

	if (!take_options(argc, argv, "RFXSei", &first))
		return 2;
	if (first == argc && isatty(0)) {
		fprintf(stderr, "%s: %s FILE..., or text from a pipe\n", argv[0], argv[0]);
		return 2;
	}
	for (int i = first; i < argc || i == first; i++) {
		FILE *in = i == argc ? stdin : fopen(argv[i], "re");

		if (!in) {
			status = complain(argv[i]);
			continue;
		}
		add_lines(&p, in);
		if (in != stdin)
			fclose(in);
	}
	if (p.count && !isatty(1))
		for (long i = 0; i < p.count; i++)
			puts(p.line[i]);
	else if (p.count)
		status |= page_text(&p);
	return status;
}
