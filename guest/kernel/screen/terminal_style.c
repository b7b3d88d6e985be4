/*
 * Colours and styles: CSI ... m (ECMA-48 8.3.117 SGR; console_codes(4); xterm's 38;5 and 38;2). See terminal.h.
 */
#include "guest/kernel/screen/terminal_internal.h"

#define CUBE_FIRST 16   /* of xterm's colours: 6 x 6 x 6 */
#define GREYS_FIRST 232 /* and 24 greys, from 8 on in steps of 10 */

/* The nearest of the cube's six levels: 0, 95, 135, 175, 215, 255. */
static u32 cube_level(u32 value)
{
	return value < 48 ? 0 : value < 115 ? 1 : MIN((value - 35) / 40, 5u);
}

/* The nearest of the 256 colours: a grey where all three are alike. */
static u8 nearest(u32 red, u32 green, u32 blue)
{
	red = MIN(red, 255u);
	green = MIN(green, 255u);
	blue = MIN(blue, 255u);
	if (red == green && green == blue && red >= 4 && red < 247)
		return (u8)(GREYS_FIRST + MIN((red - 3) / 10, 23u));
	return (u8)(CUBE_FIRST + 36 * cube_level(red) + 6 * cube_level(green) + cube_level(blue));
}

/* The parameters of 38 and 48, which is at `i`: how many of them there are behind it. *colour stays where they make no
 * sense. With colons an empty colour space may come before the three. */
static u32 extended_colour(const struct terminal *t, u32 i, u8 *colour)
{
	const u32 *given = t->parameters + i + 1;
	u32 left = t->parameter_count - i - 1;

	if (left >= 2 && given[0] == 5) {
		if (given[1] < 256)
			*colour = (u8)given[1];
		return 2;
	}
	if (left < 4 || given[0] != 2)
		return left;
	u32 space = left >= 5 && (t->colons >> (i + 1) & 0x1f) == 0x1f;
	*colour = nearest(given[1 + space], given[2 + space], given[3 + space]);
	return 4 + space;
}

/* 1..9 and 21..29 */
static void set_style(struct cell *pen, u32 number)
{
	static const u16 on[10] = { 0,           STYLE_BOLD,  STYLE_FAINT,   STYLE_ITALIC,  STYLE_UNDERLINE,
		                    STYLE_BLINK, STYLE_BLINK, STYLE_REVERSE, STYLE_CONCEAL, STYLE_STRIKE };

	if (number == 21) /* as in Linux: a second underline */
		pen->style |= STYLE_UNDERLINE;
	else if (number == 22)
		pen->style &= (u16) ~(STYLE_BOLD | STYLE_FAINT);
	else if (number > 20)
		pen->style &= (u16)~on[number % 10];
	else
		pen->style |= on[number % 10];
}

struct cell terminal_usual_pen(void)
{
	return (struct cell){ .code = ' ', .ink = INK_DEFAULT, .paper = PAPER_DEFAULT };
}

void terminal_style(struct terminal *t)
{
	struct cell *pen = &t->cursor.pen;

	if (!t->parameter_count)
		*pen = terminal_usual_pen();
	for (u32 i = 0; i < t->parameter_count; i++) {
		u32 number = t->parameters[i];

		if (number == 0)
			*pen = terminal_usual_pen();
		else if (number <= 9 || (number >= 21 && number <= 29 && number != 26))
			set_style(pen, number);
		else if (number >= 10 && number <= 12)
			t->code_page = number != 10;
		else if (number >= 30 && number <= 37)
			pen->ink = (u8)(number - 30);
		else if (number == 38)
			i += extended_colour(t, i, &pen->ink);
		else if (number == 39)
			pen->ink = INK_DEFAULT;
		else if (number >= 40 && number <= 47)
			pen->paper = (u8)(number - 40);
		else if (number == 48)
			i += extended_colour(t, i, &pen->paper);
		else if (number == 49)
			pen->paper = PAPER_DEFAULT;
		else if (number >= 90 && number <= 97)
			pen->ink = (u8)(number - 90 + 8);
		else if (number >= 100 && number <= 107)
			pen->paper = (u8)(number - 100 + 8);
	}
}
