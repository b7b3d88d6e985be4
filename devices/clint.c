/*
 * The core-local interruptor: see clint.h for the registers.
 *
 * The level of mtip is kept, not polled: it is worked out anew when mtimecmp or mtime is written and when the event
 * armed for the crossing fires. Between those, mtime only grows, so nothing else can change it.
 */
#include "devices/clint.h"

#include <stdlib.h>

#include "devices/memmap.h"
#include "emu/base/state.h"

#define MSIP_BASE 0x0000
#define MTIMECMP_BASE 0x4000
#define MTIME 0xbff8
#define REGISTERS_END 0xc000

#define NS_PER_TICK (1000000000ull / MEMMAP_TIMEBASE_HZ)
_Static_assert(1000000000ull % MEMMAP_TIMEBASE_HZ == 0, "a tick of mtime is a whole number of nanoseconds");
_Static_assert(MTIMECMP_BASE + 8 * CLINT_HARTS_MAX <= MTIME, "mtimecmp of the last hart lies below mtime");

u64 clint_mtime(const struct clint *clint, u64 now_ns)
{
	return now_ns / NS_PER_TICK + clint->offset;
}

u64 clint_ns_of_mtime(const struct clint *clint, u64 mtime)
{
	u64 now_ns = clint->clock->now_ns;
	u64 now_mtime = clint_mtime(clint, now_ns);
	if (now_mtime >= mtime)
		return now_ns;
	u64 now_ticks = now_ns / NS_PER_TICK;
	u64 ticks_to_go = mtime - now_mtime;
	if (ticks_to_go > CLOCK_NEVER / NS_PER_TICK - now_ticks)
		return CLOCK_NEVER;
	return (now_ticks + ticks_to_go) * NS_PER_TICK;
}

static void update_mtip(struct clint_hart *hart)
{
	struct clock *clock = hart->clint->clock;
	bool is_due = clint_mtime(hart->clint, clock->now_ns) >= hart->mtimecmp;
	if (is_due)
		clock_disarm(clock, &hart->due);
	else
		clock_arm(clock, &hart->due, clint_ns_of_mtime(hart->clint, hart->mtimecmp));
	irq_set(&hart->mtip, is_due);
}

static void on_due(void *arg)
{
	update_mtip(arg);
}

static void set_mtime(struct clint *clint, u64 mtime)
{
	clint->offset = mtime - clint->clock->now_ns / NS_PER_TICK;
	for (u32 i = 0; i < clint->hart_count; i++) {
		struct clint_hart *hart = &clint->harts[i];
		update_mtip(hart);
		if (hart->mtime_changed)
			hart->mtime_changed(hart->mtime_changed_arg);
	}
}

/* The hart whose register of 1 << size_log2 bytes lies at offset in the array at `array`; NULL if there is none. */
static struct clint_hart *hart_at(struct clint *clint, u64 offset, u64 array, unsigned size_log2)
{
	u64 index = (offset - array) >> size_log2;
	return offset >= array && index < clint->hart_count ? &clint->harts[index] : NULL;
}

/* What a load of `size` bytes at offset sees of a 64-bit register: all of it, or the half that offset selects. */
static u64 part_of(u64 reg, u64 offset, u32 size)
{
	return size == 8 ? reg : bits(reg >> (8 * (offset & 4)), 31, 0);
}

/* The 64-bit register after a store of `size` bytes at offset. */
static u64 with_part(u64 reg, u64 offset, u32 size, u64 value)
{
	if (size == 8)
		return value;
	if (offset & 4)
		return value << 32 | bits(reg, 31, 0);
	return (reg & ~MASK(32)) | bits(value, 31, 0);
}

/* 8-byte accesses reach the timer, not msip; offset is aligned to size (the bus sees to it). */
static bool is_allowed(u64 offset, u32 size)
{
	if (offset >= REGISTERS_END)
		return false;
	return size == 4 || (size == 8 && offset >= MTIMECMP_BASE);
}

static bool load(void *device, u64 offset, u32 size, u64 *value)
{
	struct clint *clint = device;
	if (!is_allowed(offset, size))
		return false;
	*value = 0;
	if (offset < MTIMECMP_BASE) {
		struct clint_hart *hart = hart_at(clint, offset, MSIP_BASE, 2);
		if (hart)
			*value = hart->msip.level;
	} else if (offset >= MTIME) {
		*value = part_of(clint_mtime(clint, clint->clock->now_ns), offset, size);
	} else {
		struct clint_hart *hart = hart_at(clint, offset, MTIMECMP_BASE, 3);
		if (hart)
			*value = part_of(hart->mtimecmp, offset, size);
	}
	return true;
}

static bool store(void *device, u64 offset, u32 size, u64 value)
{
	struct clint *clint = device;
	if (!is_allowed(offset, size))
		return false;
	if (offset < MTIMECMP_BASE) {
		struct clint_hart *hart = hart_at(clint, offset, MSIP_BASE, 2);
		if (hart)
			irq_set(&hart->msip, value & 1);
	} else if (offset >= MTIME) {
		u64 old = clint_mtime(clint, clint->clock->now_ns);
		set_mtime(clint, with_part(old, offset, size, value));
	} else {
		struct clint_hart *hart = hart_at(clint, offset, MTIMECMP_BASE, 3);
		if (hart) {
			hart->mtimecmp = with_part(hart->mtimecmp, offset, size, value);
			update_mtip(hart);
		}
	}
	return true;
}

static const struct device_ops clint_ops = { .load = load, .store = store };

struct clint *clint_create(struct bus *bus, struct clock *clock, u64 base, u32 hart_count, struct error *err)
{
	BUG_ON(hart_count == 0 || hart_count > CLINT_HARTS_MAX);
	struct clint *clint = xcalloc(1, sizeof(*clint));
	clint->clock = clock;
	clint->hart_count = hart_count;
	for (u32 i = 0; i < hart_count; i++) {
		struct clint_hart *hart = &clint->harts[i];
		hart->clint = clint;
		hart->mtimecmp = UINT64_MAX;
		hart->due = (struct event){ .fire = on_due, .arg = hart };
	}
	if (!bus_add_device(bus, "clint", base, MEMMAP_CLINT_SIZE, &clint_ops, clint, err)) {
		free(clint);
		return NULL;
	}
	return clint;
}

void clint_destroy(struct clint *clint)
{
	if (!clint)
		return;
	for (u32 i = 0; i < clint->hart_count; i++)
		clock_disarm(clint->clock, &clint->harts[i].due);
	free(clint);
}

void clint_state(struct state *s, struct clint *clint)
{
	state_section(s, "clint", 1);
	state_u64(s, &clint->offset);
	for (u32 i = 0; i < clint->hart_count; i++) {
		struct clint_hart *hart = &clint->harts[i];
		irq_state(s, &hart->msip);
		irq_state(s, &hart->mtip);
		state_u64(s, &hart->mtimecmp);
		state_event(s, clint->clock, &hart->due);
	}
}
