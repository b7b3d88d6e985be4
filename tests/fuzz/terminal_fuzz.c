/*
 * The terminal on any bytes, in pieces, between resizes, scrolling, selections, keys and pastes: what it shows stays
 * inside its grid, and what it sends comes.
 */
#include <stdlib.h>

#include "emu/display/terminal.h"
#include "tests/fuzz/input.h"

static u64 bytes_sent;

static void count_sent(void *arg, const u8 *bytes, size_t size)
{
	(void)arg;
	for (size_t i = 0; i < size; i++)
		bytes_sent += bytes[i];
}

static void look(const struct terminal *t)
{
	struct terminal_cell cell;
	u32 column, row;

	for (u32 y = 0; y < terminal_rows(t); y++) {
		for (u32 x = 0; x < terminal_columns(t); x++) {
			terminal_cell(t, x, y, &cell);
			BUG_ON(cell.colour > 0xffffff || cell.background > 0xffffff);
		}
	}
	if (terminal_cursor(t, &column, &row))
		BUG_ON(column >= terminal_columns(t) || row >= terminal_rows(t));
}

static void paint(const struct terminal *t)
{
	static u32 pixels[64 * 64];
	struct picture picture = { 64, 64, pixels };
	struct canvas c = canvas_of(&picture);

	terminal_paint(t, &c, (struct rect){ 3, 5, 50, 50 }, font_get(1, false), font_get(1, true));
}

static void do_one(struct terminal *t, struct input *in)
{
	u32 a = (u32)input_number(in, 1), b = (u32)input_number(in, 1);

	switch (input_number(in, 1) % 8) {
	case 0:
		terminal_resize(t, a, b / 4);
		break;
	case 1:
		terminal_scroll(t, (s32)a - 128);
		break;
	case 2:
		terminal_select(t, a, b, (u32)input_number(in, 1), (u32)input_number(in, 1));
		free(terminal_selected(t));
		break;
	case 3:
		terminal_key(t, (enum terminal_key)(a % (TERMINAL_F12 + 1)), b % 8);
		break;
	case 4:
		terminal_text(t, (u32)input_number(in, 3), a % 8);
		break;
	case 5:
		terminal_paste(t, (const char[]){ (char)a, (char)b, '\n', 0 });
		break;
	case 6:
		paint(t);
		break;
	default:
		look(t);
	}
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	struct terminal *t =
		terminal_create((u32)input_number(&in, 1), (u32)input_number(&in, 1) / 4, count_sent, NULL);

	while (in.size) {
		size_t count = input_number(&in, 1);

		count = count < in.size ? count : in.size;
		terminal_write(t, in.bytes, count);
		in.bytes += count;
		in.size -= count;
		do_one(t, &in);
	}
	look(t);
	terminal_destroy(t);
	return 0;
}
