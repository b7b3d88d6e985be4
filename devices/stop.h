/*
 * How a device says that the guest wants to end: the finisher (syscon.h) and HTIF (htif.h) speak it, the machine
 * listens.
 */
#ifndef RVEMU_DEVICES_STOP_H
#define RVEMU_DEVICES_STOP_H

#include "emu/base/base.h"

enum machine_stop {
	STOP_NONE,     /* still running; never reported */
	STOP_POWEROFF, /* the guest is done: `code` is its exit status, 0 for success */
	STOP_REBOOT,   /* the guest wants to start again: `code` is 0 */
};

/* Who is told. Called from within the guest's store: the listener notes it and stops the harts; it frees nothing. */
struct stop_listener {
	void (*stop)(void *arg, enum machine_stop what, u32 code); /* NULL: nobody listens */
	void *arg;                                                 /* what it is given */
};

/* Tells the listener, if there is one. */
static inline void stop_tell(const struct stop_listener *listener, enum machine_stop what, u32 code)
{
	if (listener->stop)
		listener->stop(listener->arg, what, code);
}

#endif
