/*
 * The stub's view of memory: m, M and X. By the selected hart's translation (mmu_peek()), page by page, or physical.
 *
 * What is written to RAM is told to the block cache, as a device's DMA would be. Devices are read and written by the
 * largest naturally aligned access that they take.
 */
#include "emu/gdbstub_internal.h"

#include <string.h>

static bool locate(struct gdbstub *g, u64 address, u64 *pa)
{
	struct hart *h = gdb_hart(g);

	*pa = address;
	return h && (g->physical || mmu_peek(&h->mmu, address, pa));
}

/* How much of `size` bytes at the address lies in its page. */
static u32 in_page(u64 address, u32 size)
{
	u64 room = PAGE_SIZE - (address & (PAGE_SIZE - 1));

	return size < room ? size : (u32)room;
}

/* One access to a device, of at most `size` bytes. Returns the bytes moved; 0: it does not answer. */
static u32 touch_device(struct bus *bus, u64 pa, u8 *bytes, u32 size, bool store)
{
	for (u32 n = 8; n; n /= 2) {
		u64 value = 0;

		if (n > size || pa & (n - 1))
			continue;
		if (store)
			memcpy(&value, bytes, n);
		if (store ? !bus_store(bus, pa, n, value) : !bus_load(bus, pa, n, &value))
			continue;
		if (!store)
			memcpy(bytes, &value, n);
		return n;
	}
	return 0;
}

static u32 read_part(struct gdbstub *g, u64 address, u8 *bytes, u32 size)
{
	struct bus *bus = &g->control->machine->bus;
	u64 pa;

	size = in_page(address, size);
	if (!locate(g, address, &pa))
		return 0;
	if (bus_read(bus, pa, bytes, size))
		return size;
	/* Reading a device may change it. */
	return g->control->frozen ? 0 : touch_device(bus, pa, bytes, size, false);
}

/* m ADDRESS,LENGTH: as many bytes as there are. */
void gdb_memory_read(struct gdbstub *g, struct gdb_text *t)
{
	u8 bytes[PAGE_SIZE];
	u64 address, length, done = 0;

	if (!gdb_take_number(t, &address) || !gdb_take(t, ',') || !gdb_take_number(t, &length) || gdb_left(t)) {
		gdb_put_error(g, GDB_EINVAL);
		return;
	}
	if (length > GDB_PACKET_MAX / 2)
		length = GDB_PACKET_MAX / 2;
	while (done < length) {
		u32 want = length - done < sizeof(bytes) ? (u32)(length - done) : (u32)sizeof(bytes);
		u32 got = gdb_hart(g) ? read_part(g, address + done, bytes, want) : 0;

		if (got == 0)
			break;
		gdb_put_hex(g, bytes, got);
		done += got;
	}
	if (done == 0 && length)
		gdb_put_error(g, GDB_EFAULT);
}

/* Could all of it be written? Better none is than a part. */
static bool is_there(struct gdbstub *g, u64 address, u32 size)
{
	u64 pa;

	for (u32 done = 0; done < size; done += in_page(address + done, size - done))
		if (!locate(g, address + done, &pa) || !bus_find(&g->control->machine->bus, pa))
			return false;
	return true;
}

static bool write_all(struct gdbstub *g, u64 address, u8 *bytes, u32 size)
{
	struct bus *bus = &g->control->machine->bus;

	for (u32 done = 0; done < size;) {
		u32 part = in_page(address + done, size - done);
		u64 pa;

		if (!locate(g, address + done, &pa))
			return false;
		if (!bus_write(bus, pa, bytes + done, part))
			part = touch_device(bus, pa, bytes + done, part, true);
		if (part == 0)
			return false;
		done += part;
	}
	return true;
}

/* M ADDRESS,LENGTH:digits and X ADDRESS,LENGTH:bytes. An X of no bytes asks whether X is understood. */
void gdb_memory_write(struct gdbstub *g, struct gdb_text *t, bool binary)
{
	u8 bytes[GDB_PACKET_MAX];
	u64 address, length;
	bool good = gdb_take_number(t, &address) && gdb_take(t, ',') && gdb_take_number(t, &length) &&
	            gdb_take(t, ':') && length == (binary ? gdb_left(t) : gdb_left(t) / 2);

	if (good && binary)
		memcpy(bytes, t->at, length);
	else if (good)
		good = gdb_take_hex(t, bytes, length) && gdb_left(t) == 0;
	if (!good)
		gdb_put_error(g, GDB_EINVAL);
	else if (gdb_hart(g) && is_there(g, address, (u32)length) && write_all(g, address, bytes, (u32)length))
		gdb_put(g, "OK");
	else
		gdb_put_error(g, GDB_EFAULT);
}
