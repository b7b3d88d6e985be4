/*
 * What all parts of the MMU tab draw with: fonts by the picture's size, formatted text, boxes, buttons, arrows; and
 * numbers in words.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Fonts grow with the picture, so that it reads the same on a small window and on a large screen. */
static u32 font_height_for(struct rect r)
{
	static const struct {
		s32 w, h; /* from this size on ... */
		u32 font; /* ... this one */
	} sizes[] = {
		{ 3600, 2000, 32 }, { 2700, 1500, 24 }, { 2200, 1250, 20 }, { 1400, 850, 16 }, { 900, 600, 14 },
	};
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (r.w >= sizes[i].w && r.h >= sizes[i].h)
			return sizes[i].font;
	}
	return 12;
}

struct ui ui_begin(struct mmu_tab *tab, const struct canvas *c, struct rect r, u64 now_ns)
{
	u32 height = font_height_for(r);
	struct ui ui = { .tab = tab, .v = tab->view, .c = canvas_clip(c, r), .now_ns = now_ns };
	ui.font = font_of_height(height, false);
	ui.bold = font_of_height(height, true);
	ui.small = font_of_height(height > 20 ? height - 8 : height - 2, false);
	ui.em = (s32)ui.font->width;
	ui.line = (s32)ui.font->height + (height > 12 ? 2 : 1);
	ui.gap = (s32)ui.font->height / 2 - 1;
	return ui;
}

struct rect rect_inset(struct rect r, s32 by)
{
	return (struct rect){ r.x + by, r.y + by, r.w - 2 * by, r.h - 2 * by };
}

s32 ui_put(const struct ui *ui, const struct font *font, s32 x, s32 y, u32 colour, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return paint_text(&ui->c, font, x, y, colour, text);
}

s32 ui_fit(const struct ui *ui, const struct font *font, s32 x, s32 y, s32 width, u32 colour, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (width <= 0)
		return x;
	return paint_text_in(&ui->c, font, x, y, width, colour, text);
}

void ui_centre(const struct ui *ui, const struct font *font, struct rect r, u32 colour, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	s32 w = text_width(font, text), y = r.y + (r.h - (s32)font->height) / 2;
	if (w > r.w)
		paint_text_in(&ui->c, font, r.x, y, r.w, colour, text);
	else
		paint_text(&ui->c, font, r.x + (r.w - w) / 2, y, colour, text);
}

s32 ui_wrap(const struct ui *ui, const struct font *font, struct rect r, u32 colour, const char *text)
{
	s32 columns = r.w / (s32)font->width, height = (s32)font->height + 1, y = r.y;
	if (columns < 4)
		return y;
	while (*text != 0 && y + height <= r.y + r.h) {
		size_t left = strlen(text), n = left;
		if (n > (size_t)columns) {
			n = (size_t)columns;
			while (n > 0 && text[n] != ' ')
				n--;
			if (n == 0)
				n = (size_t)columns;
		}
		/* On the last line that fits all the rest is cut with an ellipsis. */
		bool is_last = y + 2 * height > r.y + r.h;
		ui_fit(ui, font, r.x, y, r.w, colour, "%.*s", (int)(is_last ? left : n), text);
		y += height;
		text += n;
		while (*text == ' ')
			text++;
	}
	return y;
}

struct rect ui_part(const struct ui *ui, struct rect r, enum tab_part part, const char *title, const char *remark)
{
	s32 pad = ui->gap, bar = ui->line + 2;
	paint_rect(&ui->c, r, COLOUR_CARD);
	paint_frame(&ui->c, r, COLOUR_LINE);
	tab_zone(ui, r, ZONE_BODY, part);
	struct rect head = { r.x, r.y, r.w, bar + pad / 2 };
	tab_zone(ui, head, ZONE_PART, part);
	bool is_hot = tab_hover(ui, ZONE_PART, part) != NULL;
	s32 y = r.y + pad / 2 + 1,
	    x = ui_put(ui, ui->bold, r.x + pad, y, is_hot ? COLOUR_ACCENT : COLOUR_INK, "%s", title);
	ui_fit(ui, ui->font, x + 2 * ui->em, y, r.x + r.w - pad - 2 * ui->em - x, COLOUR_QUIET, "%s", remark);
	return (struct rect){ r.x + pad, r.y + bar + pad / 2 + 1, r.w - 2 * pad, r.h - bar - pad - pad / 2 };
}

s32 ui_button(const struct ui *ui, s32 x, s32 y, u32 key, const char *key_name, const char *text, bool is_on)
{
	s32 key_w = text_width(ui->bold, key_name) + ui->em;
	s32 w = text[0] ? key_w + text_width(ui->font, text) + ui->em * 3 / 2 : key_w;
	struct rect r = { x, y, w, ui->line + 4 }, cap = { x, y, key_w, r.h };
	bool is_hot = tab_hover(ui, ZONE_BUTTON, key) != NULL;
	paint_rect(&ui->c, r, is_hot || is_on ? COLOUR_ACCENT_SOFT : COLOUR_CARD);
	paint_rect(&ui->c, cap, is_hot && text[0] == 0 ? COLOUR_ACCENT_SOFT : COLOUR_LINE);
	paint_frame(&ui->c, r, is_hot ? COLOUR_ACCENT : COLOUR_LINE);
	ui_centre(ui, ui->bold, cap, COLOUR_ACCENT, "%s", key_name);
	s32 text_y = y + (r.h - (s32)ui->font->height) / 2;
	paint_text(&ui->c, ui->font, x + key_w + ui->em / 2 + 1, text_y, COLOUR_INK, text);
	tab_zone(ui, r, ZONE_BUTTON, key);
	return x + w;
}

void ui_arrow_head(const struct ui *ui, s32 x, s32 y, s32 dx, s32 dy, u32 colour)
{
	s32 size = ui->em / 2 + 1;
	for (s32 i = 0; i < size; i++) {
		if (dy > 0)
			paint_rect(&ui->c, (struct rect){ x - i, y - i, 2 * i + 1, 1 }, colour);
		else
			paint_rect(&ui->c, (struct rect){ x - dx * i, y - i, 1, 2 * i + 1 }, colour);
	}
}

void ui_hatch(const struct ui *ui, struct rect r, u32 colour)
{
	struct canvas c = canvas_clip(&ui->c, r);
	for (s32 i = -r.h; i < r.w; i += 4)
		paint_line(&c, r.x + i, r.y, r.x + i + r.h, r.y + r.h, colour);
}

u32 ui_lines(const struct font *font, s32 width, const char *text)
{
	size_t columns = width < 4 * (s32)font->width ? 4 : (size_t)width / font->width;
	return (u32)((strlen(text) * 21 / 20 + columns - 1) / columns);
}

/* --- words --- */

const char *words_count(char text[WORDS_BYTES], double n)
{
	static const char units[] = "KMGTPE";
	if (!(n >= 0))
		n = 0;
	if (n < 1000) {
		snprintf(text, WORDS_BYTES, n < 10 && n > 0 && n != (double)(int)n ? "%.1f" : "%.0f", n);
		return text;
	}
	u32 unit = 0;
	for (n /= 1000; n >= 999.5 && unit < sizeof(units) - 2; n /= 1000)
		unit++;
	snprintf(text, WORDS_BYTES, n < 9.95 ? "%.1f%c" : "%.0f%c", n, units[unit]);
	return text;
}

const char *words_size(char text[WORDS_BYTES], u64 bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	u32 unit = 0;
	while (bytes >= 1024 && bytes % 1024 == 0 && unit < ARRAY_SIZE(units) - 1) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, WORDS_BYTES, "%llu %s", (unsigned long long)bytes, units[unit]);
	return text;
}

const char *words_flags(char text[WORDS_BYTES], u64 pte)
{
	static const char letters[] = "VRWXUGAD";
	for (u32 i = 0; i < 8; i++)
		text[7 - i] = pte & BIT(i) ? letters[i] : '-';
	text[8] = 0;
	return text;
}

const char *words_satp(char text[WORDS_BYTES], u64 satp)
{
	u32 mode = (u32)(satp >> 60);
	if (mode < 8 || mode > 10)
		snprintf(text, WORDS_BYTES, "%s", mode == 0 ? "Bare: no translation" : "unknown mode");
	else
		snprintf(text, WORDS_BYTES, "Sv%u, ASID %u, root 0x%llx", 39 + (mode - 8) * 9, (u32)bits(satp, 59, 44),
		         (unsigned long long)bits(satp, 43, 0) << 12);
	return text;
}

const char *words_space(char text[WORDS_BYTES], const struct live_space *space)
{
	if (space->pid != 0 && space->pid < GUEST_SPACE_PID)
		snprintf(text, WORDS_BYTES, "%.39s %u", space->name[0] ? space->name : "pid", space->pid);
	else if (space->pid == 0)
		snprintf(text, WORDS_BYTES, "%.39s", space->name[0] ? space->name : "kernel");
	else if (bits(space->satp, 59, 44) != 0)
		snprintf(text, WORDS_BYTES, "ASID %u", (u32)bits(space->satp, 59, 44));
	else
		snprintf(text, WORDS_BYTES, "root %llx", (unsigned long long)bits(space->satp, 43, 0) << 12);
	return text;
}

const char *words_pid(char text[WORDS_BYTES], const struct live_view *v, u32 pid)
{
	for (u32 i = 0; i < v->space_count && i < LIVE_SPACES_MAX; i++) {
		const struct live_space *space = &v->spaces[i];
		if (space->pid != pid || space->name[0] == 0)
			continue;
		if (pid != 0 && pid < GUEST_SPACE_PID)
			snprintf(text, WORDS_BYTES, "%.39s (pid %u)", space->name, pid);
		else
			snprintf(text, WORDS_BYTES, "%.39s", space->name);
		return text;
	}
	if (pid < GUEST_SPACE_PID)
		snprintf(text, WORDS_BYTES, "pid %u", pid);
	else
		snprintf(text, WORDS_BYTES, "address space %u", pid - GUEST_SPACE_PID);
	return text;
}

const char *words_age(char text[WORDS_BYTES], u8 age)
{
	char count[WORDS_BYTES];
	if (age == 0)
		snprintf(text, WORDS_BYTES, "no use seen");
	else if (age == 1)
		snprintf(text, WORDS_BYTES, "just now");
	else
		snprintf(text, WORDS_BYTES, "about %s instructions ago",
		         words_count(count, (double)BIT(age + 8 < 63 ? age + 8 : 63)));
	return text;
}

const char *words_mode(u8 priv)
{
	return priv == PRIV_U ? "U (user)" : priv == PRIV_S ? "S (supervisor)" : "M (machine)";
}

const char *words_access(u8 access)
{
	return access == ACCESS_FETCH ? "instruction fetch" : access == ACCESS_LOAD ? "load" : "store";
}

u32 age_brightness(u8 age)
{
	/* 2^27 instructions and more are a long time. */
	if (age == 0 || age > 19)
		return 0;
	return 255 - (u32)(age - 1) * 14;
}
