/*
 * The framebuffer under guests: somebody who copies only the rows that are told of has the same picture as the guest,
 * to the pixel, at any moment; also when the guest runs out of it, and after a snapshot.
 */
#include "devices/framebuffer.h"

#include <stdlib.h>
#include <string.h>

#include "devices/memmap.h"
#include "emu/snapshot.h"
#include "tests/unit/machine_rig.h"

#define SCREEN "--screen 100x90,gpu=off,pointer=none "
#define SIZE (100 * 90 * 4)
#define SLICES 1500

static struct machine_rig rig, other;

/* What is seen: only rows that are told of are copied. */
static u8 seen[SIZE];

static u32 rv_r(u32 funct7, u32 funct3, u32 rd, u32 rs1, u32 rs2)
{
	return funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x33;
}

static u32 rv_xor(u32 rd, u32 rs1, u32 rs2)
{
	return rv_r(0, 4, rd, rs1, rs2);
}

static u32 rv_add(u32 rd, u32 rs1, u32 rs2)
{
	return rv_r(0, 0, rd, rs1, rs2);
}

static u32 rv_and(u32 rd, u32 rs1, u32 rs2)
{
	return rv_r(0, 7, rd, rs1, rs2);
}

static u32 rv_srli(u32 rd, u32 rs1, u32 shift)
{
	return rv_i(0x13, 5, rd, rs1, (s32)shift);
}

static u32 rv_andi(u32 rd, u32 rs1, s32 imm)
{
	return rv_i(0x13, 7, rd, rs1, imm);
}

#define RV_CBO_ZERO(rs1) (4u << 20 | (rs1) << 15 | 2u << 12 | 0x0f)
#define RV_FENCE_I 0x0000100fu

static void run_for(struct machine_rig *r, u64 steps)
{
	r->config.max_insns = steps;
	assert_int_equal(run_machine(r->m, NULL), RUN_LIMIT);
}

/* Copies what is told of, and compares. */
static void look(struct machine_rig *r)
{
	struct framebuffer *fb = r->m->framebuffer;
	const u8 *pixels = framebuffer_pixels(fb);
	u32 first, count;
	bool was_dirty = framebuffer_is_dirty(fb);

	assert_int_equal(framebuffer_take_dirty(fb, &first, &count), was_dirty);
	if (was_dirty)
		memcpy(seen + first * fb->stride, pixels + first * fb->stride, count * fb->stride);
	assert_memory_equal(seen, pixels, SIZE);
	assert_false(framebuffer_is_dirty(fb));
}

/* Stores of all kinds at random places, from a seed that is the hart's. */
static void start_scribbler(struct machine_rig *r, const char *options)
{
	char line[256];
	const u32 guest[] = {
		rv_lui(RV_A1, MEMMAP_FRAMEBUFFER_BASE >> 12),
		rv_addi(RV_T1, RV_A0, 77),
		rv_lui(RV_A2, 8),
		rv_addi(RV_A2, RV_A2, -1),
		rv_slli(RV_T2, RV_T1, 13), /* loop: xorshift */
		rv_xor(RV_T1, RV_T1, RV_T2),
		rv_srli(RV_T2, RV_T1, 7),
		rv_xor(RV_T1, RV_T1, RV_T2),
		rv_slli(RV_T2, RV_T1, 17),
		rv_xor(RV_T1, RV_T1, RV_T2),
		rv_srli(RV_T2, RV_T1, 20),
		rv_and(RV_T2, RV_T2, RV_A2),
		rv_add(RV_A3, RV_A1, RV_T2),
		rv_lbu(RV_T2, RV_A3, 1024),
		rv_sd(RV_T1, RV_A3, 0), /* misaligned, and now and then across pages */
		rv_sb(RV_T1, RV_A3, 2047),
		rv_andi(RV_A3, RV_A3, -8),
		rv_sw(RV_T1, RV_A3, 64),
		rv_amoadd_d(RV_T2, RV_T1, RV_A3),
		rv_lr_d(RV_T2, RV_A3),
		rv_sc_d(RV_T2, RV_T1, RV_A3),
		rv_srli(RV_T2, RV_T1, 50),
		rv_andi(RV_T2, RV_T2, 7),
		rv_bne(RV_T2, RV_ZERO, 8),
		RV_CBO_ZERO(RV_A3),
		rv_jal(RV_ZERO, -84),
	};

	snprintf(line, sizeof(line), SCREEN "-m 64K %s", options);
	memset(seen, 0xee, sizeof(seen));
	rig_start(r, line, guest, ARRAY_SIZE(guest));
}

static void test_scribbling_is_seen(void **state)
{
	static const char *const options[] = { "", "--smp 3 --quantum 7", "--tlb rocket", "--tlb adversarial",
		                               "--smp 2 --core u74" };
	(void)state;

	for (u32 i = 0; i < ARRAY_SIZE(options); i++) {
		u32 random = 1;

		start_scribbler(&rig, options[i]);
		for (u32 slice = 0; slice < SLICES; slice++) {
			random = random * 1103515245 + 12345;
			run_for(&rig, 1 + (random >> 16) % 300);
			look(&rig);
		}
		rig_free(&rig);
	}
}

static void test_fast_and_slow_accesses_leave_the_same_picture(void **state)
{
	(void)state;

	start_scribbler(&rig, "");
	start_scribbler(&other, "");
	mmu_set_all_slow(&other.m->harts[0]->mmu, true);
	for (u32 slice = 0; slice < 200; slice++) {
		run_for(&rig, 500);
		run_for(&other, 500);
		look(&rig);
	}
	assert_memory_equal(seen, framebuffer_pixels(other.m->framebuffer), SIZE);
	memset(seen, 0, sizeof(seen));
	look(&other);
	rig_free(&rig);
	rig_free(&other);
}

static void test_code_in_the_framebuffer_runs_and_changes(void **state)
{
	/* Puts `addi a0, zero, N; ret` there and calls it, for N = 1, 2, ...; a3 sums up what came back. */
	const u32 guest[] = {
		rv_lui(RV_A1, MEMMAP_FRAMEBUFFER_BASE >> 12),
		rv_lui(RV_T0, 0x8), /* ret is 0x8067 */
		rv_addi(RV_T0, RV_T0, 0x67),
		rv_sw(RV_T0, RV_A1, 4),
		rv_addi(RV_A3, RV_ZERO, 0),
		rv_addi(RV_T1, RV_ZERO, 0),
		rv_addi(RV_T1, RV_T1, 1), /* loop */
		rv_andi(RV_T1, RV_T1, 1023),
		rv_slli(RV_T2, RV_T1, 20),
		rv_addi(RV_T2, RV_T2, 0x513),
		rv_sw(RV_T2, RV_A1, 0),
		rv_sw(RV_T2, RV_A1, 128), /* beside the code, in its page */
		RV_FENCE_I,
		rv_i(0x67, 0, RV_RA, RV_A1, 0),
		rv_bne(RV_A0, RV_T1, 8),
		rv_jal(RV_ZERO, -36),
		RV_ILLEGAL,
	};
	(void)state;

	memset(seen, 0xee, sizeof(seen));
	rig_start(&rig, SCREEN "-m 64K", guest, ARRAY_SIZE(guest));
	for (u32 slice = 0; slice < 500; slice++) {
		const struct hart *h = rig.m->harts[0];

		run_for(&rig, 1 + slice % 97);
		look(&rig);
		assert_int_equal(h->csr.mcause, 0);
	}
	assert_true(rig.m->harts[0]->x[RV_T1] > 500);
	rig_free(&rig);
}

static void test_snapshot_brings_the_picture_back_all_dirty(void **state)
{
	char path[] = "/tmp/framebuffer_guest_test.XXXXXX";
	int fd = mkstemp(path);
	u32 first, count;
	(void)state;

	assert_true(fd >= 0);
	close(fd);
	start_scribbler(&rig, "");
	run_for(&rig, 10000);
	look(&rig);
	run_for(&rig, 100);
	if (!snapshot_save(rig.m, path, &rig.err))
		fail_msg("%s", rig.err.text);
	start_scribbler(&other, "");
	look(&other);
	if (!snapshot_load(other.m, path, &other.err))
		fail_msg("%s", other.err.text);
	assert_true(framebuffer_take_dirty(other.m->framebuffer, &first, &count));
	assert_true(first == 0 && count == 90);
	memset(seen, 0xee, sizeof(seen));
	memcpy(seen, framebuffer_pixels(rig.m->framebuffer), SIZE);
	look(&other);
	for (u32 slice = 0; slice < 100; slice++) {
		run_for(&rig, 77);
		run_for(&other, 77);
		look(&other);
		assert_memory_equal(seen, framebuffer_pixels(rig.m->framebuffer), SIZE);
	}
	rig_free(&other);
	rig_start(&other, "-m 64K", (const u32[]){ RV_WFI }, 1);
	assert_false(snapshot_load(other.m, path, &other.err));
	assert_non_null(strstr(other.err.text, "framebuffer"));
	rig_free(&other);
	rig_free(&rig);
	unlink(path);
}

static void test_without_a_screen_there_is_none(void **state)
{
	static const char *const options[] = { "-m 64K", "-m 64K --screen simple=off,gpu=off" };
	const u32 guest[] = { RV_WFI };
	(void)state;

	for (u32 i = 0; i < ARRAY_SIZE(options); i++) {
		rig_start(&rig, options[i], guest, 1);
		assert_null(rig.m->framebuffer);
		assert_null(bus_find(&rig.m->bus, MEMMAP_FRAMEBUFFER_BASE));
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scribbling_is_seen),
		cmocka_unit_test(test_fast_and_slow_accesses_leave_the_same_picture),
		cmocka_unit_test(test_code_in_the_framebuffer_runs_and_changes),
		cmocka_unit_test(test_snapshot_brings_the_picture_back_all_dirty),
		cmocka_unit_test(test_without_a_screen_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
