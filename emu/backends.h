/*
 * What is behind the virtio devices on the host: disk images, the user network, shared folders. They are opened once,
 * and outlive machines that reboot.
 *
 * Everything that comes from the host this way passes the journal: it is written down while recording; while replaying
 * the host is not asked at all, and what was written down comes instead.
 */
#ifndef RVEMU_EMU_BACKENDS_H
#define RVEMU_EMU_BACKENDS_H

#include "emu/host_io.h"
#include "emu/slots.h"

struct backends;
struct journal;
struct control;

/* Opens what the configuration names. `control` says which machine runs; journal may be NULL. NULL: see err. */
struct backends *backends_create(const struct config *config, struct host_io *io, struct control *control,
                                 struct journal *journal, struct error *err);

/* Closes it all. */
void backends_destroy(struct backends *b);

/* Hands over the frames that wait, as far as the guest has room. Between two instructions only. */
void backends_deliver(struct backends *b);

/* True if frames wait that could not be handed over while the guest was at work. */
bool backends_pending(const struct backends *b);

/* A replay asked for an answer that its recording does not have: a line has said so, and the run must end. */
bool backends_diverged(const struct backends *b);

/* What machines are connected to. */
struct slot_io backends_slot_io(struct backends *b);

#endif
