/*
 * The address space: a small sorted array of regions, the main RAM tried before the array.
 *
 * RAM and its code map are anonymous host mappings without reserve: 64 GiB of RAM cost nothing until the guest
 * touches them. RAM is aligned to the host's large pages, so that it can be asked to use them: a guest that misses its
 * own TLB all the time should not miss the host's as well.
 *
 * Guest and host are both little-endian; this file is where that is relied on.
 */
#include "devices/bus.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GRANULE_SHIFT 6
#define HOST_LARGE_PAGE (2 * MIB)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "guest memory is accessed with host loads and stores");
_Static_assert(PAGE_SIZE >> GRANULE_SHIFT == 64, "the code map has one bit of a u64 for each granule of a page");

void bus_init(struct bus *bus)
{
	*bus = (struct bus){ 0 };
}

static u64 code_map_size(u64 ram_size)
{
	return align_up((ram_size >> PAGE_SHIFT) * sizeof(u64), PAGE_SIZE);
}

void bus_free(struct bus *bus)
{
	for (u32 i = 0; i < bus->count; i++) {
		struct bus_region *r = &bus->regions[i];
		if (!r->ram)
			continue;
		munmap(r->ram, r->size);
		munmap(r->code_map, code_map_size(r->size));
		if (r->watch_map)
			munmap(r->watch_map, code_map_size(r->size));
		free(r->clean_map);
	}
	*bus = (struct bus){ 0 };
}

/* True if the whole of pa..pa+size-1 lies in r. Written so that no sum can wrap. */
static inline bool region_has(const struct bus_region *r, u64 pa, u64 size)
{
	u64 offset = pa - r->base;
	return offset < r->size && size <= r->size - offset;
}

struct bus_region *bus_find(struct bus *bus, u64 pa)
{
	if (likely(bus->ram && region_has(bus->ram, pa, 1)))
		return bus->ram;
	u32 low = 0, high = bus->count;
	while (low < high) {
		u32 middle = (low + high) / 2;
		struct bus_region *r = &bus->regions[middle];
		if (region_has(r, pa, 1))
			return r;
		if (pa < r->base)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Takes a place for a region in the sorted array. The regions behind it move, so bus->ram is found anew. */
static struct bus_region *add_region(struct bus *bus, const char *name, u64 base, u64 size, struct error *err)
{
	if (size == 0 || size - 1 > UINT64_MAX - base) {
		error_set(err, "%s: 0x%llx bytes at 0x%llx are not a range of addresses", name,
		          (unsigned long long)size, (unsigned long long)base);
		return NULL;
	}
	if (bus->count == BUS_REGIONS_MAX) {
		error_set(err, "%s: the bus has no room for more than %d regions", name, BUS_REGIONS_MAX);
		return NULL;
	}
	u32 at = 0;
	while (at < bus->count && bus->regions[at].base < base)
		at++;
	const struct bus_region *clash = NULL;
	if (at > 0 && region_has(&bus->regions[at - 1], base, 1))
		clash = &bus->regions[at - 1];
	else if (at < bus->count && bus->regions[at].base - base < size)
		clash = &bus->regions[at];
	if (clash) {
		error_set(err, "%s at 0x%llx overlaps %s at 0x%llx", name, (unsigned long long)base, clash->name,
		          (unsigned long long)clash->base);
		return NULL;
	}
	bool main_ram_moves = bus->ram && bus->ram >= &bus->regions[at];
	memmove(&bus->regions[at + 1], &bus->regions[at], (bus->count - at) * sizeof(bus->regions[0]));
	bus->count++;
	bus->regions[at] = (struct bus_region){ .name = name, .base = base, .size = size };
	if (main_ram_moves)
		bus->ram++;
	return &bus->regions[at];
}

/* Host memory that costs nothing until touched, or NULL. The alignment is a power of two, size and it whole pages. */
static void *map_lazily(u64 size, u64 alignment)
{
	u64 span = size + alignment - PAGE_SIZE;
	if (span < size)
		return NULL;
	u8 *start = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	u8 *aligned = start + (align_up((uintptr_t)start, alignment) - (uintptr_t)start);
	u64 before = (u64)(aligned - start);
	u64 after = span - before - size;
	if (before)
		munmap(start, before);
	if (after)
		munmap(aligned + size, after);
	return aligned;
}

bool bus_add_ram(struct bus *bus, const char *name, u64 base, u64 size, struct error *err)
{
	if (base % PAGE_SIZE || size % PAGE_SIZE)
		return error_set(err, "%s: base 0x%llx and size 0x%llx must be multiples of 4 KiB", name,
		                 (unsigned long long)base, (unsigned long long)size);
	u8 *ram = size ? map_lazily(size, HOST_LARGE_PAGE) : NULL;
	u64 *code_map = size ? map_lazily(code_map_size(size), PAGE_SIZE) : NULL;
	struct bus_region *r = NULL;
	if (size && (!ram || !code_map))
		error_set(err, "%s: the host gives no %llu MiB of memory", name, (unsigned long long)(size / MIB));
	else
		r = add_region(bus, name, base, size, err);
	if (!r) {
		if (ram)
			munmap(ram, size);
		if (code_map)
			munmap(code_map, code_map_size(size));
		return false;
	}
	r->ram = ram;
	r->code_map = code_map;
	if (!bus->ram)
		bus->ram = r;
	return true;
}

void bus_prefer_large_pages(struct bus *bus)
{
	for (u32 i = 0; i < bus->count; i++)
		if (bus->regions[i].ram)
			madvise(bus->regions[i].ram, bus->regions[i].size, MADV_HUGEPAGE); /* advice: may fail */
}

bool bus_add_device(struct bus *bus, const char *name, u64 base, u64 size, const struct device_ops *ops, void *device,
                    struct error *err)
{
	struct bus_region *r = add_region(bus, name, base, size, err);
	if (!r)
		return false;
	r->ops = ops;
	r->device = device;
	return true;
}

u8 *bus_ram(struct bus *bus, u64 pa, u64 size)
{
	struct bus_region *r = bus_find(bus, pa);
	if (!r || !r->ram || !region_has(r, pa, size))
		return NULL;
	return r->ram + (pa - r->base);
}

static inline u64 ram_load(const u8 *from, u32 size)
{
	u64 value = 0;
	switch (size) {
	case 1:
		return *from;
	case 2:
		memcpy(&value, from, 2);
		return value;
	case 4:
		memcpy(&value, from, 4);
		return value;
	default:
		memcpy(&value, from, 8);
		return value;
	}
}

static inline void ram_store(u8 *to, u32 size, u64 value)
{
	switch (size) {
	case 1:
		*to = (u8)value;
		break;
	case 2:
		memcpy(to, &value, 2);
		break;
	case 4:
		memcpy(to, &value, 4);
		break;
	default:
		memcpy(to, &value, 8);
		break;
	}
}

static inline bool is_access_size(u32 size)
{
	return size <= 8 && is_power_of_two(size);
}

bool bus_load(struct bus *bus, u64 pa, u32 size, u64 *value)
{
	BUG_ON(!is_access_size(size));
	struct bus_region *r = bus_find(bus, pa);
	if (!r || !region_has(r, pa, size))
		return false;
	u64 offset = pa - r->base;
	if (likely(r->ram)) {
		*value = ram_load(r->ram + offset, size);
		return true;
	}
	if (pa & (size - 1))
		return false;
	u64 got = 0;
	if (!r->ops->load(r->device, offset, size, &got))
		return false;
	*value = bits(got, 8 * size - 1, 0);
	return true;
}

bool bus_store(struct bus *bus, u64 pa, u32 size, u64 value)
{
	BUG_ON(!is_access_size(size));
	struct bus_region *r = bus_find(bus, pa);
	if (!r || !region_has(r, pa, size))
		return false;
	u64 offset = pa - r->base;
	if (likely(r->ram)) {
		ram_store(r->ram + offset, size, value);
		bus_wrote(bus, r, pa, size);
		return true;
	}
	if (pa & (size - 1))
		return false;
	return r->ops->store(r->device, offset, size, bits(value, 8 * size - 1, 0));
}

bool bus_read(struct bus *bus, u64 pa, void *to, u64 size)
{
	if (size == 0)
		return true;
	const u8 *from = bus_ram(bus, pa, size);
	if (!from)
		return false;
	memcpy(to, from, size);
	return true;
}

bool bus_write(struct bus *bus, u64 pa, const void *from, u64 size)
{
	if (size == 0)
		return true;
	struct bus_region *r = bus_find(bus, pa);
	if (!r || !r->ram || !region_has(r, pa, size))
		return false;
	memcpy(r->ram + (pa - r->base), from, size);
	bus_wrote(bus, r, pa, size);
	return true;
}

/* Calls `written` for the part of start..end-1 (offsets) in each page that has a granule set in `map`. */
static void tell_written(const struct bus_region *region, const u64 *map, u64 start, u64 end,
                         void (*written)(void *arg, u64 pa, u64 size), void *arg)
{
	while (start < end) {
		u64 page_end = align_down(start, PAGE_SIZE) + PAGE_SIZE;
		u64 stop = end < page_end ? end : page_end;
		u64 word = map[start >> PAGE_SHIFT];
		u64 first = (start >> GRANULE_SHIFT) & 63;
		u64 last = ((stop - 1) >> GRANULE_SHIFT) & 63;
		if (unlikely(bits(word, (unsigned)last, (unsigned)first)) && written)
			written(arg, region->base + start, stop - start);
		start = stop;
	}
}

/* Pages first..last of a region with a clean_map were written. */
static void make_dirty(struct bus_region *region, u64 first, u64 last)
{
	for (u64 page = first; page <= last; page++) {
		region->dirty_pages += region->clean_map[page];
		region->clean_map[page] = 0;
	}
}

void bus_track(struct bus *bus, u64 base)
{
	struct bus_region *r = bus_find(bus, base);
	BUG_ON(!r || !r->ram || r == bus->ram || r->clean_map);
	r->dirty_pages = r->size >> PAGE_SHIFT;
	r->clean_map = xcalloc(r->dirty_pages, 1);
}

void bus_wrote(struct bus *bus, struct bus_region *region, u64 pa, u64 size)
{
	u64 start = pa - region->base, page = start >> PAGE_SHIFT;
	/* Nearly always: within a page that nobody watches. */
	if (likely((start + size - 1) >> PAGE_SHIFT == page && !region->code_map[page] && !region->watch_map &&
	           !region->clean_map))
		return;
	if (unlikely(region->clean_map))
		make_dirty(region, page, (start + size - 1) >> PAGE_SHIFT);
	tell_written(region, region->code_map, start, start + size, bus->code_written, bus->code_written_arg);
	if (unlikely(region->watch_map))
		tell_written(region, region->watch_map, start, start + size, bus->watched_written, bus->watched_arg);
}

void bus_watch(struct bus *bus, void (*written)(void *arg, u64 pa, u64 size), void *arg)
{
	bus->watched_written = written;
	bus->watched_arg = arg;
	for (u32 i = 0; i < bus->count; i++) {
		struct bus_region *r = &bus->regions[i];
		if (!r->ram || r->watch_map)
			continue;
		r->watch_map = map_lazily(code_map_size(r->size), PAGE_SIZE);
		BUG_ON(!r->watch_map);
	}
}

/* Puts the granule at pa into the code map. */
static void mark_granule(struct bus_region *region, u64 pa)
{
	u64 offset = pa - region->base;
	region->code_map[offset >> PAGE_SHIFT] |= BIT((offset >> GRANULE_SHIFT) & 63);
}

bool bus_pin(struct bus *bus, u64 pa, u64 size, struct error *err)
{
	BUG_ON(size == 0);
	u64 first = align_down(pa, BIT(GRANULE_SHIFT));
	u64 count = ((pa + size - 1 - first) >> GRANULE_SHIFT) + 1;
	if (!bus_ram(bus, pa, size))
		return error_set(err, "0x%llx is not in RAM and cannot be watched", (unsigned long long)pa);
	if (count > BUS_PINS_MAX - bus->pin_count)
		return error_set(err, "too many bytes of RAM to watch at 0x%llx", (unsigned long long)pa);
	for (u64 i = 0; i < count; i++) {
		u64 granule = first + (i << GRANULE_SHIFT);
		bus->pins[bus->pin_count++] = granule;
		mark_granule(bus_find(bus, granule), granule);
	}
	return true;
}

void bus_unwatch_page(struct bus *bus, struct bus_region *region, u64 pa)
{
	region->code_map[(pa - region->base) >> PAGE_SHIFT] = 0;
	for (u32 i = 0; i < bus->pin_count; i++)
		if (align_down(bus->pins[i], PAGE_SIZE) == align_down(pa, PAGE_SIZE))
			mark_granule(region, bus->pins[i]);
}
