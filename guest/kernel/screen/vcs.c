/*
 * /dev/vcs1 to vcs6: what is on a virtual terminal, as text; without a number, on the one in front. vcs(4): vcsN has a
 * byte for each cell, vcsuN its Unicode as 32 bits, vcsaN first rows, columns, and the cursor's column and row, then a
 * byte and a byte of colours for each cell. There are no line ends. Read only.
 */
#include "guest/kernel/screen/vt.h"

#include "guest/kernel/core/print.h"

#define VCS_MAJOR 7
#define UNICODE_MINOR 64
#define ATTRIBUTE_MINOR 128
#define NUMBER_MASK 63u
#define HEADER 4
#define PIECE 256

static u32 minor_of(const struct file *file)
{
	return (u32)(file->inode->rdev & 0xff);
}

/* The lowest byte of the character, or '?'; the cells hold no more than fonts could show. */
static u8 character(const struct cell *cell)
{
	return cell->style & STYLE_WIDE_REST ? ' ' : cell->code < 0x100 ? (u8)cell->code : '?';
}

/* As VGA has it: ink, bright, paper, blinking. */
static u8 attribute(const struct cell *cell)
{
	u8 ink = cell->ink < 16 ? cell->ink : 7, paper = cell->paper & 7;

	if (cell->style & STYLE_REVERSE) {
		u8 swapped = ink & 7;

		ink = (u8)(paper | (ink & 8));
		paper = swapped;
	}
	return (u8)(ink | (cell->style & STYLE_BOLD ? 8 : 0) | paper << 4 | (cell->style & STYLE_BLINK ? 0x80 : 0));
}

/* The byte at a place of the file; they are few, so each is made by itself. */
static u8 byte_at(const struct terminal *t, u32 minor, u64 at)
{
	bool has_attributes = minor & ATTRIBUTE_MINOR, is_unicode = minor & UNICODE_MINOR;
	u8 header[HEADER] = { (u8)MIN(t->rows, 255u), (u8)MIN(t->columns, 255u), (u8)MIN(t->cursor.x, 255u),
		              (u8)MIN(t->cursor.y, 255u) };

	if (has_attributes && at < HEADER)
		return header[at];
	at -= has_attributes ? HEADER : 0;
	u64 size = is_unicode ? sizeof(u32) : has_attributes ? 2 : 1;
	const struct cell *cell = &terminal_row(t, (u32)(at / size / t->columns))[at / size % t->columns];
	if (is_unicode)
		return (u8)(cell->code >> 8 * (at % size));
	return at % size ? attribute(cell) : character(cell);
}

static u64 size_of(const struct terminal *t, u32 minor)
{
	u64 cells = (u64)t->rows * t->columns;

	if (minor & UNICODE_MINOR)
		return cells * sizeof(u32);
	return minor & ATTRIBUTE_MINOR ? HEADER + 2 * cells : cells;
}

static int vcs_open(struct file *file)
{
	return vt_find(minor_of(file) & NUMBER_MASK) ? 0 : -ENXIO;
}

static i64 vcs_read(struct file *file, struct io *io, u64 *pos)
{
	u32 minor = minor_of(file);
	const struct terminal *t = &vt_find(minor & NUMBER_MASK)->terminal;
	u64 end = size_of(t, minor);
	i64 total = 0;

	while (io->left && *pos < end) {
		u8 piece[PIECE];
		u64 size = MIN(MIN(io->left, end - *pos), sizeof(piece));

		for (u64 i = 0; i < size; i++)
			piece[i] = byte_at(t, minor, *pos + i);
		i64 done = io_write(io, piece, size);
		if (done <= 0)
			return total ? total : done;
		*pos += (u64)done;
		total += done;
	}
	return total;
}

static i64 vcs_seek(struct file *file, i64 offset, int whence)
{
	u32 minor = minor_of(file);
	u64 end = size_of(&vt_find(minor & NUMBER_MASK)->terminal, minor);
	i64 base = whence == SEEK_CUR ? (i64)file->pos : whence == SEEK_END ? (i64)end : 0;
	i64 target;

	if (whence < SEEK_SET || whence > SEEK_END || __builtin_add_overflow(base, offset, &target) || target < 0)
		return -EINVAL;
	file->pos = (u64)target;
	return target;
}

static const struct file_ops vcs_ops = { .read = vcs_read, .open = vcs_open, .seek = vcs_seek };

void vcs_init(void)
{
	static const struct {
		const char *name;
		u32 minor;
	} kinds[] = { { "vcs", 0 }, { "vcsu", UNICODE_MINOR }, { "vcsa", ATTRIBUTE_MINOR } };

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (u32 number = 0; number <= VT_COUNT; number++) {
			char name[8];

			format_text(name, sizeof(name), number ? "%s%u" : "%s", kinds[i].name, number);
			char_device_register(DEVICE(VCS_MAJOR, kinds[i].minor + number), name, 0660, &vcs_ops);
		}
	}
}
