/*
 * devices/bus.c: regions and their borders, access sizes, copies, and who is told of stores to decoded code.
 */
#include "devices/bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (16 * PAGE_SIZE)
#define DEVICE_BASE 0x10000000ull
#define DEVICE_SIZE 0x100ull

/* A device that answers with a pattern and writes down what it was asked. */
struct probe {
	u64 offset;   /* of the last access */
	u32 size;     /* of the last access */
	u64 value;    /* last stored */
	u32 accesses; /* how many were let through */
	bool refuses; /* refuse all of them */
};

struct fixture {
	struct bus bus;      /* under test */
	struct probe probe;  /* a device at DEVICE_BASE */
	struct error err;    /* the last message */
	u64 written_pa[8];   /* arguments of code_written */
	u64 written_size[8]; /* likewise */
	u32 written_count;   /* how often it was called */
};

static bool probe_load(void *device, u64 offset, u32 size, u64 *value)
{
	struct probe *p = device;
	p->offset = offset;
	p->size = size;
	p->accesses++;
	*value = 0x1122334455667788ull;
	return !p->refuses;
}

static bool probe_store(void *device, u64 offset, u32 size, u64 value)
{
	struct probe *p = device;
	p->offset = offset;
	p->size = size;
	p->value = value;
	p->accesses++;
	return !p->refuses;
}

static const struct device_ops probe_ops = { .load = probe_load, .store = probe_store };

static void on_code_written(void *arg, u64 pa, u64 size)
{
	struct fixture *f = arg;
	assert_true(f->written_count < ARRAY_SIZE(f->written_pa));
	f->written_pa[f->written_count] = pa;
	f->written_size[f->written_count++] = size;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	bus_init(&f->bus);
	assert_true(bus_add_ram(&f->bus, "ram", RAM_BASE, RAM_SIZE, &f->err));
	assert_true(bus_add_device(&f->bus, "probe", DEVICE_BASE, DEVICE_SIZE, &probe_ops, &f->probe, &f->err));
	f->bus.code_written = on_code_written;
	f->bus.code_written_arg = f;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	bus_free(&f->bus);
	free(f);
	return 0;
}

static void test_ram_starts_as_zero(void **state)
{
	struct fixture *f = *state;
	for (u64 i = 0; i < RAM_SIZE; i += 8) {
		u64 value = 1;
		assert_true(bus_load(&f->bus, RAM_BASE + i, 8, &value));
		assert_int_equal(value, 0);
	}
}

static void test_ram_keeps_each_size_little_endian(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_true(bus_store(&f->bus, RAM_BASE, 8, 0x8877665544332211ull));
	for (u32 size = 1; size <= 8; size *= 2)
		for (u32 offset = 0; offset + size <= 8; offset++) {
			assert_true(bus_load(&f->bus, RAM_BASE + offset, size, &value));
			u64 want = bits(0x8877665544332211ull >> (8 * offset), 8 * size - 1, 0);
			assert_int_equal(value, want);
		}
}

static void test_ram_store_touches_its_bytes_only(void **state)
{
	struct fixture *f = *state;
	for (u32 size = 1; size <= 8; size *= 2)
		for (u32 offset = 1; offset < 8; offset++) {
			u8 want[24], got[24];
			memset(want, 0xee, sizeof(want));
			assert_true(bus_write(&f->bus, RAM_BASE, want, sizeof(want)));
			assert_true(bus_store(&f->bus, RAM_BASE + offset, size, 0));
			memset(want + offset, 0, size);
			assert_true(bus_read(&f->bus, RAM_BASE, got, sizeof(got)));
			assert_memory_equal(want, got, sizeof(want));
		}
}

static void test_access_across_the_end_of_ram_fails(void **state)
{
	struct fixture *f = *state;
	u64 end = RAM_BASE + RAM_SIZE, value;
	assert_true(bus_load(&f->bus, end - 8, 8, &value));
	assert_true(bus_store(&f->bus, end - 1, 1, 0x5a));
	for (u64 i = 1; i < 8; i++) {
		assert_false(bus_load(&f->bus, end - i, 8, &value));
		assert_false(bus_store(&f->bus, end - i, 8, 0));
	}
	assert_true(bus_load(&f->bus, end - 1, 1, &value));
	assert_int_equal(value, 0x5a);
	assert_false(bus_load(&f->bus, RAM_BASE - 1, 2, &value));
	assert_false(bus_load(&f->bus, end, 1, &value));
}

static void test_access_to_nothing_fails(void **state)
{
	struct fixture *f = *state;
	u64 value;
	static const u64 holes[] = {
		0, DEVICE_BASE - 1, DEVICE_BASE + DEVICE_SIZE, UINT64_MAX, UINT64_MAX - 7, 1ull << 55,
	};
	for (u32 i = 0; i < ARRAY_SIZE(holes); i++) {
		assert_false(bus_load(&f->bus, holes[i], 1, &value));
		assert_false(bus_store(&f->bus, holes[i], 1, 0));
		assert_null(bus_find(&f->bus, holes[i]));
		assert_null(bus_ram(&f->bus, holes[i], 1));
	}
	assert_false(bus_load(&f->bus, UINT64_MAX, 8, &value));
}

static void test_device_sees_offset_size_and_value(void **state)
{
	struct fixture *f = *state;
	for (u32 size = 1; size <= 8; size *= 2) {
		u64 value;
		assert_true(bus_load(&f->bus, DEVICE_BASE + 0x40, size, &value));
		assert_int_equal(f->probe.offset, 0x40);
		assert_int_equal(f->probe.size, size);
		assert_int_equal(value, bits(0x1122334455667788ull, 8 * size - 1, 0));
		assert_true(bus_store(&f->bus, DEVICE_BASE + 0x48, size, UINT64_MAX));
		assert_int_equal(f->probe.offset, 0x48);
		assert_int_equal(f->probe.value, bits(UINT64_MAX, 8 * size - 1, 0));
	}
}

static void test_device_takes_natural_alignment_only(void **state)
{
	struct fixture *f = *state;
	u64 value;
	for (u32 size = 2; size <= 8; size *= 2)
		for (u32 offset = 1; offset < size; offset++) {
			assert_false(bus_load(&f->bus, DEVICE_BASE + offset, size, &value));
			assert_false(bus_store(&f->bus, DEVICE_BASE + offset, size, 0));
		}
	assert_int_equal(f->probe.accesses, 0);
}

static void test_device_refusal_is_a_failed_access(void **state)
{
	struct fixture *f = *state;
	u64 value = 42;
	f->probe.refuses = true;
	assert_false(bus_load(&f->bus, DEVICE_BASE, 4, &value));
	assert_int_equal(value, 42);
	assert_false(bus_store(&f->bus, DEVICE_BASE, 4, 0));
}

static void test_devices_are_not_ram(void **state)
{
	struct fixture *f = *state;
	u8 bytes[8];
	assert_null(bus_ram(&f->bus, DEVICE_BASE, 4));
	assert_false(bus_read(&f->bus, DEVICE_BASE, bytes, 4));
	assert_false(bus_write(&f->bus, DEVICE_BASE, bytes, 4));
	assert_int_equal(f->probe.accesses, 0);
}

static void test_overlapping_regions_are_refused(void **state)
{
	struct fixture *f = *state;
	struct bus *bus = &f->bus;
	assert_false(bus_add_device(bus, "a", RAM_BASE, 1, &probe_ops, NULL, &f->err));
	assert_non_null(strstr(f->err.text, "ram"));
	assert_false(bus_add_device(bus, "b", RAM_BASE + RAM_SIZE - 1, 1, &probe_ops, NULL, &f->err));
	assert_false(bus_add_device(bus, "c", RAM_BASE - 1, 2, &probe_ops, NULL, &f->err));
	assert_false(bus_add_device(bus, "d", 0, UINT64_MAX, &probe_ops, NULL, &f->err));
	assert_false(bus_add_ram(bus, "e", 0, RAM_BASE + RAM_SIZE, &f->err));
	assert_false(bus_add_ram(bus, "f", RAM_BASE + PAGE_SIZE, PAGE_SIZE, &f->err));
	assert_int_equal(bus->count, 2);
	assert_true(bus_add_device(bus, "g", RAM_BASE - 1, 1, &probe_ops, NULL, &f->err));
	assert_true(bus_add_ram(bus, "h", RAM_BASE + RAM_SIZE, PAGE_SIZE, &f->err));
}

static void test_bad_ranges_are_refused(void **state)
{
	struct fixture *f = *state;
	assert_false(bus_add_device(&f->bus, "a", 0, 0, &probe_ops, NULL, &f->err));
	assert_false(bus_add_device(&f->bus, "b", UINT64_MAX, 2, &probe_ops, NULL, &f->err));
	assert_false(bus_add_ram(&f->bus, "c", 0, 0, &f->err));
	assert_false(bus_add_ram(&f->bus, "d", 1, PAGE_SIZE, &f->err));
	assert_false(bus_add_ram(&f->bus, "e", 0, PAGE_SIZE + 1, &f->err));
	assert_false(bus_add_ram(&f->bus, "f", 0x100000000ull, 0ull - PAGE_SIZE, &f->err));
	assert_false(bus_add_ram(&f->bus, "g", 0x100000000ull, 1ull << 62, &f->err));
	assert_non_null(strstr(f->err.text, "g"));
	assert_int_equal(f->bus.count, 2);
}

static void test_last_address_can_be_used(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_true(bus_add_device(&f->bus, "top", UINT64_MAX - 0xff, 0x100, &probe_ops, &f->probe, &f->err));
	assert_true(bus_load(&f->bus, UINT64_MAX, 1, &value));
	assert_int_equal(f->probe.offset, 0xff);
	assert_true(bus_load(&f->bus, UINT64_MAX - 7, 8, &value));
}

static void test_a_full_bus_refuses_more(void **state)
{
	struct fixture *f = *state;
	for (u64 i = 2; i < BUS_REGIONS_MAX; i++)
		assert_true(bus_add_device(&f->bus, "more", 0x1000 * i, 0x1000, &probe_ops, &f->probe, &f->err));
	assert_false(bus_add_device(&f->bus, "last", 0x100000, 0x1000, &probe_ops, &f->probe, &f->err));
}

static void test_regions_stay_sorted_and_are_all_found(void **state)
{
	struct fixture *f = *state;
	struct bus *bus = &f->bus;
	for (u64 i = 0; i < 20; i++) {
		u64 base = 0x1000 * (1 + i * 7 % 20);
		assert_true(bus_add_device(bus, "more", base, 0x800, &probe_ops, &f->probe, &f->err));
	}
	for (u32 i = 1; i < bus->count; i++)
		assert_true(bus->regions[i - 1].base < bus->regions[i].base);
	for (u32 i = 0; i < bus->count; i++) {
		struct bus_region *r = &bus->regions[i];
		assert_ptr_equal(bus_find(bus, r->base), r);
		assert_ptr_equal(bus_find(bus, r->base + r->size - 1), r);
		assert_null(bus_find(bus, r->base + r->size));
	}
	assert_int_equal(bus->ram->base, RAM_BASE);
	assert_ptr_equal(bus_ram(bus, RAM_BASE, 1), bus->ram->ram);
}

static void test_second_ram_is_ram_too(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_true(bus_add_ram(&f->bus, "low", 0, PAGE_SIZE, &f->err));
	assert_int_equal(f->bus.ram->base, RAM_BASE);
	assert_true(bus_store(&f->bus, 8, 4, 0x12345678));
	assert_true(bus_load(&f->bus, 8, 8, &value));
	assert_int_equal(value, 0x12345678);
}

static void test_access_across_two_rams_fails(void **state)
{
	struct fixture *f = *state;
	u64 end = RAM_BASE + RAM_SIZE, value;
	u8 bytes[16];
	assert_true(bus_add_ram(&f->bus, "next", end, PAGE_SIZE, &f->err));
	assert_false(bus_load(&f->bus, end - 4, 8, &value));
	assert_false(bus_read(&f->bus, end - 8, bytes, 16));
	assert_true(bus_load(&f->bus, end, 8, &value));
}

static void test_copies_of_huge_size_fail(void **state)
{
	struct fixture *f = *state;
	u8 byte = 0;
	assert_false(bus_read(&f->bus, RAM_BASE + 8, &byte, UINT64_MAX));
	assert_false(bus_write(&f->bus, RAM_BASE + 8, &byte, 0ull - 8));
	assert_null(bus_ram(&f->bus, RAM_BASE, RAM_SIZE + 1));
	assert_non_null(bus_ram(&f->bus, RAM_BASE, RAM_SIZE));
}

static void test_copies_of_nothing_succeed(void **state)
{
	struct fixture *f = *state;
	assert_true(bus_read(&f->bus, 0, NULL, 0));
	assert_true(bus_write(&f->bus, 0, NULL, 0));
}

static void test_memory_is_taken_only_when_touched(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_true(bus_add_ram(&f->bus, "huge", 64 * GIB, 64 * GIB, &f->err));
	assert_true(bus_store(&f->bus, 128 * GIB - 8, 8, 7));
	assert_true(bus_load(&f->bus, 128 * GIB - 8, 8, &value));
	assert_int_equal(value, 7);
}

static void test_store_to_code_is_reported_by_granule(void **state)
{
	struct fixture *f = *state;
	f->bus.ram->code_map[1] = BIT(0) | BIT(5) | BIT(63);
	u64 page = RAM_BASE + PAGE_SIZE;
	for (u64 granule = 0; granule < 64; granule++) {
		f->written_count = 0;
		assert_true(bus_store(&f->bus, page + 64 * granule + 56, 8, 1));
		bool has_code = granule == 0 || granule == 5 || granule == 63;
		assert_int_equal(f->written_count, has_code);
		if (has_code) {
			assert_int_equal(f->written_pa[0], page + 64 * granule + 56);
			assert_int_equal(f->written_size[0], 8);
		}
	}
}

static void test_store_across_granules_reports_either(void **state)
{
	struct fixture *f = *state;
	f->bus.ram->code_map[0] = BIT(1);
	assert_true(bus_store(&f->bus, RAM_BASE + 63, 2, 1));
	assert_int_equal(f->written_count, 1);
	assert_true(bus_store(&f->bus, RAM_BASE + 127, 2, 1));
	assert_int_equal(f->written_count, 2);
	assert_true(bus_store(&f->bus, RAM_BASE + 128, 2, 1));
	assert_true(bus_store(&f->bus, RAM_BASE + 62, 2, 1));
	assert_int_equal(f->written_count, 2);
}

static void test_store_across_pages_reports_the_part_in_the_page_with_code(void **state)
{
	struct fixture *f = *state;
	f->bus.ram->code_map[1] = BIT(0);
	assert_true(bus_store(&f->bus, RAM_BASE + PAGE_SIZE - 3, 8, 0));
	assert_int_equal(f->written_count, 1);
	assert_int_equal(f->written_pa[0], RAM_BASE + PAGE_SIZE);
	assert_int_equal(f->written_size[0], 5);
}

static void test_large_copy_reports_each_page_with_code(void **state)
{
	struct fixture *f = *state;
	static const u8 zeroes[4 * PAGE_SIZE];
	f->bus.ram->code_map[0] = BIT(0);
	f->bus.ram->code_map[1] = BIT(20);
	f->bus.ram->code_map[3] = UINT64_MAX;
	f->bus.ram->code_map[4] = BIT(2);
	assert_true(bus_write(&f->bus, RAM_BASE + 64, zeroes, sizeof(zeroes)));
	assert_int_equal(f->written_count, 2);
	assert_int_equal(f->written_pa[0], RAM_BASE + PAGE_SIZE);
	assert_int_equal(f->written_size[0], PAGE_SIZE);
	assert_int_equal(f->written_pa[1], RAM_BASE + 3 * PAGE_SIZE);
}

static void test_loads_and_device_stores_report_nothing(void **state)
{
	struct fixture *f = *state;
	u64 value;
	memset(f->bus.ram->code_map, 0xff, RAM_SIZE / PAGE_SIZE * 8);
	assert_true(bus_load(&f->bus, RAM_BASE, 8, &value));
	assert_true(bus_read(&f->bus, RAM_BASE, &value, 8));
	assert_true(bus_store(&f->bus, DEVICE_BASE, 4, 0));
	assert_true(bus_write(&f->bus, RAM_BASE, NULL, 0));
	assert_int_equal(f->written_count, 0);
}

static void test_store_to_code_without_listener_is_harmless(void **state)
{
	struct fixture *f = *state;
	f->bus.code_written = NULL;
	f->bus.ram->code_map[0] = UINT64_MAX;
	assert_true(bus_store(&f->bus, RAM_BASE, 8, 0));
}

static void test_pinned_words_are_reported_until_the_end(void **state)
{
	struct fixture *f = *state;
	u64 pa = RAM_BASE + PAGE_SIZE + 128;
	assert_true(bus_pin(&f->bus, pa, 8, &f->err));
	assert_true(bus_store(&f->bus, pa, 8, 1));
	assert_int_equal(f->written_count, 1);
	f->bus.ram->code_map[1] |= BIT(40);
	bus_unwatch_page(&f->bus, f->bus.ram, pa + 1000);
	assert_int_equal(f->bus.ram->code_map[1], BIT(2));
	f->bus.ram->code_map[2] = UINT64_MAX;
	bus_unwatch_page(&f->bus, f->bus.ram, RAM_BASE + 2 * PAGE_SIZE);
	assert_int_equal(f->bus.ram->code_map[2], 0);
	assert_true(bus_store(&f->bus, pa + 4, 4, 1));
	assert_int_equal(f->written_count, 2);
}

static void test_pinned_bytes_may_lie_across_pages(void **state)
{
	struct fixture *f = *state;
	assert_true(bus_pin(&f->bus, RAM_BASE + PAGE_SIZE - 4, 8, &f->err));
	assert_int_equal(f->bus.ram->code_map[0], BIT(63));
	assert_int_equal(f->bus.ram->code_map[1], BIT(0));
}

static void test_what_cannot_be_pinned_is_refused(void **state)
{
	struct fixture *f = *state;
	assert_false(bus_pin(&f->bus, DEVICE_BASE, 8, &f->err));
	assert_false(bus_pin(&f->bus, RAM_BASE + RAM_SIZE - 4, 8, &f->err));
	assert_false(bus_pin(&f->bus, RAM_BASE, PAGE_SIZE, &f->err));
	assert_int_equal(f->bus.ram->code_map[0], 0);
	for (u64 i = 0; i < BUS_PINS_MAX; i++)
		assert_true(bus_pin(&f->bus, RAM_BASE + 64 * i, 8, &f->err));
	assert_false(bus_pin(&f->bus, RAM_BASE, 8, &f->err));
}

static void test_large_pages_keep_what_is_in_ram(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_true(bus_add_ram(&f->bus, "more", 4 * GIB, 8 * MIB, &f->err));
	assert_true(bus_store(&f->bus, 4 * GIB + 8, 8, 42));
	bus_prefer_large_pages(&f->bus);
	assert_true(bus_store(&f->bus, 4 * GIB + 4 * MIB, 8, 43));
	assert_true(bus_load(&f->bus, 4 * GIB + 8, 8, &value));
	assert_int_equal(value, 42);
}

static void test_tracked_ram_knows_which_pages_were_written(void **state)
{
	struct fixture *f = *state;
	const u64 base = 4 * GIB;
	u64 value;
	assert_true(bus_add_ram(&f->bus, "more", base, 4 * PAGE_SIZE, &f->err));
	bus_track(&f->bus, base);
	struct bus_region *r = bus_find(&f->bus, base);
	assert_int_equal(r->dirty_pages, 4);
	assert_false(bus_watches_stores(r, base));
	memset(r->clean_map, 1, 4);
	r->dirty_pages = 0;
	assert_true(bus_watches_stores(r, base + 3 * PAGE_SIZE));
	assert_true(bus_load(&f->bus, base, 8, &value));
	assert_true(bus_store(&f->bus, RAM_BASE, 8, 1));
	assert_int_equal(r->dirty_pages, 0);
	assert_true(bus_store(&f->bus, base + 2 * PAGE_SIZE - 4, 8, 1));
	assert_memory_equal(r->clean_map, "\1\0\0\1", 4);
	assert_true(bus_store(&f->bus, base + PAGE_SIZE, 1, 1));
	assert_int_equal(r->dirty_pages, 2);
	assert_false(bus_watches_stores(r, base + PAGE_SIZE));
	assert_false(bus_watches_stores(f->bus.ram, RAM_BASE));
}

static void test_stores_to_code_in_tracked_ram_are_reported(void **state)
{
	struct fixture *f = *state;
	const u64 base = 4 * GIB;
	assert_true(bus_add_ram(&f->bus, "more", base, 4 * PAGE_SIZE, &f->err));
	bus_track(&f->bus, base);
	struct bus_region *r = bus_find(&f->bus, base);
	r->code_map[1] = 1;
	assert_true(bus_store(&f->bus, base, 8, 1));
	assert_int_equal(f->written_count, 0);
	assert_true(bus_store(&f->bus, base + PAGE_SIZE, 8, 1));
	assert_int_equal(f->written_count, 1);
	assert_int_equal(f->written_pa[0], base + PAGE_SIZE);
	assert_true(bus_watches_stores(r, base + PAGE_SIZE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ram_starts_as_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ram_keeps_each_size_little_endian, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ram_store_touches_its_bytes_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_across_the_end_of_ram_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_to_nothing_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_sees_offset_size_and_value, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_takes_natural_alignment_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_refusal_is_a_failed_access, setup, teardown),
		cmocka_unit_test_setup_teardown(test_devices_are_not_ram, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlapping_regions_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_ranges_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_address_can_be_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_full_bus_refuses_more, setup, teardown),
		cmocka_unit_test_setup_teardown(test_regions_stay_sorted_and_are_all_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_ram_is_ram_too, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_across_two_rams_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copies_of_huge_size_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copies_of_nothing_succeed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_is_taken_only_when_touched, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_to_code_is_reported_by_granule, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_across_granules_reports_either, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_across_pages_reports_the_part_in_the_page_with_code, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_large_copy_reports_each_page_with_code, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loads_and_device_stores_report_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pinned_words_are_reported_until_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pinned_bytes_may_lie_across_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_pinned_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_pages_keep_what_is_in_ram, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tracked_ram_knows_which_pages_were_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stores_to_code_in_tracked_ram_are_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_to_code_without_listener_is_harmless, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
