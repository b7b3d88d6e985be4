/*
 * The user network: libslirp behind a virtio network card. The guest gets an address by DHCP in 10.0.2.0/24, reaches
 * the host as 10.0.2.2 and what the host's user may reach; nobody reaches the guest but through the ports forwarded.
 *
 * Off unless it was asked for. Addresses are QEMU's: router and host 10.0.2.2, name server 10.0.2.3, guests from
 * 10.0.2.15 on, IPv6 in fec0::/64. Timers run on the host's clock, for it is the host's network that is waited for.
 * Frames the guest has no room for wait, up to NET_QUEUE_MAX. Snapshots do not hold it: connections do not survive one.
 */
#ifndef RVEMU_EMU_NET_USER_H
#define RVEMU_EMU_NET_USER_H

#include "devices/virtio_net.h"
#include "emu/host_io.h"

#define NET_FORWARDS_MAX 16
#define NET_QUEUE_MAX 256 /* frames that wait for the guest; more are dropped */

/* A port of the host that leads into the guest. Addresses are IPv4, host byte order. */
struct net_forward {
	bool udp;       /* otherwise TCP */
	u32 host_addr;  /* where to listen; default 127.0.0.1 */
	u16 host_port;  /* 0: the host chooses */
	u32 guest_addr; /* 0: the guest's first DHCP address, 10.0.2.15 */
	u16 guest_port; /* where it leads */
};

struct net_config {
	bool enabled;                                  /* there is a network at all */
	bool restricted;                               /* the guest reaches nothing but forwarded ports */
	u8 mac[6];                                     /* the card's address */
	struct net_forward forwards[NET_FORWARDS_MAX]; /* ports that lead in */
	u32 forward_count;                             /* how many */
};

struct net_user;

/* Starts the network and listens on the forwarded ports; says which ports the host chose. NULL: see err (a port that is
 * taken). */
struct net_user *net_user_create(const struct net_config *config, struct host_io *io, struct error *err);
void net_user_destroy(struct net_user *net);

/* The host's port of forward number `index` of the configuration: the one the host chose if that was left to it. */
u16 net_user_host_port(const struct net_user *net, u32 index);

/* The card that frames go to; NULL: frames are dropped (the machine reboots). */
void net_user_attach(struct net_user *net, void (*deliver)(void *arg, const u8 *frame, u32 size),
                     bool (*can_deliver)(void *arg), void *arg);

/* What the card's frames are sent to. */
struct net_port net_user_port(struct net_user *net);

#endif
