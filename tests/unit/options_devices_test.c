/*
 * The options that attach devices: what they say, which slot each device gets, and what is refused with what words.
 */
#include "emu/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/options_rig.h"

static void test_drive_has_file_and_switches(void **state)
{
	(void)state;
	expect("--drive file=a,,b.img,readonly=on,format=raw,if=none,id=x --drive c.img,snapshot=on");
	assert_int_equal(config.drive_count, 2);
	assert_string_equal(config.drives[0].path, "a,b.img");
	assert_true(config.drives[0].read_only && !config.drives[0].snapshot);
	assert_string_equal(config.drives[1].path, "c.img");
	assert_true(!config.drives[1].read_only && config.drives[1].snapshot);
	assert_int_equal(config.slots[0].kind, SLOT_BLK);
	assert_int_equal(config.slots[1].kind, SLOT_BLK);
	assert_int_equal(config.slots[1].index, 1);
	assert_int_equal(config.slots[2].kind, SLOT_EMPTY);
}

static void test_bad_drives_are_refused(void **state)
{
	(void)state;
	expect_error("--drive readonly=on", "the image is missing");
	expect_error("--drive file=", "the image is missing");
	expect_error("--drive file=a,readonly=maybe", "readonly=maybe must be on or off");
	expect_error("--drive file=a,format=qcow2", "qemu-img convert -O raw");
	expect_error("--drive file=a,if=ide", "must be none or virtio");
	expect_error("--drive file=a,colour=red", "unknown word colour=red: known are file=");
	expect_error("--drive a --drive a --drive a --drive a --drive a --drive a --drive a --drive a --drive a",
	             "room for 8 devices only");
	expect_error("--drive a --drive a --drive a --drive a --drive a --drive a --drive a --drive a --rng",
	             "too many devices");
}

static void test_snapshot_is_for_all_drives(void **state)
{
	(void)state;
	expect("--drive a --snapshot --drive b,readonly=on");
	assert_true(config.drives[0].snapshot);
	assert_false(config.drives[1].snapshot);
}

static void test_qemu_command_line_of_xv6_is_taken(void **state)
{
	(void)state;
	expect("-machine virt -cpu rv64 -bios none -m 128M -smp 3 -nographic "
	       "-global virtio-mmio.force-legacy=false -drive file=fs.img,if=none,format=raw,id=x0 "
	       "-device virtio-blk-device,drive=x0,bus=virtio-mmio-bus.3");
	assert_int_equal(config.slots[0].kind, SLOT_EMPTY);
	assert_int_equal(config.slots[3].kind, SLOT_BLK);
}

static void test_network_has_forwards(void **state)
{
	static const u8 mac[6] = { 0x52, 0, 1, 2, 3, 0xff };
	(void)state;
	expect("-netdev user,id=n,hostfwd=tcp::2222-:22,hostfwd=udp:10.1.2.3:53-10.0.2.9:5353,restrict=on "
	       "-device virtio-net-device,netdev=n,mac=52:00:01:02:03:ff,bus=virtio-mmio-bus.7");
	assert_true(config.net.enabled && config.net.restricted);
	assert_int_equal(config.net.forward_count, 2);
	assert_int_equal(config.net.forwards[0].host_addr, 0x7f000001);
	assert_int_equal(config.net.forwards[0].host_port, 2222);
	assert_int_equal(config.net.forwards[0].guest_port, 22);
	assert_false(config.net.forwards[0].udp);
	assert_true(config.net.forwards[1].udp);
	assert_int_equal(config.net.forwards[1].host_addr, 0x0a010203);
	assert_int_equal(config.net.forwards[1].guest_addr, 0x0a000209);
	assert_int_equal(config.slots[7].kind, SLOT_NET);
	assert_memory_equal(config.net.mac, mac, 6);
}

static void test_network_is_off_unless_asked_for(void **state)
{
	(void)state;
	expect("");
	assert_false(config.net.enabled);
	expect("--net none");
	assert_false(config.net.enabled);
	expect("--nic user,model=virtio-net-device");
	assert_true(config.net.enabled);
	assert_int_equal(config.slots[0].kind, SLOT_NET);
}

static void test_bad_networks_are_refused(void **state)
{
	(void)state;
	expect_error("--net tap", "must be user");
	expect_error("--net user,hostfwd=tcp:2222:22", "must look like tcp:127.0.0.1:2222-:22");
	expect_error("--net user,hostfwd=tcp::99999-:22", "must look like");
	expect_error("--net user,hostfwd=tcp::22-:0", "must look like");
	expect_error("--net user,hostfwd=icmp::1-:2", "must look like");
	expect_error("--net user,mac=01:00:00:00:00:00", "is a group's address");
	expect_error("--net user,mac=52:00", "must look like 52:54");
	expect_error("--net user --device virtio-net-device,netdev=x", "no -netdev with id=x");
	expect_error("--net user,smb=/", "unknown word smb=/");
}

static void test_shares_have_tags(void **state)
{
	(void)state;
	expect("--share /tmp --share dir,tag=other,readonly=on");
	assert_int_equal(config.share_count, 2);
	assert_string_equal(config.shares[0].tag, "share");
	assert_false(config.shares[0].read_only);
	assert_string_equal(config.shares[1].path, "dir");
	assert_string_equal(config.shares[1].tag, "other");
	assert_true(config.shares[1].read_only);
	assert_int_equal(config.slots[1].kind, SLOT_9P);
	expect_error("--share a --share b", "two shares with the tag share");
	expect_error("--share tag=x", "the folder is missing");
	expect_error("--share a,tag=x,tag=y", "unknown word tag=y");
	expect_error("--share a,tag=", "must have 1 to 32 letters");
}

static void test_bad_devices_are_refused(void **state)
{
	(void)state;
	expect_error("--device e1000", "must be virtio-blk-device");
	expect_error("--device virtio-blk-device,drive=x", "no drive with id=x before it");
	expect_error("--device virtio-blk-device", "which disk?");
	expect_error("--drive a,id=x --device virtio-blk-device,drive=x,bus=pci.0", "must be virtio-mmio-bus.0");
	expect_error("--drive a,id=x --device virtio-blk-device,drive=x,bus=virtio-mmio-bus.8", "must be virtio-mmio");
	expect_error("--drive a,id=x --drive b,id=y --device virtio-blk-device,drive=x,bus=virtio-mmio-bus.1 "
	             "--device virtio-blk-device,drive=y,bus=virtio-mmio-bus.1",
	             "two devices on virtio-mmio-bus.1");
}

static void test_console_and_rng_come_last(void **state)
{
	(void)state;
	expect("--rng --console virtio --drive a --net user");
	assert_int_equal(config.slots[0].kind, SLOT_BLK);
	assert_int_equal(config.slots[1].kind, SLOT_NET);
	assert_int_equal(config.slots[2].kind, SLOT_CONSOLE);
	assert_int_equal(config.slots[3].kind, SLOT_RNG);
	expect_error("--console serial", "must be uart or virtio");
}

static void test_debugger_and_replay_options(void **state)
{
	(void)state;
	expect("-s -S");
	assert_string_equal(config.gdb, "tcp::1234");
	assert_true(config.stopped);
	expect_error("--drive a --replay r", "add snapshot=on");
	expect("--drive a --record r --snapshot");
	expect("--gdb unix:/tmp/x --loadvm f --record r");
	assert_string_equal(config.gdb, "unix:/tmp/x");
	assert_string_equal(config.load_snapshot, "f");
	expect_error("--record a --replay b", "one or the other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_drive_has_file_and_switches, teardown),
		cmocka_unit_test_teardown(test_bad_drives_are_refused, teardown),
		cmocka_unit_test_teardown(test_snapshot_is_for_all_drives, teardown),
		cmocka_unit_test_teardown(test_qemu_command_line_of_xv6_is_taken, teardown),
		cmocka_unit_test_teardown(test_network_has_forwards, teardown),
		cmocka_unit_test_teardown(test_network_is_off_unless_asked_for, teardown),
		cmocka_unit_test_teardown(test_bad_networks_are_refused, teardown),
		cmocka_unit_test_teardown(test_shares_have_tags, teardown),
		cmocka_unit_test_teardown(test_bad_devices_are_refused, teardown),
		cmocka_unit_test_teardown(test_console_and_rng_come_last, teardown),
		cmocka_unit_test_teardown(test_debugger_and_replay_options, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
