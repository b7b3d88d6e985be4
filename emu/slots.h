/*
 * The virtio devices of a machine: which one is in which slot, and the way in for input that comes to them.
 *
 * What is behind them on the host (images, network, folders) outlives the machine: emu/backends.h.
 */
#ifndef RVEMU_EMU_SLOTS_H
#define RVEMU_EMU_SLOTS_H

#include "devices/plic.h"
#include "devices/virtio_9p.h"
#include "devices/virtio_blk.h"
#include "devices/virtio_console.h"
#include "devices/virtio_gpu.h"
#include "devices/virtio_input.h"
#include "devices/virtio_net.h"
#include "devices/virtio_rng.h"
#include "emu/options.h"

/* What the devices are connected to on the host. */
struct slot_io {
	struct disk *disks[MEMMAP_VIRTIO_COUNT];         /* by drive */
	struct p9_responder shares[MEMMAP_VIRTIO_COUNT]; /* by share */
	struct net_port net;                             /* where frames go */
	struct byte_sink out;                            /* the terminal */
	u64 seed;                                        /* of the entropy device */
};

/* One slot. `device` is the struct that belongs to `kind`. */
struct slot {
	u8 kind; /* enum slot_kind */
	union {
		struct virtio_blk *blk;
		struct virtio_net *net;
		struct virtio_rng *rng;
		struct virtio_console *console;
		struct virtio_9p *p9;
		struct virtio_gpu *gpu;
		struct virtio_input *input;
	};
};

struct slots {
	struct slot all[MEMMAP_VIRTIO_COUNT]; /* by slot number */
	struct virtio_net *net;               /* the network card, or NULL */
	struct virtio_console *console;       /* the console, or NULL */
	struct virtio_gpu *gpu;               /* the GPU, or NULL */
	struct virtio_input *keyboard;        /* the keyboard, or NULL */
	struct virtio_input *pointer;         /* mouse or tablet (with both: the tablet), or NULL */
};

/* Makes the devices that the configuration names. False: see err; slots_destroy() frees what was made. */
bool slots_create(struct slots *slots, const struct config *config, struct bus *bus, struct clock *clock,
                  struct plic *plic, const struct slot_io *io, struct error *err) must_check;
void slots_destroy(struct slots *slots);

/* The transport of slot i, or NULL if the slot is empty: for `info devices`. */
struct virtio *slots_transport(const struct slots *slots, u32 i);

/* Bit i: slot i has a device. */
u32 slots_used(const struct config *config);

void slots_state(struct state *s, struct slots *slots);

#endif
