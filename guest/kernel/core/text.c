/*
 * Text that grows: what files of /proc are made of. See print.h. A text that ran out of memory stays as it is, and says
 * so.
 */
#include "guest/kernel/core/print.h"
#include "guest/kernel/mm/kmalloc.h"

#define TEXT_FIRST 256
#define TEXT_MAX (4ul << 20)

/* Room for `more` bytes and a 0. */
static bool make_room(struct text *text, u64 more)
{
	if (text->failed)
		return false;
	if (text->size + more < text->room)
		return true;
	u64 room = text->room ? text->room : TEXT_FIRST;
	while (room <= text->size + more)
		room *= 2;
	char *data = room <= TEXT_MAX ? krealloc(text->data, text->room, room) : NULL;
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	if (make_room(text, 0)) {
		u64 room = text->room - text->size;
		u64 length = format_list(text->data + text->size, room, format, list);
		if (length >= room && make_room(text, length))
			format_list(text->data + text->size, text->room - text->size, format, list);
		if (!text->failed)
			text->size += length;
	}
	va_end(list);
}

void text_put(struct text *text, const void *data, u64 size)
{
	if (!make_room(text, size))
		return;
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->data[text->size] = 0;
}

void text_free(struct text *text)
{
	kfree(text->data);
	*text = (struct text){ 0 };
}
