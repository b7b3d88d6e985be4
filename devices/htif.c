/*
 * The host-target interface: see htif.h for the protocol.
 *
 * Nothing that comes from the guest is believed: each address goes through the bus, each length is limited, and what is
 * not understood is named once on stderr and dropped.
 */
#include "devices/htif.h"

#include <stdlib.h>

#include "emu/base/state.h"

#define DEVICE_SYSTEM 0
#define DEVICE_CONSOLE 1
#define CONSOLE_GET 0
#define CONSOLE_PUT 1
#define PAYLOAD_BITS 48

#define SYS_WRITE 64
#define SYS_EXIT 93
/* Linux's numbers, as the guest expects them; the host's may differ. */
#define GUEST_EBADF 9
#define GUEST_EFAULT 14
#define GUEST_ENOSYS 38

#define LOW_HALF 1u
#define HIGH_HALF 2u
#define BOTH_HALVES (LOW_HALF | HIGH_HALF)

/* The block a system call is described in. */
struct call_block {
	u64 number;       /* which call; the result afterwards */
	u64 arguments[7]; /* its arguments */
};
_Static_assert(sizeof(struct call_block) == 64, "the guest's block is eight words");

struct htif {
	struct htif_wiring wiring; /* as given */
	struct event half_wait;    /* fires when the second half of tohost did not come */
	u32 halves;                /* which halves of tohost were stored since the last command */
	u64 answer;                /* waits until fromhost is free; 0: none */
	bool get_pending;          /* the guest asked for a byte and has not got it */
	bool warned;               /* something not understood was named already */
};

static u64 load_word(struct htif *htif, u64 pa)
{
	u64 value = 0;
	/* Both words were found in RAM when the interface was made, and RAM does not go away. */
	BUG_ON(!bus_load(htif->wiring.bus, pa, 8, &value));
	return value;
}

static void store_word(struct htif *htif, u64 pa, u64 value)
{
	BUG_ON(!bus_store(htif->wiring.bus, pa, 8, value));
}

static void warn_once(struct htif *htif, const char *what, u64 value)
{
	if (!htif->warned)
		log_warn("htif: %s 0x%llx (said once)", what, (unsigned long long)value);
	htif->warned = true;
}

/* Passes a waiting answer on as soon as the guest has taken the one before. */
static void deliver_answer(struct htif *htif)
{
	if (htif->answer == 0 || htif->wiring.fromhost == 0 || load_word(htif, htif->wiring.fromhost) != 0)
		return;
	store_word(htif, htif->wiring.fromhost, htif->answer);
	htif->answer = 0;
}

static void answer(struct htif *htif, u64 value)
{
	htif->answer = value;
	deliver_answer(htif);
}

/* write(descriptor, from, size): how many bytes were written, or a negative error number. */
static s64 proxy_write(struct htif *htif, u64 descriptor, u64 from, u64 size)
{
	if (descriptor != 1 && descriptor != 2)
		return -GUEST_EBADF;
	if (size > HTIF_WRITE_MAX)
		size = HTIF_WRITE_MAX;
	if (size == 0)
		return 0;
	const u8 *bytes = bus_ram(htif->wiring.bus, from, size);
	if (!bytes)
		return -GUEST_EFAULT;
	for (u64 i = 0; i < size; i++)
		byte_put(&htif->wiring.out, bytes[i]);
	return (s64)size;
}

static void system_call(struct htif *htif, u64 block_pa)
{
	struct call_block block;
	if (!bus_read(htif->wiring.bus, block_pa, &block, sizeof(block))) {
		warn_once(htif, "a system call's block is not in RAM:", block_pa);
		answer(htif, 1);
		return;
	}
	s64 result = -GUEST_ENOSYS;
	if (block.number == SYS_WRITE)
		result = proxy_write(htif, block.arguments[0], block.arguments[1], block.arguments[2]);
	else if (block.number == SYS_EXIT)
		result = 0;
	else
		warn_once(htif, "refused a system call with the number", block.number);
	BUG_ON(!bus_store(htif->wiring.bus, block_pa, 8, (u64)result));
	answer(htif, 1);
	if (block.number == SYS_EXIT)
		stop_tell(&htif->wiring.listener, STOP_POWEROFF, (u32)block.arguments[0]);
}

void htif_poll(struct htif *htif)
{
	clock_disarm(htif->wiring.clock, &htif->half_wait);
	htif->halves = 0;
	deliver_answer(htif);
	u64 value = load_word(htif, htif->wiring.tohost);
	if (value == 0)
		return;
	store_word(htif, htif->wiring.tohost, 0);
	u64 device_and_command = value >> PAYLOAD_BITS;
	u64 payload = bits(value, PAYLOAD_BITS - 1, 0);
	switch (device_and_command) {
	case DEVICE_SYSTEM << 8:
		if (payload & 1)
			stop_tell(&htif->wiring.listener, STOP_POWEROFF, (u32)(payload >> 1));
		else
			system_call(htif, payload);
		break;
	case DEVICE_CONSOLE << 8 | CONSOLE_PUT:
		byte_put(&htif->wiring.out, (u8)payload);
		break;
	case DEVICE_CONSOLE << 8 | CONSOLE_GET:
		htif->get_pending = true;
		break;
	default:
		warn_once(htif, "dropped a command nobody answers to:", value);
		break;
	}
}

static void on_half_wait_over(void *arg)
{
	htif_poll(arg);
}

/* True if pa..pa+size-1 covers all of the length bytes at `at`. */
static bool covers(u64 pa, u64 size, u64 at, u64 length)
{
	return at - pa < size && length <= size - (at - pa);
}

static bool overlaps(u64 pa, u64 size, u64 at, u64 length)
{
	return at - pa < size || pa - at < length;
}

void htif_stored(struct htif *htif, u64 pa, u64 size)
{
	u64 tohost = htif->wiring.tohost;
	if (overlaps(pa, size, htif->wiring.fromhost, 8))
		deliver_answer(htif);
	if (!overlaps(pa, size, tohost, 8))
		return;
	htif->halves |= covers(pa, size, tohost, 4) ? LOW_HALF : 0;
	htif->halves |= covers(pa, size, tohost + 4, 4) ? HIGH_HALF : 0;
	if (htif->halves == BOTH_HALVES)
		htif_poll(htif);
	else if (htif->half_wait.heap_index == 0)
		clock_arm(htif->wiring.clock, &htif->half_wait, htif->wiring.clock->now_ns + HTIF_HALF_WAIT_NS);
}

u32 htif_room(struct htif *htif)
{
	deliver_answer(htif);
	u64 fromhost = htif->wiring.fromhost;
	return htif->get_pending && fromhost != 0 && load_word(htif, fromhost) == 0;
}

void htif_receive(struct htif *htif, u8 byte)
{
	if (htif_room(htif) == 0)
		return;
	htif->get_pending = false;
	answer(htif, (u64)DEVICE_CONSOLE << 56 | (u64)CONSOLE_GET << 48 | 0x100 | byte);
}

struct htif *htif_create(const struct htif_wiring *wiring, struct error *err)
{
	if (wiring->tohost % 8 || !bus_ram(wiring->bus, wiring->tohost, 8)) {
		error_set(err, "tohost at 0x%llx is not an aligned doubleword in RAM",
		          (unsigned long long)wiring->tohost);
		return NULL;
	}
	if (wiring->fromhost && (wiring->fromhost % 8 || !bus_ram(wiring->bus, wiring->fromhost, 8))) {
		error_set(err, "fromhost at 0x%llx is not an aligned doubleword in RAM",
		          (unsigned long long)wiring->fromhost);
		return NULL;
	}
	struct htif *htif = xcalloc(1, sizeof(*htif));
	htif->wiring = *wiring;
	htif->half_wait = (struct event){ .fire = on_half_wait_over, .arg = htif };
	return htif;
}

void htif_destroy(struct htif *htif)
{
	if (!htif)
		return;
	clock_disarm(htif->wiring.clock, &htif->half_wait);
	free(htif);
}

void htif_state(struct state *s, struct htif *htif)
{
	state_section(s, "htif", 1);
	state_same(s, htif->wiring.tohost, "the address of tohost");
	state_same(s, htif->wiring.fromhost, "the address of fromhost");
	state_event(s, htif->wiring.clock, &htif->half_wait);
	state_below(s, &htif->halves, BOTH_HALVES);
	state_u64(s, &htif->answer);
	state_bool(s, &htif->get_pending);
	state_bool(s, &htif->warned);
}
