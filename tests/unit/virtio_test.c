/*
 * devices/virtio.c: registers, status, features, interrupts, configuration space, snapshots. The rings are
 * virtqueue_test.c's.
 */
#include "tests/unit/state_memory.h"
#include "tests/unit/virtio_probe.h"

#define ALL_OK (S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK)

/* A request of one byte each way. */
static u16 request(struct probe *p, u32 queue)
{
	u64 pa = rig_alloc(&p->r, 2);
	return rig_send(&p->r, queue, (struct rig_piece[]){ { pa, 1, false }, { pa + 1, 1, true } }, 2);
}

/* --- identity --- */

static void test_identity_registers_are_those_of_a_modern_device(void **state)
{
	struct probe *p = *state;
	assert_int_equal(rig_in(&p->r, R_MAGIC), 0x74726976);
	assert_int_equal(rig_in(&p->r, R_VERSION), 2);
	assert_int_equal(rig_in(&p->r, R_DEVICE_ID), PROBE_ID);
	assert_int_equal(rig_in(&p->r, R_VENDOR_ID), 0x554d4551);
}

static void test_read_only_registers_ignore_writes(void **state)
{
	struct probe *p = *state;
	rig_out(&p->r, R_MAGIC, 1);
	rig_out(&p->r, R_VERSION, 1);
	rig_out(&p->r, R_DEVICE_ID, 1);
	rig_out(&p->r, R_QUEUE_NUM_MAX, 1);
	rig_out(&p->r, R_INTERRUPT_STATUS, 3);
	rig_out(&p->r, R_CONFIG_GENERATION, 3);
	test_identity_registers_are_those_of_a_modern_device(state);
	assert_int_equal(rig_in(&p->r, R_QUEUE_NUM_MAX), PROBE_SIZE_MAX);
	assert_int_equal(rig_in(&p->r, R_INTERRUPT_STATUS), 0);
	assert_int_equal(rig_in(&p->r, R_CONFIG_GENERATION), 0);
}

static void test_registers_refuse_other_widths(void **state)
{
	struct probe *p = *state;
	u64 value;
	static const u32 sizes[] = { 1, 2, 8 };
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_false(bus_load(&p->r.bus, RIG_BASE + R_MAGIC, sizes[i], &value));
		assert_false(bus_store(&p->r.bus, RIG_BASE + R_STATUS, sizes[i], S_ACKNOWLEDGE));
	}
	assert_int_equal(rig_in(&p->r, R_STATUS), 0);
}

static void test_registers_that_do_not_exist_read_as_zero(void **state)
{
	struct probe *p = *state;
	for (u32 reg = 0; reg < R_CONFIG; reg += 4) {
		bool known = reg <= R_DEVICE_FEATURES || reg == R_QUEUE_NUM_MAX ||
		             (reg >= R_SHM_LEN_LOW && reg < R_SHM_LEN_LOW + 16);
		if (!known)
			assert_int_equal(rig_in(&p->r, (enum rig_register)reg), 0);
	}
}

static void test_shared_memory_regions_do_not_exist(void **state)
{
	struct probe *p = *state;
	rig_out(&p->r, R_SHM_SEL, 0);
	for (u32 i = 0; i < 16; i += 4)
		assert_int_equal(rig_in(&p->r, (enum rig_register)(R_SHM_LEN_LOW + i)), 0xffffffff);
}

static void test_an_empty_slot_has_device_id_zero(void **state)
{
	struct probe *p = *state;
	struct error err = { "" };
	u64 base = RIG_BASE + 0x1000;
	assert_true(virtio_create_empty(&p->r.bus, RIG_SLOT + 1, &err));
	assert_int_equal(rig_load(&p->r, base + R_MAGIC, 4), 0x74726976);
	assert_int_equal(rig_load(&p->r, base + R_VERSION, 4), 2);
	assert_int_equal(rig_load(&p->r, base + R_DEVICE_ID, 4), 0);
	rig_store(&p->r, base + R_STATUS, 4, S_ACKNOWLEDGE);
	assert_int_equal(rig_load(&p->r, base + R_STATUS, 4), 0);
	assert_int_equal(rig_load(&p->r, base + R_CONFIG, 1), 0);
	assert_false(bus_store(&p->r.bus, base + R_STATUS, 1, 0));
}

static void test_a_slot_that_is_taken_or_missing_is_refused(void **state)
{
	struct probe *p = *state;
	struct error err = { "" };
	assert_false(virtio_create_empty(&p->r.bus, RIG_SLOT, &err));
	assert_non_null(strstr(err.text, "overlaps"));
	assert_null(virtio_create(&p->r.bus, 8, rig_irq(&p->r), &p->model, p, NULL, NULL, 0, &err));
	assert_string_equal(err.text, "probe: there are only 8 virtio slots");
}

/* --- status and features --- */

static void test_offered_features_are_the_models_and_the_transports(void **state)
{
	struct probe *p = *state;
	assert_int_equal(rig_offered(&p->r), F_VERSION_1 | F_INDIRECT | F_EVENT_IDX | 1 << PROBE_FEATURE);
	rig_out(&p->r, R_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(rig_in(&p->r, R_DEVICE_FEATURES), 0);
	rig_out(&p->r, R_DEVICE_FEATURES_SEL, 0xffffffff);
	assert_int_equal(rig_in(&p->r, R_DEVICE_FEATURES), 0);
}

static void test_every_offered_feature_may_be_left_out(void **state)
{
	struct probe *p = *state;
	assert_true(rig_negotiate(&p->r, rig_offered(&p->r)));
	assert_true(virtio_has(p->v, PROBE_FEATURE));
	assert_true(virtio_has(p->v, 29));
	assert_true(rig_negotiate(&p->r, F_VERSION_1));
	assert_false(virtio_has(p->v, PROBE_FEATURE));
	assert_false(virtio_has(p->v, 29));
	assert_true(virtio_has(p->v, 32));
	assert_true(rig_negotiate(&p->r, 0)); /* as xv6 does */
	assert_true(rig_negotiate(&p->r, F_INDIRECT | F_EVENT_IDX));
	assert_true(virtio_has(p->v, 28));
	assert_false(virtio_has(p->v, 32));
}

static void test_each_feature_that_is_not_offered_is_rejected(void **state)
{
	struct probe *p = *state;
	u64 offered = rig_offered(&p->r);
	for (u32 bit = 0; bit < 64; bit++)
		assert_int_equal(rig_negotiate(&p->r, F_VERSION_1 | BIT(bit)), offered >> bit & 1);
}

static void test_features_beyond_bit_63_are_rejected(void **state)
{
	struct probe *p = *state;
	rig_out(&p->r, R_DRIVER_FEATURES_SEL, 1);
	rig_out(&p->r, R_DRIVER_FEATURES, F_VERSION_1 >> 32);
	rig_out(&p->r, R_DRIVER_FEATURES_SEL, 2);
	rig_out(&p->r, R_DRIVER_FEATURES, 1);
	rig_out(&p->r, R_STATUS, S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK);
	assert_int_equal(rig_in(&p->r, R_STATUS), S_ACKNOWLEDGE | S_DRIVER);
	assert_true(rig_negotiate(&p->r, F_VERSION_1)); /* a reset forgets it */
}

static void test_a_rejected_driver_may_try_other_features(void **state)
{
	struct probe *p = *state;
	assert_false(rig_negotiate(&p->r, F_VERSION_1 | 1));
	rig_out(&p->r, R_DRIVER_FEATURES_SEL, 0);
	rig_out(&p->r, R_DRIVER_FEATURES, 0);
	rig_out(&p->r, R_STATUS, S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK);
	assert_true(rig_in(&p->r, R_STATUS) & S_FEATURES_OK);
}

static void test_features_are_fixed_by_features_ok(void **state)
{
	struct probe *p = *state;
	assert_true(rig_negotiate(&p->r, F_VERSION_1));
	rig_out(&p->r, R_DRIVER_FEATURES_SEL, 0);
	rig_out(&p->r, R_DRIVER_FEATURES, 1 << PROBE_FEATURE);
	assert_false(virtio_has(p->v, PROBE_FEATURE));
}

static void test_features_mean_nothing_before_features_ok(void **state)
{
	struct probe *p = *state;
	rig_out(&p->r, R_DRIVER_FEATURES, 1 << PROBE_FEATURE);
	assert_false(virtio_has(p->v, PROBE_FEATURE));
}

static void test_status_bits_are_not_cleared_by_writing_fewer(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	rig_out(&p->r, R_STATUS, S_ACKNOWLEDGE);
	assert_int_equal(rig_in(&p->r, R_STATUS), ALL_OK);
	rig_out(&p->r, R_STATUS, S_FAILED);
	assert_int_equal(rig_in(&p->r, R_STATUS), ALL_OK | S_FAILED);
}

static void test_the_driver_cannot_set_needs_reset_or_unknown_bits(void **state)
{
	struct probe *p = *state;
	rig_out(&p->r, R_STATUS, 0xffffff00 | S_NEEDS_RESET | 0x30 | S_DRIVER);
	assert_int_equal(rig_in(&p->r, R_STATUS), S_DRIVER);
}

static void test_driver_ok_without_features_ok_breaks(void **state)
{
	struct probe *p = *state;
	rig_out(&p->r, R_STATUS, S_ACKNOWLEDGE | S_DRIVER | S_DRIVER_OK);
	assert_int_equal(rig_in(&p->r, R_STATUS), S_ACKNOWLEDGE | S_DRIVER | S_NEEDS_RESET);
	assert_false(p->r.irq);
	assert_false(virtio_is_ready(p->v));
}

static void test_all_status_bits_at_once_are_taken_in_order(void **state)
{
	struct probe *p = *state;
	rig_out(&p->r, R_DRIVER_FEATURES_SEL, 1);
	rig_out(&p->r, R_DRIVER_FEATURES, 1);
	rig_out(&p->r, R_STATUS, ALL_OK);
	assert_int_equal(rig_in(&p->r, R_STATUS), ALL_OK);
	assert_true(virtio_is_ready(p->v));
}

static void test_reset_forgets_everything(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 1 << PROBE_FEATURE, 2, 8);
	request(p, 1);
	assert_true(p->r.irq);
	u32 resets = p->resets;
	rig_out(&p->r, R_QUEUE_SEL, 1);
	rig_out(&p->r, R_STATUS, 0);
	assert_int_equal(p->resets, resets + 1);
	assert_false(p->r.irq);
	assert_int_equal(rig_in(&p->r, R_STATUS), 0);
	assert_int_equal(rig_in(&p->r, R_INTERRUPT_STATUS), 0);
	assert_false(virtio_has(p->v, PROBE_FEATURE));
	assert_false(virtio_is_ready(p->v));
	for (u32 i = 0; i < 2; i++) {
		rig_out(&p->r, R_QUEUE_SEL, i);
		assert_int_equal(rig_in(&p->r, R_QUEUE_READY), 0);
	}
	/* The indexes count from 0 again. */
	rig_start(&p->r, 0, 2, 8);
	rig_expect_used(&p->r, 1, request(p, 1));
}

/* --- queues' registers --- */

static void test_queues_that_do_not_exist_have_size_zero(void **state)
{
	struct probe *p = *state;
	static const u32 none[] = { 2, 4, 5, 0x10000, 0xffffffff };
	for (u32 i = 0; i < ARRAY_SIZE(none); i++) {
		rig_out(&p->r, R_QUEUE_SEL, none[i]);
		assert_int_equal(rig_in(&p->r, R_QUEUE_NUM_MAX), 0);
		rig_out(&p->r, R_QUEUE_NUM, 8);
		rig_out(&p->r, R_DESC_LOW, RIG_RAM & 0xffffffff);
		rig_out(&p->r, R_QUEUE_READY, 1);
		assert_int_equal(rig_in(&p->r, R_QUEUE_READY), 0);
	}
	assert_false(rig_is_broken(&p->r));
}

static void test_a_live_queue_keeps_its_size_and_addresses(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	struct rig_queue good = p->r.queues[0];
	p->r.queues[0] = (struct rig_queue){ .size = 3, .desc = 1, .avail = 1, .used = 1 };
	rig_write_queue(&p->r, 0);
	rig_out(&p->r, R_QUEUE_READY, 1);
	p->r.queues[0] = good;
	rig_expect_used(&p->r, 0, request(p, 0));
	assert_false(rig_is_broken(&p->r));
}

static void test_a_queue_made_live_again_keeps_its_indexes(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	rig_expect_used(&p->r, 0, request(p, 0));
	rig_out(&p->r, R_QUEUE_READY, 1);
	assert_false(virtio_pending(p->v, 0));
	rig_expect_used(&p->r, 0, request(p, 0));
}

static void test_a_stopped_queue_takes_nothing_and_starts_anew(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	rig_expect_used(&p->r, 0, request(p, 0));
	rig_out(&p->r, R_QUEUE_READY, 0);
	assert_int_equal(rig_in(&p->r, R_QUEUE_READY), 0);
	u32 notifies = p->notifies[0];
	request(p, 0);
	assert_int_equal(p->notifies[0], notifies);
	assert_false(virtio_pending(p->v, 0));
	assert_int_equal(virtio_next_in_size(p->v, 0), 0);
	assert_false(rig_used(&p->r, 0, NULL, NULL));
	rig_make_queue(&p->r, 0, 16);
	rig_out(&p->r, R_QUEUE_READY, 1);
	rig_expect_used(&p->r, 0, request(p, 0));
	assert_false(rig_used(&p->r, 0, NULL, NULL));
}

static void test_notifying_a_queue_that_is_not_there_does_nothing(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	rig_notify(&p->r, 1); /* exists, is not live */
	rig_notify(&p->r, 2);
	rig_notify(&p->r, 0xffffffff);
	assert_int_equal(p->notifies[0] + p->notifies[1], 0);
	assert_false(rig_is_broken(&p->r));
}

static void test_requests_before_driver_ok_are_served_after_it(void **state)
{
	struct probe *p = *state;
	assert_true(rig_negotiate(&p->r, F_VERSION_1));
	rig_make_queue(&p->r, 0, 8);
	rig_out(&p->r, R_QUEUE_READY, 1);
	u16 head = request(p, 0);
	assert_int_equal(p->notifies[0], 0);
	assert_false(virtio_pending(p->v, 0));
	assert_false(rig_used(&p->r, 0, NULL, NULL));
	assert_false(p->r.irq);
	rig_out(&p->r, R_STATUS, ALL_OK);
	assert_int_equal(p->notifies[0], 1);
	rig_expect_used(&p->r, 0, head);
	assert_int_equal(rig_ack(&p->r), I_USED);
}

/* --- interrupts --- */

static void test_the_line_is_high_until_every_cause_is_acknowledged(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	request(p, 0);
	virtio_config_changed(p->v);
	assert_int_equal(rig_in(&p->r, R_INTERRUPT_STATUS), I_USED | I_CONFIG);
	assert_int_equal(p->r.irq_rises, 1);
	rig_out(&p->r, R_INTERRUPT_ACK, 0xfffffffc);
	assert_int_equal(rig_in(&p->r, R_INTERRUPT_STATUS), I_USED | I_CONFIG);
	rig_out(&p->r, R_INTERRUPT_ACK, I_USED);
	assert_int_equal(rig_in(&p->r, R_INTERRUPT_STATUS), I_CONFIG);
	assert_true(p->r.irq);
	rig_out(&p->r, R_INTERRUPT_ACK, I_CONFIG);
	assert_false(p->r.irq);
}

/* --- the configuration space --- */

static void test_config_reads_at_any_width(void **state)
{
	struct probe *p = *state;
	assert_int_equal(rig_config(&p->r, 0, 8), 0x1716151413121110);
	assert_int_equal(rig_config(&p->r, 4, 4), 0x17161514);
	assert_int_equal(rig_config(&p->r, 2, 2), 0x1312);
	assert_int_equal(rig_config(&p->r, 9, 1), 0x19);
}

static void test_config_behind_its_end_reads_as_zero_and_takes_no_writes(void **state)
{
	struct probe *p = *state;
	assert_int_equal(rig_config(&p->r, 8, 8), 0x1918);
	assert_int_equal(rig_config(&p->r, 16, 4), 0);
	assert_int_equal(rig_config(&p->r, 0xef8, 8), 0);
	rig_store(&p->r, RIG_BASE + R_CONFIG + 16, 4, 0xffffffff);
	rig_store(&p->r, RIG_BASE + 0xff8, 8, 0xffffffff);
	assert_int_equal(p->config_changes, 0);
}

static void test_config_writes_reach_writable_bytes_only(void **state)
{
	struct probe *p = *state;
	rig_store(&p->r, RIG_BASE + R_CONFIG, 8, 0xa7a6a5a4a3a2a1a0);
	assert_int_equal(rig_config(&p->r, 0, 8), 0x1716a5a413121110);
	assert_int_equal(p->config_changes, 1);
	assert_int_equal(p->changed_offset, 0);
	assert_int_equal(p->changed_size, 8);
	rig_store(&p->r, RIG_BASE + R_CONFIG + 5, 1, 0xee);
	assert_int_equal(p->config[5], 0xee);
	assert_int_equal(p->changed_offset, 5);
	rig_store(&p->r, RIG_BASE + R_CONFIG + 6, 2, 0xffff);
	assert_int_equal(p->config_changes, 2);
}

static void test_a_config_change_has_a_new_generation_and_interrupts_a_ready_driver(void **state)
{
	struct probe *p = *state;
	virtio_config_changed(p->v);
	assert_int_equal(rig_in(&p->r, R_CONFIG_GENERATION), 1);
	assert_false(p->r.irq);
	rig_start(&p->r, 0, 1, 8);
	virtio_config_changed(p->v);
	assert_int_equal(rig_in(&p->r, R_CONFIG_GENERATION), 2);
	assert_int_equal(rig_ack(&p->r), I_CONFIG);
}

/* --- breaking --- */

static void test_a_broken_device_stands_still_until_reset(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	virtio_break(p->v, "the test says so");
	virtio_break(p->v, "and again, unheard");
	assert_true(rig_is_broken(&p->r));
	assert_int_equal(rig_ack(&p->r), I_CONFIG);
	assert_int_equal(p->resets, 2);
	assert_false(virtio_is_ready(p->v));
	u32 notifies = p->notifies[0];
	request(p, 0);
	assert_int_equal(p->notifies[0], notifies);
	assert_false(probe_answer(p, 0));
	assert_false(rig_used(&p->r, 0, NULL, NULL));
	rig_start(&p->r, 0, 1, 8);
	rig_expect_used(&p->r, 0, request(p, 0));
}

static void test_a_chain_given_after_the_break_is_not_used(void **state)
{
	struct probe *p = *state;
	rig_start(&p->r, 0, 1, 8);
	p->lazy = true;
	request(p, 0);
	assert_true(virtio_take(p->v, 0, &p->chain));
	virtio_break(p->v, "the test says so");
	virtio_give(p->v, 0, &p->chain, 1);
	assert_false(rig_used(&p->r, 0, NULL, NULL));
	assert_int_equal(rig_ack(&p->r), I_CONFIG);
}

static void test_a_device_broken_before_driver_ok_says_so_then(void **state)
{
	struct probe *p = *state;
	assert_true(rig_negotiate(&p->r, F_VERSION_1));
	rig_make_queue(&p->r, 0, 8);
	rig_out(&p->r, R_QUEUE_NUM, 7);
	rig_out(&p->r, R_QUEUE_READY, 1);
	assert_int_equal(rig_in(&p->r, R_STATUS), S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK | S_NEEDS_RESET);
	assert_false(p->r.irq);
	rig_out(&p->r, R_STATUS, ALL_OK);
	assert_true(rig_is_broken(&p->r));
	assert_true(p->r.irq);
}

/* --- for people, and for snapshots --- */

static void test_description_names_status_and_queues(void **state)
{
	struct probe *p = *state;
	char text[1024], small[40];
	virtio_describe(p->v, text, sizeof(text));
	assert_non_null(strstr(text, "probe, slot 2: reset"));
	assert_non_null(strstr(text, "queue 1: not set up"));
	rig_start(&p->r, 0, 1, 8);
	request(p, 0);
	virtio_describe(p->v, text, sizeof(text));
	assert_non_null(strstr(text, "probe, slot 2: ready"));
	assert_non_null(strstr(text, "queue 0: 8 entries"));
	assert_non_null(strstr(text, "next 1, 0 waiting, 1 used"));
	for (size_t size = 0; size <= sizeof(small); size++) {
		memset(small, 'x', sizeof(small));
		virtio_describe(p->v, small, size);
		if (size)
			assert_true(strlen(small) < size);
		for (size_t i = size; i < sizeof(small); i++)
			assert_int_equal(small[i], 'x');
	}
}

/* The other machine's RAM is a copy, its device restored from the first's. */
static struct probe *restored(struct probe *p, struct state_memory *m)
{
	struct probe *other = probe_make();
	struct state s = state_saving(m);
	virtio_state(&s, p->v);
	assert_true(state_ok(&s));
	s = state_loading(m);
	virtio_state(&s, other->v);
	assert_true(state_ok(&s));
	assert_int_equal(m->at, m->size);
	rig_put(&other->r, RIG_RAM, bus_ram(&p->r.bus, RIG_RAM, RIG_RAM_SIZE), RIG_RAM_SIZE);
	memcpy(other->r.queues, p->r.queues, sizeof(other->r.queues));
	other->r.heap = p->r.heap;
	return other;
}

static void test_a_restored_device_goes_on_where_it_was(void **state)
{
	struct probe *p = *state;
	struct state_memory m;
	rig_start(&p->r, F_EVENT_IDX | 1 << PROBE_FEATURE, 2, 8);
	for (u32 i = 0; i < 11; i++)
		rig_expect_used(&p->r, 1, request(p, 1));
	virtio_config_changed(p->v);
	p->lazy = true;
	u16 head = request(p, 1);
	struct probe *other = restored(p, &m);
	assert_int_equal(rig_in(&other->r, R_STATUS), ALL_OK);
	assert_int_equal(rig_in(&other->r, R_CONFIG_GENERATION), 1);
	assert_int_equal(rig_in(&other->r, R_INTERRUPT_STATUS), rig_in(&p->r, R_INTERRUPT_STATUS));
	assert_int_equal(other->r.irq_rises, 0); /* its listener was restored with the level */
	assert_true(virtio_has(other->v, PROBE_FEATURE));
	assert_true(probe_answer(other, 1));
	rig_expect_used(&other->r, 1, head);
	rig_expect_used(&other->r, 1, request(other, 1));
	rig_out(&other->r, R_INTERRUPT_ACK, I_USED | I_CONFIG);
	assert_int_equal(rig_in(&other->r, R_INTERRUPT_STATUS), 0);
	probe_free(other);
}

static void test_a_snapshot_of_other_features_or_slots_is_refused(void **state)
{
	struct probe *p = *state;
	struct state_memory m;
	struct state s = state_saving(&m);
	virtio_state(&s, p->v);
	p->model.features = 0;
	s = state_loading(&m);
	virtio_state(&s, p->v);
	assert_false(state_ok(&s));
	assert_non_null(strstr(m.err.text, "features"));
}

static void test_a_damaged_snapshot_gives_no_wild_queue(void **state)
{
	struct probe *p = *state;
	struct state_memory m;
	rig_start(&p->r, 0, 2, 8);
	request(p, 0);
	struct state s = state_saving(&m);
	virtio_state(&s, p->v);
	for (size_t i = 0; i < m.size; i++) {
		struct probe *other = probe_make();
		m.bytes[i] ^= 0xff;
		s = state_loading(&m);
		virtio_state(&s, other->v);
		/* Refused, or it works as a device does whose driver did strange things. */
		rig_out(&other->r, R_QUEUE_NOTIFY, 0);
		rig_out(&other->r, R_QUEUE_NOTIFY, 1);
		if (!state_ok(&s))
			assert_string_not_equal(m.err.text, "");
		m.bytes[i] ^= 0xff;
		probe_free(other);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, probe_setup, probe_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity_registers_are_those_of_a_modern_device),
		TEST(read_only_registers_ignore_writes),
		TEST(registers_refuse_other_widths),
		TEST(registers_that_do_not_exist_read_as_zero),
		TEST(shared_memory_regions_do_not_exist),
		TEST(an_empty_slot_has_device_id_zero),
		TEST(a_slot_that_is_taken_or_missing_is_refused),
		TEST(offered_features_are_the_models_and_the_transports),
		TEST(every_offered_feature_may_be_left_out),
		TEST(each_feature_that_is_not_offered_is_rejected),
		TEST(features_beyond_bit_63_are_rejected),
		TEST(a_rejected_driver_may_try_other_features),
		TEST(features_are_fixed_by_features_ok),
		TEST(features_mean_nothing_before_features_ok),
		TEST(status_bits_are_not_cleared_by_writing_fewer),
		TEST(the_driver_cannot_set_needs_reset_or_unknown_bits),
		TEST(driver_ok_without_features_ok_breaks),
		TEST(all_status_bits_at_once_are_taken_in_order),
		TEST(reset_forgets_everything),
		TEST(queues_that_do_not_exist_have_size_zero),
		TEST(a_live_queue_keeps_its_size_and_addresses),
		TEST(a_queue_made_live_again_keeps_its_indexes),
		TEST(a_stopped_queue_takes_nothing_and_starts_anew),
		TEST(notifying_a_queue_that_is_not_there_does_nothing),
		TEST(requests_before_driver_ok_are_served_after_it),
		TEST(the_line_is_high_until_every_cause_is_acknowledged),
		TEST(config_reads_at_any_width),
		TEST(config_behind_its_end_reads_as_zero_and_takes_no_writes),
		TEST(config_writes_reach_writable_bytes_only),
		TEST(a_config_change_has_a_new_generation_and_interrupts_a_ready_driver),
		TEST(a_broken_device_stands_still_until_reset),
		TEST(a_chain_given_after_the_break_is_not_used),
		TEST(a_device_broken_before_driver_ok_says_so_then),
		TEST(description_names_status_and_queues),
		TEST(a_restored_device_goes_on_where_it_was),
		TEST(a_snapshot_of_other_features_or_slots_is_refused),
		TEST(a_damaged_snapshot_gives_no_wild_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
