/*
 * The options that attach devices: --drive, --net, --share and QEMU's spellings of them. Part of emu/options.c.
 */
#ifndef RVEMU_EMU_OPTIONS_DEVICES_H
#define RVEMU_EMU_OPTIONS_DEVICES_H

#include "emu/options.h"

#define SCREEN_DEVICES 4

/* What is known of devices while the arguments are read. */
struct device_options {
	char *drive_ids[MEMMAP_VIRTIO_COUNT]; /* id= of the drives, malloc'ed; NULL: none */
	s32 drive_slots[MEMMAP_VIRTIO_COUNT]; /* slot asked for by -device ...,bus=virtio-mmio-bus.N; -1: any */
	s32 net_slot;                         /* likewise */
	char *net_id;                         /* id= of -netdev, or NULL */
	bool snapshot;                        /* --snapshot: for all drives */
	bool has_rng;                         /* a virtio-rng was asked for */
	bool has_screen[SCREEN_DEVICES];      /* GPU, keyboard, mouse, tablet: asked for by -device */
	s32 screen_slots[SCREEN_DEVICES];     /* where; -1: any */
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

/* Gives the screen's devices their slots, if the guest is to have one and they have none: again once DISPLAY_AUTO is
 * decided. */
bool device_options_add_screen(struct config *c, struct error *err) must_check;

#endif
