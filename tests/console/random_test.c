/*
 * Hostile output: random bytes, and random sequences made of what the terminal knows. Whatever comes, the cursor stays
 * on the screen, characters of two columns stay whole, and the sanitizers find nothing.
 */
#include "tests/console/harness.h"

static unsigned long state = 20261123;

static u32 pick(u32 below)
{
	state = state * 6364136223846793005ul + 1442695040888963407ul;
	return (u32)(state >> 33) % below;
}

/* A piece of output: text, a sequence, or noise. */
static u32 make(u8 *to)
{
	static const char finals[] = "@ABCDEFGHIJKLMPSTXZ`abcdefghjklmnpqrstu";
	static const char *const texts[] = { "plain text ", "\346\274\242\345\255\227",
		                             "\r\n",        "\n\n\n",
		                             "\t",          "\b",
		                             "\033M",       "\033D",
		                             "\0337",       "\0338",
		                             "\033c",       "\016",
		                             "\033(0",      "\033]0;x\a",
		                             "\033P",       "\033\\",
		                             "e\314\201" };
	u32 kind = pick(4), size = 0;

	if (kind == 0) {
		const char *text = texts[pick(ARRAY_SIZE(texts))];

		memcpy(to, text, strlen(text));
		return (u32)strlen(text);
	}
	if (kind == 1) {
		for (u32 i = pick(8); i; i--)
			to[size++] = (u8)pick(256);
		return size;
	}
	size = (u32)sprintf((char *)to, "\033[%s", pick(4) ? "" : "?");
	for (u32 i = pick(4); i; i--)
		size += (u32)sprintf((char *)to + size, "%u%c", pick(pick(3) ? 30 : 2000000000), ";;;:"[pick(4)]);
	size += (u32)sprintf((char *)to + size, "%u", (u32[]){ 0, 1, 5, 1049, 47, 6, 7, 25, 99 }[pick(9)]);
	to[size++] = (u8)finals[pick(sizeof(finals) - 1)];
	return size;
}

static bool is_whole(const struct terminal *t)
{
	const struct terminal_cursor *cursor = &t->cursor;

	if (cursor->x >= t->columns || cursor->y >= t->rows || t->margin_top >= t->rows ||
	    t->margin_bottom >= t->rows || (t->rows > 1 && t->margin_top >= t->margin_bottom) ||
	    t->view > t->at->history)
		return false;
	for (u32 y = 0; y < t->rows; y++) {
		const struct cell *row = terminal_row(t, y);

		for (u32 x = 0; x < t->columns; x++) {
			bool is_left = row[x].style & STYLE_WIDE, is_right = row[x].style & STYLE_WIDE_REST;

			if (is_left && (x + 1 == t->columns || !(row[x + 1].style & STYLE_WIDE_REST)))
				return false;
			if (is_right && (x == 0 || !(row[x - 1].style & STYLE_WIDE)))
				return false;
		}
	}
	return true;
}

/* The number of pieces that were printed and left it whole. */
static u32 torment(u32 columns, u32 rows, u32 pieces)
{
	struct harness h;
	u32 done = 0;

	harness_begin(&h, columns, rows);
	for (; done < pieces && is_whole(&h.terminal); done++) {
		u8 piece[128];

		terminal_write(&h.terminal, piece, make(piece));
		if (!pick(50))
			terminal_scroll_view(&h.terminal, (i32)pick(20) - 10);
		h.terminal.answer_size = 0;
	}
	harness_end(&h);
	return done;
}

int main(void)
{
	static const u32 sizes[][2] = { { 80, 25 }, { 10, 4 }, { 1, 1 }, { 2, 2 }, { 512, 3 }, { 3, 100 }, { 64, 1 } };
	int failures = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 pieces = 30000, done = torment(sizes[i][0], sizes[i][1], pieces);

		printf("%s random output on %u x %u: %u pieces\n", done == pieces ? "ok  " : "FAIL", sizes[i][0],
		       sizes[i][1], done);
		failures += done != pieces;
	}
	return failures != 0;
}
