/*
 * A 9P2000.L file server for one folder of the host, as Linux' v9fs wants it: what answers behind devices/virtio_9p.h.
 *
 * It never leaves the folder. A name is one component without a slash, and is looked up in a directory that is held
 * open, without following symbolic links: those are the guest's to resolve. ".." stops at the folder. Whatever the host
 * renames or swaps meanwhile, a lookup lands on an entry of a directory that was inside. (A directory that the host
 * moves out of the folder goes on being served to a guest that had it open.)
 *
 * Files belong to the host's user who runs rvemu, and permissions are the host's. Of a mode, the bits for set-user-id
 * and set-group-id are left out. Devices, FIFOs and sockets of the host are shown but never opened; the guest may make
 * FIFOs and sockets, for itself, but no devices. Locks always succeed, for they are between processes of the one guest.
 * Not here: extended attributes, authentication.
 *
 * Read devices/p9.c first, then p9_tree.c for how it stays inside.
 */
#ifndef RVEMU_DEVICES_P9_H
#define RVEMU_DEVICES_P9_H

#include "devices/virtio_9p.h"

struct p9;

/* Serves `folder`; with read_only the guest changes nothing in it. Raises the limit of open files as far as it may.
 * NULL: see err (it is no folder, or cannot be opened). */
struct p9 *p9_create(const char *folder, bool read_only, struct error *err);
void p9_destroy(struct p9 *p9);

/* What virtio_9p_create() is given. A reply needs room for at least P9_REPLY_MIN bytes, else there is none (0). */
#define P9_REPLY_MIN 11
u32 p9_answer(void *p9, const u8 *request, u32 size, u8 *reply, u32 room);

/* Saves or restores what the guest has open, by path. What is not there any more when it is loaded answers ESTALE.
 * Without a server (NULL: a replay's) nothing is open when it is saved, and what is restored is read over. */
void p9_state(struct state *s, struct p9 *p9);

#endif
