/*
 * The virtio console (virtio 1.2, section 5.3): one port, hvc0 in Linux. No multiport, no size of the window.
 */
#ifndef RVEMU_DEVICES_VIRTIO_CONSOLE_H
#define RVEMU_DEVICES_VIRTIO_CONSOLE_H

#include "devices/byte_sink.h"
#include "devices/virtio.h"

struct virtio_console;

/* Puts one into virtio slot `slot`, which puts what the guest writes into out. NULL: see err. */
struct virtio_console *virtio_console_create(struct bus *bus, u32 slot, struct irq_line irq, struct byte_sink out,
                                             struct error *err);
void virtio_console_destroy(struct virtio_console *console);

/* How many bytes the guest has room for now, and a byte for it (lost if there is no room). Asking for room changes
 * nothing, whatever the driver's buffers are like: a recording does not note that somebody asked. */
u32 virtio_console_room(struct virtio_console *console);
void virtio_console_receive(struct virtio_console *console, u8 byte);

struct virtio *virtio_console_transport(struct virtio_console *console);
void virtio_console_state(struct state *s, struct virtio_console *console);

#endif
