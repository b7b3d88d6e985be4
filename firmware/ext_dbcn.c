/*
 * SBI "Debug Console Extension" (DBCN): the UART for those who have no driver yet. Addresses are physical, and must be
 * the supervisor's memory.
 */
#include "firmware/board.h"
#include "firmware/sbi.h"
#include "firmware/usermem.h"

enum { CONSOLE_WRITE, CONSOLE_READ, CONSOLE_WRITE_BYTE };

/*
 * A call writes no more than this, and says so: it runs with interrupts off, and other harts may wait for this one. It
 * is more than what kernels pass on at once.
 */
#define WRITE_MAX 0x10000

/* Lines of different harts do not get mixed up. Nobody who holds the lock waits for anything but the UART. */
static u32 console_lock;

static void lock(void)
{
	while (__atomic_exchange_n(&console_lock, 1, __ATOMIC_ACQUIRE))
		pause();
}

static void unlock(void)
{
	__atomic_store_n(&console_lock, 0, __ATOMIC_RELEASE);
}

static struct sbi_result write(u64 count, u64 pa)
{
	u64 done;
	u8 byte;

	if (count > WRITE_MAX)
		count = WRITE_MAX;
	lock();
	for (done = 0; done < count && physical_load(pa + done, &byte); done++)
		console_put(byte);
	unlock();
	return done || !count ? sbi_value(done) : sbi_error(SBI_FAILED);
}

static struct sbi_result read(u64 count, u64 pa)
{
	u64 done;
	i32 byte;

	lock();
	for (done = 0; done < count && (byte = console_get()) >= 0; done++)
		if (!physical_store(pa + done, (u8)byte))
			break;
	unlock();
	return sbi_value(done);
}

/* arg: num_bytes, base_addr_lo, base_addr_hi; or byte */
static struct sbi_result handle(struct hart *hart, u64 function, const u64 arg[6])
{
	(void)hart;
	switch (function) {
	case CONSOLE_WRITE:
	case CONSOLE_READ:
		if (arg[2] != 0 || !board_is_supervisor_ram(arg[1], arg[0]))
			return sbi_error(SBI_INVALID_PARAM);
		return function == CONSOLE_WRITE ? write(arg[0], arg[1]) : read(arg[0], arg[1]);
	case CONSOLE_WRITE_BYTE:
		lock();
		console_put((u8)arg[0]);
		unlock();
		return sbi_value(0);
	default:
		return sbi_error(SBI_NOT_SUPPORTED);
	}
}

const struct sbi_extension sbi_dbcn = { .first = 0x4442434e, .last = 0x4442434e, .handle = handle };
