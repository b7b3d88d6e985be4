/*
 * The options that attach devices: --drive, --net, --share and QEMU's spellings of them. Part of emu/options.c.
 */
#ifndef RVEMU_EMU_OPTIONS_DEVICES_H
#define RVEMU_EMU_OPTIONS_DEVICES_H

#include "emu/options.h"

/* What is known of devices while the arguments are read. */
struct device_options {
	char *drive_ids[MEMMAP_VIRTIO_COUNT]; /* id= of the drives, malloc'ed; NULL: none */
	s32 drive_slots[MEMMAP_VIRTIO_COUNT]; /* slot asked for by -device ...,bus=virtio-mmio-bus.N; -1: any */
	s32 net_slot;                         /* likewise */
	char *net_id;                         /* id= of -netdev, or NULL */
	bool snapshot;                        /* --snapshot: for all drives */
	bool has_rng;                         /* a virtio-rng was asked for */
};

void device_options_init(struct device_options *d);
void device_options_free(struct device_options *d);

/* Each reads one option's value. False: see err, which begins with `given`, the option's name. */
bool device_options_drive(struct device_options *d, struct config *c, const char *given, const char *text,
                          struct error *err) must_check;
bool device_options_net(struct device_options *d, struct config *c, const char *given, const char *text,
                        struct error *err) must_check;
bool device_options_share(struct device_options *d, struct config *c, const char *given, const char *text,
                          struct error *err) must_check;
bool device_options_device(struct device_options *d, struct config *c, const char *given, const char *text,
                           struct error *err) must_check;

/* Gives every device its slot. */
bool device_options_settle(struct device_options *d, struct config *c, struct error *err) must_check;

#endif
