/*
 * Escape sequences, one by one: what is printed on a terminal of 10 columns and 4 rows, what it shows then, and where
 * the cursor is. The names are those of console_codes(4) and ECMA-48.
 */
#include "tests/console/harness.h"

static const struct {
	const char *name, *input;
	const char *shown; /* see harness_text() */
	u32 x, y;          /* the cursor */
	const char *answer;
} cases[] = {
	/* characters and control characters */
	{ "text", "abc", "abc|", 3, 0, "" },
	{ "CR and LF", "ab\r\ncd\ne", "ab|cd|  e|", 3, 2, "" },
	{ "BS stops at the margin", "a\b\b\bb", "b|", 1, 0, "" },
	{ "HT", "a\tb", "a       b|", 9, 0, "" },
	{ "HT stops in the last column", "a\t\t\tb", "a        b|", 9, 0, "" },
	{ "VT and FF are LF", "a\vb\fc", "a| b|  c|", 3, 2, "" },
	{ "BEL, NUL and DEL print nothing", "a\ab\177c", "abc|", 3, 0, "" },
	{ "LF scrolls at the bottom", "1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5|", 1, 3, "" },
	{ "the last column waits", "0123456789", "0123456789|", 9, 0, "" },
	{ "then a line begins", "0123456789a", "0123456789|a|", 1, 1, "" },
	{ "CR ends the waiting", "0123456789\rX", "X123456789|", 1, 0, "" },
	{ "BS in the last column", "0123456789\bX", "01234567X9|", 9, 0, "" },
	{ "HT leaves it waiting", "0123456789\ta", "0123456789|a|", 1, 1, "" },
	{ "LF in the last column", "0123456789\nX", "0123456789|         X|", 9, 1, "" },
	{ "wrapping scrolls", "\033[4;10Hab", "||         a|b|", 1, 3, "" },
	{ "CAN ends a sequence", "\033[3\030mx", "mx|", 2, 0, "" },
	{ "controls within a sequence", "ab\033[\b2\nCx", "ab|   x|", 4, 1, "" },
	{ "ESC within a sequence", "\033[3\033[2Cx", "  x|", 3, 0, "" },

	/* UTF-8 */
	{ "two bytes", "\303\244b", "\303\244b|", 2, 0, "" },
	{ "three bytes", "\342\224\214\342\224\200", "\342\224\214\342\224\200|", 2, 0, "" },
	{ "a byte that begins nothing", "a\200b", "a\357\277\275b|", 3, 0, "" },
	{ "a character cut off", "\342\224x", "\357\277\275x|", 2, 0, "" },
	{ "a character cut off by LF", "\342\224\r\nx", "\357\277\275|x|", 1, 1, "" },
	{ "an overlong one", "\300\200x", "\357\277\275\357\277\275x|", 3, 0, "" },
	{ "a surrogate", "\355\240\200x", "\357\277\275x|", 2, 0, "" },
	{ "beyond Unicode", "\364\220\200\200x", "\357\277\275x|", 2, 0, "" },
	{ "combining ones are dropped", "e\314\201x", "ex|", 2, 0, "" },
	{ "wide ones take two columns", "\346\274\242x", "\346\274\242x|", 3, 0, "" },
	{ "wide ones do not fit in the last column", "123456789\346\274\242", "123456789|\346\274\242|", 2, 1, "" },
	{ "half of a wide one is overwritten", "\346\274\242\033[1;2Hx", " x|", 2, 0, "" },
	{ "the other half", "\346\274\242\rx", "x|", 1, 0, "" },
	{ "ESC % @: Latin-1", "\033%@\344", "\303\244|", 1, 0, "" },
	{ "ESC % G: UTF-8 again", "\033%@\033%G\303\244", "\303\244|", 1, 0, "" },

	/* moving */
	{ "CUP", "\033[3;5Hx", "||    x|", 5, 2, "" },
	{ "CUP without numbers", "abc\033[Hx", "xbc|", 1, 0, "" },
	{ "CUP beyond the screen", "\033[99;99Hx", "|||         x|", 9, 3, "" },
	{ "HVP", "\033[2;2fx", "| x|", 2, 1, "" },
	{ "CUU CUD CUF CUB", "\033[2;2H\033[A\033[2B\033[3C\033[Dx", "||   x|", 4, 2, "" },
	{ "they stop at the edges", "\033[99A\033[99D\033[99B\033[99Cx", "|||         x|", 9, 3, "" },
	{ "0 is 1", "\033[0C\033[0Bx", "| x|", 2, 1, "" },
	{ "CNL and CPL", "ab\033[2Ec\033[Fd", "ab|d|c|", 1, 1, "" },
	{ "CHA, HPA and VPA", "\033[5Ga\033[3`b\033[3dc", "  b a||   c|", 4, 2, "" },
	{ "HPR and VPR", "\033[3a\033[2ex", "||   x|", 4, 2, "" },
	{ "CHT and CBT", "\033[1Ia\033[Zb", "        b|", 9, 0, "" },
	{ "ESC 7 and ESC 8", "\033[2;3H\0337\033[4;4H\0338x", "|  x|", 3, 1, "" },
	{ "CSI s and CSI u", "\033[2;3H\033[s\033[H\033[ux", "|  x|", 3, 1, "" },
	{ "ESC 8 brings the colours", "\033[31m\0337\033[m\0338x", "x|", 1, 0, "" },
	{ "IND, NEL, RI", "a\033Db\033Ec\033M\033Md", "ad| b|c|", 2, 0, "" },
	{ "RI scrolls at the top", "a\r\033Mb", "b|a|", 1, 0, "" },
	{ "HTS and TBC", "\033[4G\033H\r\tx\033[3g\r\ty", "   x     y|", 9, 0, "" },
	{ "TBC of one", "\033[9G\033[g\r\tx", "         x|", 9, 0, "" },

	/* erasing */
	{ "EL", "abcdef\033[3D\033[K", "abc|", 3, 0, "" },
	{ "EL 1", "abcdef\033[3D\033[1K", "    ef|", 3, 0, "" },
	{ "EL 2", "abcdef\033[2K", "", 6, 0, "" },
	{ "ED", "a\r\nbcd\r\ne\033[2;2H\033[J", "a|b|", 1, 1, "" },
	{ "ED 1", "a\r\nbcd\r\ne\033[2;2H\033[1J", "|  d|e|", 1, 1, "" },
	{ "ED 2 leaves the cursor", "a\r\nbcd\033[2J", "", 3, 1, "" },
	{ "ECH", "abcdef\033[4D\033[2X", "ab  ef|", 2, 0, "" },
	{ "ICH", "abcdef\033[4D\033[2@", "ab  cdef|", 2, 0, "" },
	{ "ICH pushes out", "0123456789\033[H\033[3@", "   0123456|", 0, 0, "" },
	{ "ICH of more than there is", "abc\033[H\033[99@", "", 0, 0, "" },
	{ "DCH", "abcdef\033[4D\033[2P", "abef|", 2, 0, "" },
	{ "DCH of more than there is", "abcdef\033[4D\033[99P", "ab|", 2, 0, "" },
	{ "IL", "1\r\n2\r\n3\r\n4\033[2;2H\033[2L", "1|||2|", 1, 1, "" },
	{ "DL", "1\r\n2\r\n3\r\n4\033[2;2H\033[2M", "1|4|", 1, 1, "" },
	{ "DL of more than there is", "1\r\n2\r\n3\r\n4\033[2H\033[99M", "1|", 0, 1, "" },
	{ "SU and SD", "1\r\n2\r\n3\r\n4\033[2S\033[T", "|3|4|", 1, 3, "" },
	{ "REP", "ab\033[3b", "abbbb|", 5, 0, "" },
	{ "DECALN", "\033#8", "EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|", 0, 0, "" },

	/* scroll regions */
	{ "DECSTBM homes the cursor", "abc\033[2;3rx", "xbc|", 1, 0, "" },
	{ "LF scrolls the region", "1\r\n2\r\n3\r\n4\033[2;3r\033[3;1H\nx", "1|3|x|4|", 1, 2, "" },
	{ "LF below it does not", "1\r\n2\r\n3\r\n4\033[2;3r\033[4;1H\nx", "1|2|3|x|", 1, 3, "" },
	{ "RI scrolls it", "1\r\n2\r\n3\r\n4\033[2;3r\033[2;1H\033Mx", "1|x|2|4|", 1, 1, "" },
	{ "IL within it", "1\r\n2\r\n3\r\n4\033[2;3r\033[2;1H\033[L", "1||2|4|", 0, 1, "" },
	{ "IL outside does nothing", "1\r\n2\r\n3\r\n4\033[2;3r\033[4;1H\033[L", "1|2|3|4|", 0, 3, "" },
	{ "CUU stops at its top", "\033[2;3r\033[3;1H\033[9Ax", "|x|", 1, 1, "" },
	{ "CUD stops at its bottom", "\033[2;3r\033[2;1H\033[9Bx", "||x|", 1, 2, "" },
	{ "a region of one row is none", "\033[2;2r\033[4;1H\nx", "|||x|", 1, 3, "" },
	{ "CSI r ends it", "1\r\n2\r\n3\r\n4\033[2;3r\033[r\033[4;1H\nx", "2|3|4|x|", 1, 3, "" },
	{ "DECOM", "\033[2;3r\033[?6hx\033[9;9Hy", "|x|        y|", 9, 2, "" },
	{ "SU of the region", "1\r\n2\r\n3\r\n4\033[2;3r\033[S", "1|3||4|", 0, 0, "" },

	/* modes */
	{ "DECAWM off", "\033[?7l0123456789ab", "012345678b|", 9, 0, "" },
	{ "IRM", "abc\033[H\033[4hX\033[4lY", "XYbc|", 2, 0, "" },
	{ "LNM", "a\033[20hb\nc", "ab|c|", 1, 1, "" },
	{ "1049 and back", "abc\033[?1049hxyz\033[?1049l", "abc|", 3, 0, "" },
	{ "1049 off when it is not on", "abc\033[?1049lx", "abcx|", 4, 0, "" },
	{ "1049 begins empty", "abc\033[?1049hx", "   x|", 4, 0, "" },
	{ "47 keeps what was there", "\033[?47hx\033[?47lab\033[?47h", "x|", 3, 0, "" },
	{ "1047 erases it", "\033[?1047hx\033[?1047l\033[?1047h", "", 1, 0, "" },
	{ "1048", "ab\033[?1048h\033[4;4H\033[?1048lc", "abc|", 3, 0, "" },
	{ "unknown modes", "\033[?1000h\033[?12;25h\033[99hx", "x|", 1, 0, "" },
	{ "DECSTR", "\033[2;3r\033[?6h\033[4h\033[!p\033[4;1Hx", "|||x|", 1, 3, "" },
	{ "RIS", "abc\033[31m\033[2;3r\033cx", "x|", 1, 0, "" },
	{ "RIS leaves the alternate screen", "ab\033[?47h\033cx", "x|", 1, 0, "" },

	/* character sets */
	{ "G0 of lines", "\033(0lqk\033(Bl", "\342\224\214\342\224\200\342\224\220l|", 4, 0, "" },
	{ "G1 by SO and SI", "\033)0\016q\017q", "\342\224\200q|", 2, 0, "" },
	{ "SGR 11: code page 437", "\033[11m\304\001\033[10m\303\244", "\342\224\200\342\230\272\303\244|", 3, 0, "" },

	/* answers */
	{ "DSR", "\033[5n", "", 0, 0, "\033[0n" },
	{ "CPR", "\033[3;7H\033[6n", "", 6, 2, "\033[3;7R" },
	{ "CPR in origin mode", "\033[2;4r\033[?6h\033[2;1H\033[6n", "", 0, 2, "\033[2;1R" },
	{ "DA", "\033[c\033[0c\033Z", "", 0, 0, "\033[?6c\033[?6c\033[?6c" },
	{ "DA of others", "\033[>c\033[=c", "", 0, 0, "" },
	{ "many questions", "\033[6n\033[6n\033[6n\033[6n\033[6n\033[6n\033[6n\033[6n\033[6n\033[6n\033[6n", "", 0, 0,
	  NULL },

	/* what is meant for others */
	{ "title", "\033]0;title\ax", "x|", 1, 0, "" },
	{ "title ended by ST", "\033]2;title\033\\x", "x|", 1, 0, "" },
	{ "palette", "\033]P1ff0000x\033]Ry", "xy|", 2, 0, "" },
	{ "palette cut off", "\033]P1zx", "x|", 1, 0, "" },
	{ "DCS", "\033P1$r0m\033\\x", "x|", 1, 0, "" },
	{ "APC, PM, SOS", "\033_a\033\\\033^b\033\\\033Xc\033\\x", "x|", 1, 0, "" },
	{ "a string cut off by CSI", "\033]0;abc\033[2Cx", "  x|", 3, 0, "" },
	{ "a string cut off by CAN", "\033]0;abc\030x", "x|", 1, 0, "" },
	{ "window operations", "\033[8;24;80t\033[22;0tx", "x|", 1, 0, "" },
	{ "too many numbers", "\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;5Hx", "x|", 1, 0, "" },
	{ "too large a number", "\033[99999999999999999999999Cx", "         x|", 9, 0, "" },
	{ "unknown sequences", "\033[5y\033[?5y\033[1$w\033Q\033#3\033 Fx", "x|", 1, 0, "" },
};

/* Styles: what is printed, and the last cell's ink, paper and style. */
static const struct {
	const char *name, *input;
	u32 ink, paper, style;
} styles[] = {
	{ "usual", "x", 7, 0, 0 },
	{ "SGR 1 to 9", "\033[1;2;3;4;5;7;8;9mx", 7, 0, 0xff },
	{ "SGR 22 to 29", "\033[1;2;3;4;5;7;8;9m\033[22;23;24;25;27;28;29mx", 7, 0, 0 },
	{ "SGR 0", "\033[1;31;42m\033[0mx", 7, 0, 0 },
	{ "SGR without numbers", "\033[1;31;42m\033[mx", 7, 0, 0 },
	{ "SGR 21 underlines", "\033[21mx", 7, 0, STYLE_UNDERLINE },
	{ "colours", "\033[31;42mx", 1, 2, 0 },
	{ "SGR 39 and 49", "\033[31;42;39;49mx", 7, 0, 0 },
	{ "bright colours", "\033[95;106mx", 13, 14, 0 },
	{ "38;5 and 48;5", "\033[38;5;200;48;5;17mx", 200, 17, 0 },
	{ "38;2", "\033[38;2;255;0;0;1mx", 196, 0, STYLE_BOLD },
	{ "38;2 grey", "\033[38;2;128;128;128mx", 244, 0, 0 },
	{ "38:2 with a colour space", "\033[38:2::0:0:255;4mx", 21, 0, STYLE_UNDERLINE },
	{ "38:2 without", "\033[38:2:0:0:255mx", 21, 0, 0 },
	{ "38:5", "\033[38:5:9;7mx", 9, 0, STYLE_REVERSE },
	{ "38 cut off", "\033[38;2;1mx", 7, 0, 0 },
	{ "38;5 beyond 255", "\033[38;5;300;1mx", 7, 0, STYLE_BOLD },
	{ "erased cells have the paper's colour", "\033[44mab\033[2D\033[K", 7, 4, 0 },
	{ "lines scrolled in, too", "\033[41m\033[4;1H\r\n", 7, 1, 0 },
	{ "unknown numbers", "\033[26;50;99;120mx", 7, 0, 0 },
};

static int failures;

static void tell(bool ok, const char *kind, const char *name)
{
	printf("%s %s: %s\n", ok ? "ok  " : "FAIL", kind, name);
	failures += !ok;
}

static void print(struct terminal *t, const char *text, size_t piece)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i += piece)
		terminal_write(t, (const u8 *)text + i, MIN(piece, size - i));
}

/* Byte by byte, and all at once: the same. */
static void test_cases(size_t piece)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char shown[512], answer[TERMINAL_ANSWER_SIZE + 1] = "";
		struct harness h;

		harness_begin(&h, 10, 4);
		print(&h.terminal, cases[i].input, piece);
		harness_text(&h.terminal, shown);
		memcpy(answer, h.terminal.answer, h.terminal.answer_size);
		bool ok = cases[i].answer
		                  ? !strcmp(shown, cases[i].shown) && !strcmp(answer, cases[i].answer) &&
		                            h.terminal.cursor.x == cases[i].x && h.terminal.cursor.y == cases[i].y
		                  : true;
		tell(ok, piece == 1 ? "byte by byte" : "at once", cases[i].name);
		if (!ok)
			printf("     `%s' at %u %u, answer %zu bytes\n", shown, h.terminal.cursor.x,
			       h.terminal.cursor.y, strlen(answer));
		harness_end(&h);
	}
}

static void test_styles(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(styles); i++) {
		struct harness h;

		harness_begin(&h, 10, 4);
		print(&h.terminal, styles[i].input, 1000);
		const struct terminal_cursor *cursor = &h.terminal.cursor;
		const struct cell *cell = &terminal_row(&h.terminal, cursor->y)[cursor->x - (cursor->x > 0)];
		bool ok =
			cell->ink == styles[i].ink && cell->paper == styles[i].paper && cell->style == styles[i].style;
		tell(ok, "style", styles[i].name);
		if (!ok)
			printf("     ink %u, paper %u, style %x\n", cell->ink, cell->paper, cell->style);
		harness_end(&h);
	}
}

static bool shows(const struct harness *h, const char *wanted)
{
	char shown[512];

	harness_text(&h->terminal, shown);
	if (strcmp(shown, wanted))
		printf("     `%s'\n", shown);
	return !strcmp(shown, wanted);
}

/* Lines scrolled off: up to HARNESS_HISTORY, and what is printed meanwhile does not move the view. */
static void test_history(void)
{
	struct harness h;

	harness_begin(&h, 10, 4);
	print(&h.terminal, "1\r\n2\r\n3\r\n4\r\n5\r\n6", 1000);
	terminal_scroll_view(&h.terminal, 1);
	tell(shows(&h, "2|3|4|5|"), "history", "a line back");
	print(&h.terminal, "\r\n7\r\n8", 1000);
	tell(shows(&h, "2|3|4|5|"), "history", "it stays there");
	terminal_scroll_view(&h.terminal, 99);
	tell(shows(&h, "1|2|3|4|"), "history", "the first line");
	print(&h.terminal, "\r\n9\r\na\r\nb", 1000);
	terminal_scroll_view(&h.terminal, 99);
	tell(shows(&h, "3|4|5|6|"), "history", "no more than is kept");
	terminal_scroll_view(&h.terminal, -99);
	tell(shows(&h, "8|9|a|b|"), "history", "and to the end");
	print(&h.terminal, "\033[?1049h1\r\n2\r\n3\r\n4\r\n5", 1000);
	terminal_scroll_view(&h.terminal, 99);
	tell(shows(&h, "2|3|4|5|"), "history", "the alternate screen has none");
	print(&h.terminal, "\033[?1049l\033[3J", 1000);
	terminal_scroll_view(&h.terminal, 99);
	tell(shows(&h, ""), "history", "ED 3 forgets it");
	harness_end(&h);
}

/* Only rows that changed are looked at when it is drawn. */
static void test_dirty(void)
{
	struct harness h;
	struct terminal *t = &h.terminal;

	harness_begin(&h, 10, 4);
	tell(t->dirty_first == 0 && t->dirty_last == 3, "dirty", "all of a new one");
	t->dirty_first = 4;
	t->dirty_last = 0;
	print(t, "\033[2;1Hx", 1000);
	tell(t->dirty_first == 0 && t->dirty_last == 1, "dirty", "where the cursor was, and is");
	t->dirty_first = 4;
	t->dirty_last = 0;
	print(t, "y", 1000);
	tell(t->dirty_first == 1 && t->dirty_last == 1, "dirty", "one row");
	harness_end(&h);
}

static void test_modes(void)
{
	struct harness h;
	struct terminal *t = &h.terminal;

	harness_begin(&h, 10, 4);
	print(t, "\033[?1h\033=\033[?2004h\033[?25l\033[?5h", 1000);
	tell(t->cursor_keys && t->keypad && t->bracketed_paste && t->cursor_hidden && t->reversed, "modes", "on");
	print(t, "\033[?1l\033>\033[?2004l\033[?25h\033[?5l", 1000);
	tell(!t->cursor_keys && !t->keypad && !t->bracketed_paste && !t->cursor_hidden && !t->reversed, "modes", "off");
	print(t, "\033[2 q", 1000);
	tell(t->cursor_shape == CURSOR_BLOCK, "modes", "DECSCUSR: a block");
	print(t, "\033[?1c", 1000);
	tell(t->cursor_shape == CURSOR_NONE, "modes", "Linux: no cursor");
	print(t, "\033[?0c", 1000);
	tell(t->cursor_shape == CURSOR_UNDERLINE, "modes", "Linux: the usual one");
	harness_end(&h);
}

/* The kernel speaks while a program is in the middle of something. */
static void test_message(void)
{
	struct harness h;
	struct terminal *t = &h.terminal;

	harness_begin(&h, 10, 4);
	print(t, "\033(0q\033[31;4", 1000);
	terminal_write_message(t, (const u8 *)"q\r\n", 3);
	print(t, "2mq\303", 1000);
	terminal_write_message(t, (const u8 *)"q", 1);
	print(t, "\244", 1000);
	tell(shows(&h, "\342\224\200q|\342\224\200q\303\244|"), "message", "sequences go on");
	tell(terminal_row(t, 0)[1].ink == 7 && terminal_row(t, 1)[2].ink == 1 && terminal_row(t, 1)[2].paper == 2,
	     "message", "in the usual colours");
	harness_end(&h);
}

int main(void)
{
	test_cases(1);
	test_cases(1000);
	test_styles();
	test_history();
	test_dirty();
	test_modes();
	test_message();
	return failures != 0;
}
