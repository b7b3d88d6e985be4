/*
 * The finisher: see syscon.h for its only register.
 */
#include "devices/syscon.h"

#include <stdlib.h>

#include "devices/memmap.h"

struct syscon {
	struct stop_listener listener; /* who is told that the guest ended */
};

static bool is_allowed(u32 size)
{
	return size == 2 || size == 4;
}

static bool load(void *device, u64 offset, u32 size, u64 *value)
{
	(void)device;
	(void)offset;
	*value = 0;
	return is_allowed(size);
}

static bool store(void *device, u64 offset, u32 size, u64 value)
{
	const struct syscon *syscon = device;
	if (!is_allowed(size))
		return false;
	if (offset != 0)
		return true;
	switch (value & 0xffff) {
	case SYSCON_POWEROFF:
		stop_tell(&syscon->listener, STOP_POWEROFF, 0);
		break;
	case SYSCON_FAIL:
		stop_tell(&syscon->listener, STOP_POWEROFF, (u32)value >> 16);
		break;
	case SYSCON_REBOOT:
		stop_tell(&syscon->listener, STOP_REBOOT, 0);
		break;
	default:
		break;
	}
	return true;
}

static const struct device_ops syscon_ops = { .load = load, .store = store };

struct syscon *syscon_create(struct bus *bus, u64 base, struct stop_listener listener, struct error *err)
{
	struct syscon *syscon = xcalloc(1, sizeof(*syscon));
	syscon->listener = listener;
	if (!bus_add_device(bus, "syscon", base, MEMMAP_SYSCON_SIZE, &syscon_ops, syscon, err)) {
		free(syscon);
		return NULL;
	}
	return syscon;
}

void syscon_destroy(struct syscon *syscon)
{
	free(syscon);
}
