/*
 * Where a console device (uart.h, htif.h) puts the bytes that the guest writes.
 */
#ifndef RVEMU_DEVICES_BYTE_SINK_H
#define RVEMU_DEVICES_BYTE_SINK_H

#include "emu/base/base.h"

struct byte_sink {
	void (*put)(void *arg, u8 byte); /* takes one byte; NULL: bytes are dropped */
	void *arg;                       /* what it is given */
};

static inline void byte_put(const struct byte_sink *sink, u8 byte)
{
	if (sink->put)
		sink->put(sink->arg, byte);
}

#endif
