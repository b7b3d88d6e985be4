/*
 * Ordinary integer code: words are made up, counted in a hash table, sorted by count, and the text gets a checksum.
 */
#include "tests/bench/runtime/bench.h"

#define TEXT_BYTES 200000u
#define SLOTS 16384u
#define ROUNDS 16
#define CRC_POLYNOMIAL 0xedb88320u

struct word {
	const u8 *text; /* in `text`, not terminated */
	u32 length;
	u32 count;
};

static u8 text[TEXT_BYTES];
static struct word slots[SLOTS];
static u32 crc_table[256];

static int is_letter(u8 c)
{
	return c >= 'a' && c <= 'z';
}

/* Syllables by a random walk: short words come often, long ones seldom. */
static void write_text(u64 *state)
{
	static const u8 sounds[] = "aeiouaeistrnldmk";
	u32 i = 0;

	while (i < TEXT_BYTES) {
		u64 random = bench_random(state);
		u32 length = 1 + (u32)(random & random >> 8 & 3) + (u32)(random >> 16 & 1);

		while (length-- && i < TEXT_BYTES) {
			random >>= 4;
			text[i++] = sounds[random >> 16 & 15];
		}
		if (i < TEXT_BYTES)
			text[i++] = ' ';
	}
}

static int same(const u8 *a, const u8 *b, u32 length)
{
	while (length && *a == *b) {
		a++;
		b++;
		length--;
	}
	return !length;
}

static void count_word(const u8 *word, u32 length, u32 hash)
{
	struct word *slot = &slots[hash % SLOTS];

	while (slot->text && !(slot->length == length && same(slot->text, word, length)))
		slot = slot + 1 < slots + SLOTS ? slot + 1 : slots;
	slot->text = word;
	slot->length = length;
	slot->count++;
}

static NOINLINE void count_words(void)
{
	u32 i = 0;

	while (i < TEXT_BYTES) {
		u32 hash = 2166136261u, start = i;

		for (; i < TEXT_BYTES && is_letter(text[i]); i++)
			hash = (hash ^ text[i]) * 16777619u;
		if (i > start)
			count_word(text + start, i - start, hash >> 7);
		i++;
	}
}

/* More often first; the word that comes first in the text, if equally often. */
static int before(const struct word *a, const struct word *b)
{
	return a->count != b->count ? a->count > b->count : a->text < b->text;
}

static void sift_down(struct word *heap, u32 i, u32 n)
{
	struct word sinking = heap[i];
	u32 child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && before(&heap[child], &heap[child + 1]))
			child++;
		if (!before(&sinking, &heap[child]))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = sinking;
}

static NOINLINE void sort(struct word *heap, u32 n)
{
	u32 i;

	for (i = n / 2; i-- > 0;)
		sift_down(heap, i, n);
	for (i = n; i-- > 1;) {
		struct word first = heap[0];

		heap[0] = heap[i];
		heap[i] = first;
		sift_down(heap, 0, i);
	}
}

static NOINLINE u32 checksum(u32 crc)
{
	u32 i;

	for (i = 0; i < TEXT_BYTES; i++)
		crc = crc_table[(crc ^ text[i]) & 0xff] ^ crc >> 8;
	return crc;
}

static void make_crc_table(void)
{
	u32 i, bit, value;

	for (i = 0; i < 256; i++) {
		value = i;
		for (bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? CRC_POLYNOMIAL : 0);
		crc_table[i] = value;
	}
}

static u64 run(void)
{
	u64 state = 0x452821e638d01377, hash = 0;
	u32 i, n, round, crc = 0;

	make_crc_table();
	for (round = 0; round < ROUNDS; round++) {
		write_text(&state);
		for (i = 0; i < SLOTS; i++)
			slots[i] = (struct word){ 0 };
		count_words();
		for (i = n = 0; i < SLOTS; i++)
			if (slots[i].text)
				slots[n++] = slots[i];
		sort(slots, n);
		for (i = 0; i < n; i++)
			hash = hash * 31 + slots[i].count + (u64)(slots[i].text - text);
		crc = checksum(crc);
	}
	return hash ^ crc;
}

const struct bench bench = { "integer", run, 0xee8542403477d83f };
