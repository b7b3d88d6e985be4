/*
 * devices/virtio_gpu.c: what a lawful driver sees and what is seen of it. Drivers that are not:
 * virtio_gpu_hostile_test.c.
 */
#include "tests/unit/gpu_rig.h"

#define SIDE 32 /* pixels of the resource that most tests use */

/* A resource of SIDE^2 pixels whose words count up, on the screen. Returns where it is drawn. */
static u64 start_with_picture(struct gpu_fixture *f)
{
	u32 first, count;
	gpu_start(f);
	u64 pa = rig_alloc(&f->r, SIDE * SIDE * 4);
	for (u32 i = 0; i < SIDE * SIDE; i++)
		rig_store(&f->r, pa + 4ull * i, 4, i);
	gpu_make(f, 1, BGRX, SIDE, SIDE, pa);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, SIDE, SIDE, 0, 1), OK_NODATA);
	assert_true(virtio_gpu_take_dirty(f->gpu, &first, &count));
	return pa;
}

static void test_it_is_a_gpu_with_one_display_and_edid(void **state)
{
	struct gpu_fixture *f = *state;
	assert_int_equal(rig_in(&f->r, R_DEVICE_ID), 16);
	assert_int_equal(rig_offered(&f->r), F_VERSION_1 | F_INDIRECT | F_EVENT_IDX | G_EDID);
	rig_out(&f->r, R_QUEUE_SEL, 1);
	assert_int_not_equal(rig_in(&f->r, R_QUEUE_NUM_MAX), 0);
	rig_out(&f->r, R_QUEUE_SEL, 2);
	assert_int_equal(rig_in(&f->r, R_QUEUE_NUM_MAX), 0);
	assert_int_equal(rig_config(&f->r, 0, 4), 0);
	assert_int_equal(rig_config(&f->r, 8, 4), 1);
	assert_int_equal(rig_config(&f->r, 12, 4), 0);
}

static void test_display_info_names_the_size(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	assert_int_equal(gpu_send(f, CONTROL, C_DISPLAY_INFO, 0, 0, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(f->answer_size, 24 + 16 * 24);
	const u32 expected[6] = { 0, 0, GPU_WIDTH, GPU_HEIGHT, 1, 0 };
	assert_memory_equal(f->answer + 24, expected, sizeof(expected));
	for (u32 i = 1; i < 16; i++)
		assert_int_equal(gpu_word(f, 24 + 24 * i + 16), 0);
}

static void test_edid_prefers_the_size(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	assert_int_equal(gpu_do(f, C_EDID, 0, 0), OK_EDID);
	assert_int_equal(f->answer_size, 24 + 8 + 1024);
	assert_int_equal(gpu_word(f, 24), 128);
	const u8 *edid = f->answer + 32, header[8] = { 0, 255, 255, 255, 255, 255, 255, 0 };
	u8 sum = 0;
	for (u32 i = 0; i < 128; i++)
		sum = (u8)(sum + edid[i]);
	assert_int_equal(sum, 0);
	assert_memory_equal(edid, header, sizeof(header));
	assert_int_equal(edid[54 + 2] | edid[54 + 4] >> 4 << 8, GPU_WIDTH);
	assert_int_equal(edid[54 + 5] | edid[54 + 7] >> 4 << 8, GPU_HEIGHT);
	u32 lines = GPU_HEIGHT + (edid[54 + 6] | (edid[54 + 7] & 15u) << 8);
	u32 pixels = GPU_WIDTH + (edid[54 + 3] | (edid[54 + 4] & 15u) << 8);
	u32 clock_hz = (edid[54] | (u32)edid[55] << 8) * 10000;
	assert_in_range(clock_hz / (lines * pixels), 59, 60);
	assert_int_equal(gpu_do(f, C_EDID, 1, 0), E_PARAMETER);
}

/* Colours 0x112233, alpha 0x44, in each order of bytes. Cursors have alpha, whatever the format says. */
static void test_every_format_is_shown_right(void **state)
{
	static const struct {
		u32 format;
		u8 bytes[4];
	} formats[] = {
		{ BGRA, { 0x33, 0x22, 0x11, 0x44 } }, { BGRX, { 0x33, 0x22, 0x11, 0x44 } },
		{ ARGB, { 0x44, 0x11, 0x22, 0x33 } }, { XRGB, { 0x44, 0x11, 0x22, 0x33 } },
		{ RGBA, { 0x11, 0x22, 0x33, 0x44 } }, { RGBX, { 0x11, 0x22, 0x33, 0x44 } },
		{ ABGR, { 0x44, 0x33, 0x22, 0x11 } }, { XBGR, { 0x44, 0x33, 0x22, 0x11 } },
	};
	struct gpu_fixture *f = *state;
	gpu_start(f);
	u64 pa = rig_alloc(&f->r, 64 * 64 * 4);
	for (u32 i = 0; i < ARRAY_SIZE(formats); i++) {
		struct virtio_gpu_cursor cursor;
		u32 serial;
		rig_put(&f->r, pa + 4, formats[i].bytes, 4);
		gpu_make(f, i + 1, formats[i].format, 64, 64, pa);
		assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, 64, 64, 0, 0, i + 1, 0), OK_NODATA);
		assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 64, 64, 0, i + 1), OK_NODATA);
		assert_int_equal(gpu_pixel(f, 1, 0), 0x112233);
		assert_int_equal(gpu_pixel(f, 0, 0), 0);
		assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 0, 0, 0, i + 1, 0, 0, 0), OK_NODATA);
		assert_true(virtio_gpu_cursor(f->gpu, &cursor, &serial));
		assert_int_equal(cursor.pixels[1], 0x44112233);
	}
}

static void test_what_is_drawn_is_seen_after_transfer_and_flush(void **state)
{
	struct gpu_fixture *f = *state;
	u32 first, count;
	start_with_picture(f);
	assert_int_equal(gpu_pixel(f, 5, 7), 0);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, SIDE, SIDE, 0, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_pixel(f, 5, 7), 7 * SIDE + 5);
	assert_int_equal(gpu_pixel(f, SIDE - 1, SIDE - 1), SIDE * SIDE - 1);
	assert_false(virtio_gpu_is_dirty(f->gpu));
	assert_int_equal(gpu_do(f, C_FLUSH, 3, 4, 5, 6, 1, 0), OK_NODATA);
	assert_true(virtio_gpu_is_dirty(f->gpu));
	assert_int_equal(gpu_do(f, C_FLUSH, 0, 20, 1, 2, 1, 0), OK_NODATA);
	assert_true(virtio_gpu_take_dirty(f->gpu, &first, &count));
	assert_int_equal(first, 4);
	assert_int_equal(count, 18);
	assert_false(virtio_gpu_is_dirty(f->gpu));
	assert_false(virtio_gpu_take_dirty(f->gpu, &first, &count));
}

static void test_a_part_is_transferred_from_its_offset(void **state)
{
	struct gpu_fixture *f = *state;
	start_with_picture(f);
	u32 offset = (8 * SIDE + 4) * 4;
	assert_int_equal(gpu_do(f, C_TRANSFER, 4, 8, 3, 2, offset, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_pixel(f, 4, 8), 8 * SIDE + 4);
	assert_int_equal(gpu_pixel(f, 6, 9), 9 * SIDE + 6);
	assert_int_equal(gpu_pixel(f, 3, 8), 0);
	assert_int_equal(gpu_pixel(f, 7, 8), 0);
	assert_int_equal(gpu_pixel(f, 4, 7), 0);
	assert_int_equal(gpu_pixel(f, 4, 10), 0);
}

/* Pieces of all sizes, some of them nothing, some not of whole pixels; the list itself in two buffers. */
static void test_backing_may_be_in_pieces(void **state)
{
	static const u32 sizes[] = { 4, 0, 1, 3, 130, 2, 0, 1000, 956, 2000 }; /* SIDE * SIDE * 4 in all */
	struct gpu_fixture *f = *state;
	u32 entries[ARRAY_SIZE(sizes)][4];
	u8 picture[SIDE * SIDE * 4];
	u32 at = 0;
	gpu_start(f);
	for (u32 i = 0; i < sizeof(picture); i++)
		picture[i] = (u8)(i % 4 == 3 ? 0 : i * 7);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 pa = rig_alloc(&f->r, sizes[i] + 64u) + i;
		u32 size = i + 1 < ARRAY_SIZE(sizes) ? sizes[i] : (u32)sizeof(picture) - at;
		if (i + 1 == ARRAY_SIZE(sizes))
			pa = rig_alloc(&f->r, size);
		rig_put(&f->r, pa, picture + at, size);
		memcpy(entries[i], (u32[]){ (u32)pa, (u32)(pa >> 32), size, 0 }, 16);
		at += size;
	}
	assert_int_equal(gpu_do(f, C_CREATE, 1, BGRX, SIDE, SIDE), OK_NODATA);
	const u32 head[8] = { C_ATTACH, 0, 0, 0, 0, 0, 1, ARRAY_SIZE(sizes) };
	u64 command = rig_bytes(&f->r, head, sizeof(head)), list = rig_bytes(&f->r, entries, sizeof(entries));
	rig_send(&f->r, CONTROL,
	         (struct rig_piece[]){ { command, 10, false },
	                               { command + 10, 22, false },
	                               { list, 33, false },
	                               { list + 33, sizeof(entries) - 33, false },
	                               { f->response, 24, true } },
	         5);
	assert_int_equal(gpu_answer(f, CONTROL), OK_NODATA);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, SIDE, SIDE, 0, 1), OK_NODATA);
	assert_int_equal(gpu_do(f, C_TRANSFER, 1, 0, SIDE - 1, SIDE, 4, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, 1, SIDE, 0, 0, 1, 0), OK_NODATA);
	for (u32 i = 0; i < SIDE * SIDE; i++) {
		u32 pixel;
		memcpy(&pixel, picture + 4ull * i, 4);
		assert_int_equal(gpu_pixel(f, i % SIDE, i / SIDE), pixel);
	}
}

static void test_scanout_may_be_a_part_and_may_be_switched_off(void **state)
{
	struct gpu_fixture *f = *state;
	struct virtio_gpu_picture picture;
	u32 first, count;
	start_with_picture(f);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, SIDE, SIDE, 0, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 8, 10, 16, 20, 0, 1), OK_NODATA);
	assert_true(virtio_gpu_picture(f->gpu, &picture));
	assert_int_equal(picture.width, 16);
	assert_int_equal(picture.height, 20);
	assert_int_equal(picture.stride, SIDE * 4);
	assert_int_equal(gpu_pixel(f, 0, 0), 10 * SIDE + 8);
	assert_true(virtio_gpu_take_dirty(f->gpu, &first, &count));
	assert_int_equal(first, 0);
	assert_int_equal(count, 20);
	assert_int_equal(gpu_do(f, C_FLUSH, 0, 0, 8, SIDE, 1, 0), OK_NODATA);  /* beside it */
	assert_int_equal(gpu_do(f, C_FLUSH, 0, 0, SIDE, 10, 1, 0), OK_NODATA); /* above it */
	assert_int_equal(gpu_do(f, C_FLUSH, 0, 30, SIDE, 2, 1, 0), OK_NODATA); /* below it */
	assert_false(virtio_gpu_is_dirty(f->gpu));
	assert_int_equal(gpu_do(f, C_FLUSH, 0, 5, SIDE, 7, 1, 0), OK_NODATA);
	assert_true(virtio_gpu_take_dirty(f->gpu, &first, &count));
	assert_int_equal(first, 0);
	assert_int_equal(count, 2);
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, 0, 0, 0, 0), OK_NODATA);
	assert_false(virtio_gpu_picture(f->gpu, &picture));
	assert_true(virtio_gpu_is_dirty(f->gpu));
	assert_false(virtio_gpu_take_dirty(f->gpu, &first, &count));
	assert_false(virtio_gpu_is_dirty(f->gpu));
}

static void test_page_flips_show_the_other_page_whole(void **state)
{
	struct gpu_fixture *f = *state;
	u32 first, count;
	u64 pa = start_with_picture(f);
	gpu_make(f, 2, BGRX, SIDE, SIDE, pa);
	rig_store(&f->r, pa, 4, 0xabcdef);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, SIDE, SIDE, 0, 0, 2, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_FLUSH, 0, 0, SIDE, SIDE, 2, 0), OK_NODATA);
	assert_false(virtio_gpu_is_dirty(f->gpu)); /* it is not on the screen */
	assert_int_equal(gpu_do(f, C_SET_SCANOUT, 0, 0, SIDE, SIDE, 0, 2), OK_NODATA);
	assert_true(virtio_gpu_take_dirty(f->gpu, &first, &count));
	assert_int_equal(count, SIDE);
	assert_int_equal(gpu_pixel(f, 0, 0), 0xabcdef);
}

static void test_unref_switches_its_scanout_off(void **state)
{
	struct gpu_fixture *f = *state;
	struct virtio_gpu_picture picture;
	start_with_picture(f);
	assert_int_equal(gpu_do(f, C_UNREF, 1, 0), OK_NODATA);
	assert_false(virtio_gpu_picture(f->gpu, &picture));
	assert_true(virtio_gpu_is_dirty(f->gpu));
	assert_int_equal(gpu_do(f, C_UNREF, 1, 0), E_RESOURCE);
}

static void test_cursor_comes_moves_and_goes(void **state)
{
	struct gpu_fixture *f = *state;
	struct virtio_gpu_cursor cursor;
	u32 before, after;
	gpu_start(f);
	u64 pa = rig_alloc(&f->r, 64 * 64 * 4);
	rig_store(&f->r, pa + 64 * 64 * 4 - 4, 4, 0x80123456);
	gpu_make(f, 1, BGRA, 64, 64, pa);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, 64, 64, 0, 0, 1, 0), OK_NODATA);
	assert_false(virtio_gpu_cursor(f->gpu, &cursor, &before));
	assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 100, 200, 0, 1, 3, 4, 0), OK_NODATA);
	assert_true(virtio_gpu_cursor(f->gpu, &cursor, &after));
	assert_int_not_equal(before, after);
	assert_int_equal(cursor.x, 100);
	assert_int_equal(cursor.y, 200);
	assert_int_equal(cursor.pixels[64 * 64 - 1], 0x80123456);
	assert_int_equal(gpu_do(f, C_MOVE_CURSOR, 0, (u32)-5, 7, 0, 0, 0, 0, 0), OK_NODATA);
	assert_true(virtio_gpu_cursor(f->gpu, &cursor, &before));
	assert_int_not_equal(before, after);
	assert_int_equal(cursor.x, -5);
	assert_int_equal(cursor.y, 7);
	assert_int_equal(gpu_do(f, C_UNREF, 1, 0), OK_NODATA); /* its image was copied */
	assert_true(virtio_gpu_cursor(f->gpu, &cursor, &before));
	assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0, 0, 0), OK_NODATA);
	assert_false(virtio_gpu_cursor(f->gpu, &cursor, &after));
	assert_int_not_equal(before, after);
}

/* Linux gives the cursor's commands no room for a response. */
static void test_cursor_commands_need_no_room(void **state)
{
	struct gpu_fixture *f = *state;
	struct virtio_gpu_cursor cursor;
	u32 serial;
	gpu_start(f);
	const u32 move[14] = { C_MOVE_CURSOR, 0, 0, 0, 0, 0, 0, 11, 12 };
	u64 pa = rig_bytes(&f->r, move, sizeof(move));
	u16 head = rig_send(&f->r, CURSOR, &(struct rig_piece){ pa, sizeof(move), false }, 1);
	assert_int_equal(rig_expect_used(&f->r, CURSOR, head), 0);
	assert_false(virtio_gpu_cursor(f->gpu, &cursor, &serial));
	assert_int_equal(cursor.x, 11);
	assert_int_equal(cursor.y, 12);
}

static void test_fences_come_back(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	assert_int_equal(gpu_send(f, CONTROL, C_DISPLAY_INFO, G_FENCE, 0x123456789a, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(gpu_word(f, 4), G_FENCE);
	assert_int_equal(gpu_word(f, 8), 0x3456789a);
	assert_int_equal(gpu_word(f, 12), 0x12);
	assert_int_equal(gpu_send(f, CONTROL, 0x999, G_FENCE, 7, NULL, 0), E_UNSPEC); /* errors too */
	assert_int_equal(gpu_word(f, 4), G_FENCE);
	assert_int_equal(gpu_word(f, 8), 7);
	assert_int_equal(gpu_send(f, CONTROL, C_DISPLAY_INFO, 0, 9, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(gpu_word(f, 4), 0);
	assert_int_equal(gpu_word(f, 8), 0);
}

static void test_another_size_is_told(void **state)
{
	struct gpu_fixture *f = *state;
	gpu_start(f);
	u32 generation = rig_in(&f->r, R_CONFIG_GENERATION);
	virtio_gpu_resize(f->gpu, GPU_WIDTH, GPU_HEIGHT); /* it is no other */
	assert_int_equal(rig_ack(&f->r), 0);
	virtio_gpu_resize(f->gpu, 1000, 700);
	assert_int_equal(rig_ack(&f->r), I_CONFIG);
	assert_int_not_equal(rig_in(&f->r, R_CONFIG_GENERATION), generation);
	assert_int_equal(rig_config(&f->r, 0, 4), 1);
	rig_store(&f->r, RIG_BASE + R_CONFIG + 0, 4, 0); /* not the driver's to write */
	assert_int_equal(rig_config(&f->r, 0, 4), 1);
	rig_store(&f->r, RIG_BASE + R_CONFIG + 4, 4, 1);
	assert_int_equal(rig_config(&f->r, 0, 4), 0);
	assert_int_equal(rig_config(&f->r, 4, 4), 0);
	assert_int_equal(gpu_send(f, CONTROL, C_DISPLAY_INFO, 0, 0, NULL, 0), OK_DISPLAY_INFO);
	assert_int_equal(gpu_word(f, 24 + 8), 1000);
	assert_int_equal(gpu_word(f, 24 + 12), 700);
	/* EDID's numbers have 12 bits. */
	virtio_gpu_resize(f->gpu, 4096, 700);
	assert_int_equal(gpu_do(f, C_EDID, 0, 0), E_UNSPEC);
}

static void test_reset_forgets_everything(void **state)
{
	struct gpu_fixture *f = *state;
	struct virtio_gpu_picture picture;
	start_with_picture(f);
	rig_out(&f->r, R_STATUS, 0);
	assert_false(virtio_gpu_picture(f->gpu, &picture));
	gpu_start(f);
	assert_int_equal(gpu_do(f, C_CREATE, 1, BGRX, 16, 16), OK_NODATA);
}

static void test_snapshot_has_pictures_scanout_and_cursor(void **state)
{
	struct gpu_fixture *f = *state;
	struct state_memory *m = xcalloc(1, sizeof(*m));
	struct virtio_gpu_cursor cursor;
	u32 first, count, serial;
	u64 pa = start_with_picture(f);
	gpu_make(f, 7, ABGR, 64, 64, rig_alloc(&f->r, 64 * 64 * 4));
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, SIDE, SIDE, 0, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 1, 2, 0, 7, 3, 4, 0), OK_NODATA);
	virtio_gpu_resize(f->gpu, 640, 480);
	struct state s = state_saving(m);
	virtio_gpu_state(&s, f->gpu);
	assert_true(state_ok(&s));
	assert_int_equal(gpu_do(f, C_UNREF, 1, 0), OK_NODATA);
	assert_int_equal(gpu_do(f, C_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0, 0, 0), OK_NODATA);
	virtio_gpu_take_dirty(f->gpu, &first, &count);
	u16 used[2] = { f->r.queues[0].next_used, f->r.queues[1].next_used };
	s = state_loading(m);
	virtio_gpu_state(&s, f->gpu);
	assert_true(state_ok(&s));
	assert_int_equal(m->at, m->size);
	assert_int_equal(gpu_pixel(f, 5, 7), 7 * SIDE + 5);
	assert_true(virtio_gpu_take_dirty(f->gpu, &first, &count));
	assert_int_equal(count, SIDE);
	assert_true(virtio_gpu_cursor(f->gpu, &cursor, &serial));
	assert_int_equal(cursor.x, 1);
	assert_int_equal(rig_config(&f->r, 0, 4), 1);
	/* The device is behind the driver now by a command each. */
	rig_store(&f->r, f->r.queues[0].avail + 2, 2, f->r.queues[0].next_avail -= 1);
	rig_store(&f->r, f->r.queues[1].avail + 2, 2, f->r.queues[1].next_avail -= 1);
	f->r.queues[0].next_used = (u16)(used[0] - 1);
	f->r.queues[1].next_used = (u16)(used[1] - 1);
	rig_store(&f->r, pa, 4, 0x777777);
	assert_int_equal(gpu_do(f, C_TRANSFER, 0, 0, 1, 1, 0, 0, 1, 0), OK_NODATA);
	assert_int_equal(gpu_pixel(f, 0, 0), 0x777777);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_is_a_gpu_with_one_display_and_edid, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_display_info_names_the_size, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_edid_prefers_the_size, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_every_format_is_shown_right, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_drawn_is_seen_after_transfer_and_flush, gpu_setup,
		                                gpu_teardown),
		cmocka_unit_test_setup_teardown(test_a_part_is_transferred_from_its_offset, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_backing_may_be_in_pieces, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_scanout_may_be_a_part_and_may_be_switched_off, gpu_setup,
		                                gpu_teardown),
		cmocka_unit_test_setup_teardown(test_page_flips_show_the_other_page_whole, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_unref_switches_its_scanout_off, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_cursor_comes_moves_and_goes, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_cursor_commands_need_no_room, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_fences_come_back, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_another_size_is_told, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_reset_forgets_everything, gpu_setup, gpu_teardown),
		cmocka_unit_test_setup_teardown(test_snapshot_has_pictures_scanout_and_cursor, gpu_setup, gpu_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
