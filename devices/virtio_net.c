/*
 * The virtio network device: see virtio_net.h.
 *
 * In front of each frame stands a header of 12 bytes (virtio 1.2, section 5.1.6). Of the guest's, the checksum part is
 * acted upon and the segmentation part only checked: the port takes large segments as they are. Of the device's own,
 * two things are said: the checksums are right, and over how many buffers the frame is spread.
 */
#include "devices/virtio_net.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 12
#define HEADER_FLAGS 0
#define HEADER_GSO_TYPE 1
#define HEADER_CSUM_START 6
#define HEADER_CSUM_OFFSET 8
#define HEADER_NUM_BUFFERS 10

#define FLAG_NEEDS_CSUM 1
#define FLAG_DATA_VALID 2

#define GSO_NONE 0
#define GSO_TCPV4 1
#define GSO_TCPV6 4

#define STATUS_LINK_UP 1

/* A frame of the largest size in buffers of one each 1526 bytes, as drivers have them, and some more. */
#define RX_CHAINS_MAX 64

enum { QUEUE_RX, QUEUE_TX, QUEUE_COUNT };
enum { CONFIG_MAC = 0, CONFIG_STATUS = 6, CONFIG_SIZE = 8 };

enum {
	FEATURE_CSUM = 0,
	FEATURE_GUEST_CSUM = 1,
	FEATURE_MAC = 5,
	FEATURE_HOST_TSO4 = 11,
	FEATURE_HOST_TSO6 = 12,
	FEATURE_MRG_RXBUF = 15,
	FEATURE_STATUS = 16,
};

struct virtio_net {
	struct virtio *transport;              /* registers and queues */
	struct net_port port;                  /* who takes the guest's frames */
	u8 config[CONFIG_SIZE];                /* the configuration space */
	u8 frame[NET_FRAME_MAX];               /* the one that is being sent */
	struct virtio_chain tx;                /* its buffers */
	struct virtio_chain rx[RX_CHAINS_MAX]; /* those of the one that is being received */
};

static u32 get16(const u8 *p)
{
	return p[0] | (u32)p[1] << 8;
}

/* Adds up the frame from `start` on, where the driver has put the pseudo header's sum into the checksum's place, and
 * puts the result there. False: the place lies outside. */
static bool fill_checksum(u8 *frame, u32 size, u32 start, u32 offset)
{
	if (start >= size || start + offset + 2 > size)
		return false;
	u64 sum = 0;
	u32 at = start;
	/* The order of bytes within the words does not matter, as long as the result is put back in the same. */
	for (; at + 4 <= size; at += 4) {
		u32 word;
		memcpy(&word, frame + at, sizeof(word));
		sum += word;
	}
	u8 rest[4] = { 0 };
	memcpy(rest, frame + at, size - at);
	u32 last;
	memcpy(&last, rest, sizeof(last));
	sum += last;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	/* Zero would say "no checksum" in UDP; all ones is the same number. */
	u16 checksum = (u16)~sum ? (u16)~sum : 0xffff;
	memcpy(frame + start + offset, &checksum, sizeof(checksum));
	return true;
}

/* True if the driver may send a frame of that kind of segmentation. */
static bool is_gso_allowed(const struct virtio_net *net, u8 gso_type)
{
	switch (gso_type) {
	case GSO_NONE:
		return true;
	case GSO_TCPV4:
		return virtio_has(net->transport, FEATURE_HOST_TSO4);
	case GSO_TCPV6:
		return virtio_has(net->transport, FEATURE_HOST_TSO6);
	default:
		return false;
	}
}

/* Sends the frame of net->tx. One that makes no sense is dropped; a driver that gives no header is broken (false). */
static bool send_frame(struct virtio_net *net)
{
	u8 header[HEADER_SIZE];
	if (virtio_read(&net->tx, 0, header, sizeof(header)) < sizeof(header)) {
		virtio_break(net->transport, "a frame to send is shorter than its header");
		return false;
	}
	u64 size = net->tx.out_size - sizeof(header);
	if (size < NET_FRAME_MIN || size > NET_FRAME_MAX || !is_gso_allowed(net, header[HEADER_GSO_TYPE]))
		return true;
	virtio_read(&net->tx, sizeof(header), net->frame, size);
	if ((header[HEADER_FLAGS] & FLAG_NEEDS_CSUM) != 0 &&
	    (!virtio_has(net->transport, FEATURE_CSUM) ||
	     !fill_checksum(net->frame, (u32)size, get16(header + HEADER_CSUM_START),
	                    get16(header + HEADER_CSUM_OFFSET))))
		return true;
	if (net->port.send)
		net->port.send(net->port.arg, net->frame, (u32)size);
	return true;
}

static void notify(void *device, u32 queue)
{
	struct virtio_net *net = device;
	if (queue == QUEUE_RX) {
		if (net->port.room)
			net->port.room(net->port.arg);
		return;
	}
	while (virtio_take(net->transport, QUEUE_TX, &net->tx)) {
		if (!send_frame(net))
			return;
		virtio_give(net->transport, QUEUE_TX, &net->tx, 0);
	}
}

bool virtio_net_can_receive(struct virtio_net *net)
{
	return virtio_is_ready(net->transport) && virtio_pending(net->transport, QUEUE_RX);
}

/* Takes buffers for `total` bytes; returns how many. `room` is what they hold: less than `total` if there are not
 * enough. */
static u32 take_buffers(struct virtio_net *net, u64 total, u64 *room)
{
	u32 limit = virtio_has(net->transport, FEATURE_MRG_RXBUF) ? RX_CHAINS_MAX : 1;
	u32 count = 0;
	*room = 0;
	while (*room < total && count < limit && virtio_take(net->transport, QUEUE_RX, &net->rx[count])) {
		*room += net->rx[count].in_size;
		count++;
	}
	return count;
}

void virtio_net_receive(struct virtio_net *net, const u8 *frame, u32 size)
{
	BUG_ON(size < NET_FRAME_MIN || size > NET_FRAME_MAX);
	if (!virtio_net_can_receive(net))
		return;
	u64 room;
	u32 count = take_buffers(net, HEADER_SIZE + (u64)size, &room);
	if (count == 0 || !virtio_is_ready(net->transport))
		return; /* a broken ring */
	if (net->rx[0].in_size < HEADER_SIZE) {
		virtio_break(net->transport, "a buffer for frames is smaller than their header");
		return;
	}
	/* Too little room: the frame is lost and the buffers go back empty. */
	bool lost = room < HEADER_SIZE + (u64)size;
	u8 header[HEADER_SIZE] = { 0 };
	if (virtio_has(net->transport, FEATURE_GUEST_CSUM))
		header[HEADER_FLAGS] = FLAG_DATA_VALID;
	header[HEADER_NUM_BUFFERS] = (u8)count;
	u32 done = 0;
	for (u32 i = 0; i < count; i++) {
		u64 written = 0;
		if (!lost && i == 0)
			written = virtio_write(&net->rx[i], 0, header, HEADER_SIZE);
		if (!lost) {
			u64 part = virtio_write(&net->rx[i], written, frame + done, size - done);
			done += (u32)part;
			written += part;
		}
		virtio_give(net->transport, QUEUE_RX, &net->rx[i], (u32)written);
	}
}

static const struct virtio_model MODEL = {
	.name = "virtio-net",
	.id = VIRTIO_ID_NET,
	.features = BIT(FEATURE_CSUM) | BIT(FEATURE_GUEST_CSUM) | BIT(FEATURE_MAC) | BIT(FEATURE_HOST_TSO4) |
	            BIT(FEATURE_HOST_TSO6) | BIT(FEATURE_MRG_RXBUF) | BIT(FEATURE_STATUS),
	.queue_count = QUEUE_COUNT,
	.queue_size_max = 256,
	.notify = notify,
};

struct virtio_net *virtio_net_create(struct bus *bus, u32 slot, struct irq_line irq, const u8 mac[6],
                                     struct net_port port, struct error *err)
{
	struct virtio_net *net = xcalloc(1, sizeof(*net));
	net->port = port;
	memcpy(net->config + CONFIG_MAC, mac, 6);
	net->config[CONFIG_STATUS] = STATUS_LINK_UP;
	net->transport = virtio_create(bus, slot, irq, &MODEL, net, net->config, NULL, CONFIG_SIZE, err);
	if (!net->transport) {
		free(net);
		return NULL;
	}
	return net;
}

void virtio_net_destroy(struct virtio_net *net)
{
	if (!net)
		return;
	virtio_destroy(net->transport);
	free(net);
}

struct virtio *virtio_net_transport(struct virtio_net *net)
{
	return net->transport;
}

void virtio_net_state(struct state *s, struct virtio_net *net)
{
	virtio_state(s, net->transport);
}
