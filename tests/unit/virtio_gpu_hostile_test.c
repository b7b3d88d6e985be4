/*
 * devices/virtio_gpu.c and drivers that ask for what cannot be: errors as QEMU tells them, bounds of memory and work,
 * and snapshots that were damaged.
 */
#include "tests/unit/gpu_rig.h"

#define SIDE 32
#define BEYOND 0xffffffffu

static void test_resources_that_cannot_be_are_refused(void **state)
{
	static const struct {
		u32 id, format, width, height, answer;
	} cases[] = {
		{ 0, BGRX, 16, 16, E_RESOURCE },
		{ 5, BGRX, 16, 16, OK_NODATA },
		{ 5, BGRX, 16, 16, E_RESOURCE },
		{ 6, 0, 16, 16, E_PARAMETER },
		{ 6, 5, 16, 16, E_PARAMETER },
		{ 6, 135, 16, 16, E_PARAMETER },
		{ 6, BGRX, 0, 16, E_PARAMETER },
		{ 6, BGRX, 16, 0, E_PARAMETER },
		{ 6, BGRX, 8193, 1, E_PARAMETER },
		{ 6, BGRX, 1, BEYOND, E_PARAMETER },
		{ 6, BGRX, BEYOND, BEYOND, E_PARAMETER },
		{ 6, BGRX, 8192, 1, OK_NODATA },
		{ BEYOND, BGRX, 1, 8192, OK_NODATA },
	};
	struct gpu_fixture *f = *state;
	gpu_start(f);
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(gpu_do(f, C_CREATE, cases[i].id, cases[i].format, cases[i].width, cases[i].height),
		                 cases[i].answer);
}

static void test_memory_of_resources_is_bounded(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	assert_int_equal(gpu_do(f, C_CREATE, 1, BGRX, 8192, 4096), OK_NODATA);
	assert_int_equal(gpu_do(f, C_CREATE, 2, BGRX, 8192, 4096), OK_NODATA);
	assert_int_equal(gpu_do(f, C_CREATE, 3, BGRX, 1, 1), E_MEMORY);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, (u32)RIG_RAM, 0, 4096, 0), E_MEMORY);
	assert_int_equal(gpu_do(f, C_UNREF, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_CREATE, 3, BGRX, 8192, 4095), OK_NODATA);
	assert_int_equal(gpu_do(f, C_ATTACH, 3, 1, (u32)RIG_RAM, 0, 4096, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_UNREF, 3, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_CREATE, 1, BGRX, 8192, 4096), OK_NODATA);
}

static void test_number_of_resources_is_bounded(void **state)
{
	struct gpu_fixture *f = *state;
	u32 id = 1;
	gpu_start(f);
	while (id < 5000 && gpu_do(f, C_CREATE, id, BGRX, 1, 1) == OK_NODATA)
		id++;
	assert_int_equal(id, 1025);
	assert_int_equal(gpu_do(f, C_CREATE, id, BGRX, 1, 1), E_MEMORY);
	assert_int_equal(gpu_do(f, C_UNREF, 500, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_CREATE, id, BGRX, 1, 1), OK_NODATA);
}

static void test_rectangles_outside_are_refused(void **state)
{
	static const u32 rects[][4] = {
		{ 0, 0, SIDE + 1, SIDE },
		{ 0, 0, SIDE, SIDE + 1 },
		{ 1, 0, SIDE, SIDE },
		{ 0, 1, SIDE, SIDE },
		{ SIDE + 1, 0, 0, 0 },
		{ 0, SIDE + 1, 0, 0 },
		{ BEYOND, 0, 17, 17 },
		{ 0, BEYOND, 17, 17 },
		{ 17, 0, BEYOND, 17 },
		{ 0, 17, 17, BEYOND },
		{ BEYOND, BEYOND, 2, 2 },
		{ BEYOND, BEYOND, BEYOND, BEYOND },
		{ 0x80000000, 0, 0x80000010u, 17 },
		{ 0, 0x80000000, 17, 0x80000010u },
	};
	struct gpu_fixture *f = *state;
	gpu_start(f);
	gpu_make(f, 1, BGRX, SIDE, SIDE, rig_alloc(&f->r, SIDE * SIDE * 4));
	for (u32 i = 0; i < ARRAY_SIZE(rects); i++) {
		const u32 *r = rects[i];
		assert_int_equal(gpu_do(f, C_FLUSH, r[0], r[1], r[2], r[3], 1, 0), E_PARAMETER);
		assert_int_equal(gpu_do(f, C_TRANSFER, r[0], r[1], r[2], r[3], 0, 0, 1, 0), E_PARAMETER);
		assert_int_equal(gpu_do(f, C_SET_SCANOUT, r[0], r[1], r[2], r[3], 0, 1), E_PARAMETER);
	}
	assert_int_equal(gpu_do(f, C_FLUSH, SIDE, SIDE, 0, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_TRANSFER, SIDE, SIDE, 0, 0, 0, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 15, 16, 0, 1), E_PARAMETER);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 16, 15, 0, 1), E_PARAMETER);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 16, 16, 1, 1), E_SCANOUT);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 16, 16, 1, 0), E_SCANOUT);
}

static void test_names_that_are_none_are_refused(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	for (u32 id = 0; id < 3; id += 2) {
		assert_int_equal(gpu_do(f, C_UNREF, id, 0), E_RESOURCE);
		assert_int_equal(gpu_do(f, C_FLUSH, 0, 0, 0, 0, id, 0), E_RESOURCE);
		assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, 0, 0, 0, 0, id, 0), E_RESOURCE);
		assert_int_equal(gpu_do(f, C_ATTACH, id, 0), E_RESOURCE);
		assert_int_equal(gpu_do(f, C_DETACH, id, 0), E_RESOURCE);
	}
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 16, 16, 0, 2), E_RESOURCE);
	assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 0, 0, 0, 2, 0, 0, 0), E_RESOURCE);
	assert_int_equal(gpu_do(f, C_MOVE_CURSOR, 1, 0, 0, 0, 0, 0, 0, 0), E_SCANOUT);
}

static void test_cursor_of_another_size_is_refused(void **state)
{
	struct gpu_fixture *f = *state;
	struct virtio_gpu_cursor cursor;
	u32 serial;
	gpu_start(f);
	assert_int_equal(gpu_do(f, C_CREATE, 1, BGRA, 63, 64), OK_NODATA);
	assert_int_equal(gpu_do(f, C_CREATE, 2, BGRA, 64, 65), OK_NODATA);
	assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 0, 0, 0, 1, 0, 0, 0), E_PARAMETER);
	assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 0, 0, 0, 2, 0, 0, 0), E_PARAMETER);
	assert_false(virtio_gpu_cursor(f->gpu, &cursor, &serial));
}

static void test_backing_must_be_ram_and_whole(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	u32 end = (u32)(RIG_RAM + RIG_RAM_SIZE);
	assert_int_equal(gpu_do(f, C_CREATE, 1, BGRX, SIDE, SIDE), OK_NODATA);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, SIDE, SIDE, 0, 0, 1, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_DETACH, 1, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, (u32)RIG_BASE, 0, 4, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, end - 4, 0, 8, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, 0xfffffffc, 0xffffffff, 8, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, (u32)RIG_RAM, 0, BEYOND, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 2, (u32)RIG_RAM, 0, 4, 0, 0, 1, 4, 0), E_UNSPEC); /* the second */
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 2, (u32)RIG_RAM, 0, 4, 0), E_UNSPEC);             /* there is one */
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 65537, (u32)RIG_RAM, 0, 4, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, BEYOND), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 0), OK_NODATA); /* nothing is behind it still */
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, SIDE, SIDE, 0, 0, 1, 0), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, end - 4, 0, 4, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, end - 4, 0, 4, 0), E_UNSPEC); /* twice */
	assert_int_equal(gpu_do(f, C_DETACH, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, end - 4, 0, 4, 0), OK_NODATA);
}

/* Two pixels and a half: the rest stays as it was, wherever it is asked for. */
static void test_short_backing_gives_what_it_has(void **state)
{
	struct gpu_fixture *f = *state;
	u64 pa = rig_alloc(&f->r, 64);
	gpu_start(f);
	for (u32 i = 0; i < 16; i++)
		rig_store(&f->r, pa + 4ull * i, 4, 0x01010101);
	assert_int_equal(gpu_do(f, C_CREATE, 1, RGBX, SIDE, SIDE), OK_NODATA);
	assert_int_equal(gpu_do(f, C_ATTACH, 1, 1, (u32)pa, (u32)(pa >> 32), 10, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, SIDE, SIDE, 0, 1), OK_NODATA);
	for (u32 whole = 0; whole < 2; whole++) {
		assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, SIDE - 1 + whole, SIDE, 0, 0, 1, 0), OK_NODATA);
		assert_int_equal(gpu_pixel(f, 0, 0), 0x010101);
		assert_int_equal(gpu_pixel(f, 1, 0), 0x010101);
		assert_int_equal(gpu_pixel(f, 2, 0), 0);
		assert_int_equal(gpu_pixel(f, 0, 1), 0);
	}
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 1, SIDE, 1, 10, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 1, SIDE, 1, BEYOND, BEYOND, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 1, 1, SIDE - 1, BEYOND - 7, BEYOND, 1, 0), OK_NODATA);
	assert_int_equal(gpu_pixel(f, 0, 1), 0);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 1, 1, 1, 6, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_pixel(f, 0, 1), 0x010101);
}

static void test_commands_that_are_none_are_answered(void **state)
{
	static const u32 types[] = { 0, C_CAPSET_INFO, C_CAPSET, 0x10b, 0x200, 0x302, OK_NODATA, BEYOND };
	struct gpu_fixture *f = *state;
	gpu_start(f);
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		assert_int_equal(gpu_send(f, CONTROL, types[i], 0, 0, NULL, 0), E_UNSPEC);
		assert_int_equal(gpu_send(f, CURSOR, types[i], 0, 0, NULL, 0), E_UNSPEC);
	}
	/* Each on the other's queue, and not whole. */
	assert_int_equal(gpu_send(f, CURSOR, C_DISPLAY_INFO, 0, 0, NULL, 0), E_UNSPEC);
	assert_int_equal(gpu_send(f, CONTROL, C_MOVE_CURSOR, 0, 0, (const u32[8]){ 0 }, 8), E_UNSPEC);
	assert_int_equal(gpu_send(f, CONTROL, C_CREATE, 0, 0, (const u32[]){ 1, BGRX, 16 }, 3), E_UNSPEC);
	assert_int_equal(gpu_do(f, C_UNREF, 1, 0), E_RESOURCE);
}

static void test_headers_and_responses_may_be_cut_short(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	const u32 info[6] = { C_DISPLAY_INFO };
	u64 pa = rig_bytes(&f->r, info, sizeof(info));
	rig_send(&f->r, CONTROL, (struct rig_piece[]){ { pa, 23, false }, { f->response, 24, true } }, 2);
	assert_int_equal(gpu_answer(f, CONTROL), E_UNSPEC);
	rig_send(&f->r, CONTROL, (struct rig_piece[]){ { pa, 24, false }, { f->response, 30, true } }, 2);
	assert_int_equal(gpu_answer(f, CONTROL), OK_DISPLAY_INFO);
	assert_int_equal(f->answer_size, 30);
	u16 head = rig_send(&f->r, CONTROL, &(struct rig_piece){ pa, 24, false }, 1);
	assert_int_equal(rig_expect_used(&f->r, CONTROL, head), 0);
	head = rig_send(&f->r, CONTROL, &(struct rig_piece){ f->response, 24, true }, 1);
	assert_int_equal(rig_expect_used(&f->r, CONTROL, head), 24);
	assert_false(rig_is_broken(&f->r));
}

/* 128 MiB each: two of them are done at once, the others wait. Returns how many were done. */
static u32 ask_for_much(struct gpu_fixture *f, u32 requests)
{
	u32 attach[8 + 4 * 128] = { C_ATTACH, 0, 0, 0, 0, 0, 1, 128 };
	const u32 transfer[14] = { C_TRANSFER, 0, 0, 0, 0, 0, 0, 0, 8192, 4096, 0, 0, 1, 0 };
	u32 done = 0;
	gpu_start(f);
	assert_int_equal(gpu_do(f, C_CREATE, 1, BGRX, 8192, 4096), OK_NODATA);
	for (u32 i = 0; i < 128; i++)
		memcpy(attach + 8 + 4ull * i, (u32[]){ (u32)RIG_RAM, 0, MIB, 0 }, 16);
	u64 pa = rig_bytes(&f->r, attach, sizeof(attach)), more = rig_bytes(&f->r, transfer, sizeof(transfer));
	rig_send(&f->r, CONTROL, (struct rig_piece[]){ { pa, sizeof(attach), false }, { f->response, 24, true } }, 2);
	assert_int_equal(gpu_answer(f, CONTROL), OK_NODATA);
	for (u32 i = 0; i < requests; i++)
		rig_chain(&f->r, CONTROL,
		          (struct rig_piece[]){ { more, sizeof(transfer), false }, { f->response, 24, true } }, 2);
	rig_notify(&f->r, CONTROL);
	for (u32 i = 0; i < 10; i++)
		rig_notify(&f->r, CONTROL); /* does not help */
	while (rig_used(&f->r, CONTROL, NULL, NULL))
		done++;
	return done;
}

static void test_work_waits_when_it_is_too_much(void **state)
{
	struct gpu_fixture *f = *state;
	u32 done = ask_for_much(f, 5);
	assert_int_equal(done, 2);
	for (u32 turn = 0; turn < 2; turn++) {
		assert_true(clock_next(&f->clock) != CLOCK_NEVER);
		clock_run(&f->clock, clock_next(&f->clock));
		while (rig_used(&f->r, CONTROL, NULL, NULL))
			done++;
	}
	assert_int_equal(done, 5);
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
}

static void test_reset_ends_what_waits(void **state)
{
	struct gpu_fixture *f = *state;
	assert_int_equal(ask_for_much(f, 4), 2);
	rig_out(&f->r, R_STATUS, 0);
	assert_true(clock_next(&f->clock) == CLOCK_NEVER);
}

static void test_broken_ring_leaves_nothing(void **state)
{
	struct gpu_fixture *f = *state;
	struct virtio_gpu_picture picture;
	gpu_start(f);
	gpu_make(f, 1, BGRX, SIDE, SIDE, rig_alloc(&f->r, SIDE * SIDE * 4));
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, SIDE, SIDE, 0, 1), OK_NODATA);
	rig_send(&f->r, CONTROL, &(struct rig_piece){ 0x1000, 4, false }, 1); /* not RAM */
	assert_true(rig_is_broken(&f->r));
	assert_false(virtio_gpu_picture(f->gpu, &picture));
}

/* Any byte of the small numbers, and what it does to the rest: refused in words or taken, and never trusted. */
static void test_damaged_snapshots_do_no_harm(void **state)
{
	struct gpu_fixture *f = *state;
	struct state_memory *m = xcalloc(1, sizeof(*m));
	struct virtio_gpu_picture picture;
	u32 refused = 0;
	u64 sum = 0;
	gpu_start(f);
	gpu_make(f, 1, BGRX, 16, 16, rig_alloc(&f->r, 16 * 16 * 4));
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 16, 16, 0, 1), OK_NODATA);
	struct state s = state_saving(m);
	virtio_gpu_state(&s, f->gpu);
	assert_true(state_ok(&s));
	u32 numbers = (u32)m->size - 64 * 64 * 4; /* the cursor's pixels are behind them */
	for (u32 i = 0; i < numbers * 3; i++) {
		u8 *byte = &m->bytes[i / 3], was = *byte;
		*byte ^= (u8[]){ 0x01, 0x80, 0xff }[i % 3];
		s = state_loading(m);
		virtio_gpu_state(&s, f->gpu);
		refused += !state_ok(&s);
		assert_int_equal(state_ok(&s), m->err.text[0] == '\0');
		/* Sanitizers see whether it is all there. */
		if (virtio_gpu_picture(f->gpu, &picture))
			sum += picture.pixels[(picture.height - 1) * picture.stride + picture.width * 4 - 1];
		*byte = was;
	}
	assert_true(refused > 100);
	assert_true(sum < 1000); /* the last byte was damaged, too */
	s = state_loading(m);
	virtio_gpu_state(&s, f->gpu);
	assert_true(state_ok(&s));
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_resources_that_cannot_be_are_refused, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_memory_of_resources_is_bounded, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_number_of_resources_is_bounded, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_rectangles_outside_are_refused, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_names_that_are_none_are_refused, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_cursor_of_another_size_is_refused, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_backing_must_be_ram_and_whole, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_short_backing_gives_what_it_has, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_commands_that_are_none_are_answered, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_headers_and_responses_may_be_cut_short, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_work_waits_when_it_is_too_much, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_reset_ends_what_waits, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_broken_ring_leaves_nothing, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_snapshots_do_no_harm, gpu_setup, gpu_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
