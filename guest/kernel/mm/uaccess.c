/*
 * Copies to and from user memory: the checks around uaccess.S. An address is the user's if it is below USER_TOP;
 * whether something is there the hardware finds out, and fault.c after it.
 */
#include "guest/kernel/mm/uaccess.h"

#include "guest/kernel/core/image.h"
#include "guest/kernel/core/regs.h"
#include "guest/kernel/mm/pgtable.h"

u64 user_copy(void *to, const void *from, u64 size);
u64 user_clear(void *to, u64 size);
i64 user_string(char *to, const char *from, u64 size);
i64 user_string_length(const char *from, u64 size);
i64 user_load_32(const u32 *from, u32 *to);
i64 user_load_64(const u64 *from, u64 *to);
i64 user_store_32(u32 *to, u32 value);
i64 user_store_64(u64 *to, u64 value);
i64 user_exchange_32(u32 *at, u32 expected, u32 desired, u32 *seen);

static inline bool is_user(u64 at, u64 size)
{
	return at <= USER_TOP && size <= USER_TOP - at;
}

u64 copy_from_user_partial(void *to, u64 from, u64 size)
{
	return is_user(from, size) ? user_copy(to, (const void *)from, size) : size;
}

u64 copy_to_user_partial(u64 to, const void *from, u64 size)
{
	return is_user(to, size) ? user_copy((void *)to, from, size) : size;
}

int copy_from_user(void *to, u64 from, u64 size)
{
	return copy_from_user_partial(to, from, size) ? -EFAULT : 0;
}

int copy_to_user(u64 to, const void *from, u64 size)
{
	return copy_to_user_partial(to, from, size) ? -EFAULT : 0;
}

int clear_user(u64 to, u64 size)
{
	return !is_user(to, size) || user_clear((void *)to, size) ? -EFAULT : 0;
}

i64 string_from_user(char *to, u64 from, u64 size)
{
	if (from >= USER_TOP)
		return -EFAULT;
	u64 room = MIN(size, USER_TOP - from);
	i64 length = user_string(to, (const char *)from, room);
	if (length < 0)
		return -EFAULT;
	if ((u64)length == room) /* no 0 in it */
		return room < size ? -EFAULT : -ENAMETOOLONG;
	return length;
}

i64 string_length_user(u64 from, u64 limit)
{
	if (from >= USER_TOP)
		return -EFAULT;
	u64 room = MIN(limit, USER_TOP - from);
	i64 length = user_string_length((const char *)from, room);
	if (length < 0 || ((u64)length == room && room < limit))
		return -EFAULT;
	return length;
}

int load_user_u32(u64 from, u32 *value)
{
	if (from & 3) /* not every hart does misaligned accesses */
		return copy_from_user(value, from, sizeof(*value));
	return !is_user(from, sizeof(*value)) || user_load_32((const u32 *)from, value) ? -EFAULT : 0;
}

int load_user_u64(u64 from, u64 *value)
{
	if (from & 7)
		return copy_from_user(value, from, sizeof(*value));
	return !is_user(from, sizeof(*value)) || user_load_64((const u64 *)from, value) ? -EFAULT : 0;
}

int store_user_u32(u64 to, u32 value)
{
	if (to & 3)
		return copy_to_user(to, &value, sizeof(value));
	return !is_user(to, sizeof(value)) || user_store_32((u32 *)to, value) ? -EFAULT : 0;
}

int store_user_u64(u64 to, u64 value)
{
	if (to & 7)
		return copy_to_user(to, &value, sizeof(value));
	return !is_user(to, sizeof(value)) || user_store_64((u64 *)to, value) ? -EFAULT : 0;
}

int exchange_user_u32(u64 at, u32 expected, u32 desired, u32 *seen)
{
	if ((at & 3) || !is_user(at, sizeof(*seen)))
		return -EFAULT;
	return user_exchange_32((u32 *)at, expected, desired, seen) ? -EFAULT : 0;
}

/* The table is sorted: all of it is made by one file, in the order of its code. Searched by halves, as every fault of a
 * copy asks. */
bool uaccess_fixup(struct regs *regs)
{
	const u64(*low)[2] = kernel_extable_start, (*high)[2] = kernel_extable_end;

	while (low < high) {
		const u64(*middle)[2] = low + (high - low) / 2;

		if ((*middle)[0] == regs->x[0]) {
			regs->x[0] = (*middle)[1];
			return true;
		}
		if ((*middle)[0] < regs->x[0])
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* --- places that are the user's or the kernel's --- */

/* After `left` of `size` bytes could not be copied. */
static i64 advance(struct io *io, u64 size, u64 left)
{
	u64 done = size - left;

	io->at += done;
	io->left -= done;
	return left && !done ? -EFAULT : (i64)done;
}

i64 io_write(struct io *io, const void *from, u64 size)
{
	size = MIN(size, io->left);
	if (io->kernel) {
		memcpy((void *)io->at, from, size);
		return advance(io, size, 0);
	}
	return advance(io, size, copy_to_user_partial(io->at, from, size));
}

i64 io_read(struct io *io, void *to, u64 size)
{
	size = MIN(size, io->left);
	if (io->kernel) {
		memcpy(to, (const void *)io->at, size);
		return advance(io, size, 0);
	}
	return advance(io, size, copy_from_user_partial(to, io->at, size));
}

i64 io_zero(struct io *io, u64 size)
{
	size = MIN(size, io->left);
	if (io->kernel) {
		memset((void *)io->at, 0, size);
		return advance(io, size, 0);
	}
	u64 left = is_user(io->at, size) ? user_clear((void *)io->at, size) : size;
	return advance(io, size, left);
}
