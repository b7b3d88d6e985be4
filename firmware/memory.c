/*
 * The functions of <string.h> that the firmware uses, and that the compiler may call by itself. Eight bytes at a time
 * where everything is aligned, because the device tree and .bss are moved and cleared with them at every boot.
 */
#include "firmware/base.h"

void *memcpy(void *to, const void *from, size_t size)
{
	u8 *t = to;
	const u8 *f = from;
	if ((((u64)t | (u64)f) & 7) == 0)
		for (; size >= 8; size -= 8, t += 8, f += 8)
			*(u64 *)t = *(const u64 *)f;
	while (size-- > 0)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	u8 *t = to;
	u64 word = (u8)byte * 0x0101010101010101ul;
	if (((u64)t & 7) == 0)
		for (; size >= 8; size -= 8, t += 8)
			*(u64 *)t = word;
	while (size-- > 0)
		*t++ = (u8)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const u8 *p = a, *q = b;
	for (; size > 0; size--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

size_t strlen(const char *s)
{
	size_t length = 0;
	while (s[length])
		length++;
	return length;
}
