/*
 * Fragments of IPv4 packets: see net_fragments.h.
 */
#include "emu/net_fragments.h"

#include <string.h>

#define ETHERNET_SIZE 14
#define IP_SIZE_MIN 20

/* Fields of the IP header, from the start of the frame. */
#define IP_LENGTH (ETHERNET_SIZE + 2)
#define IP_ID (ETHERNET_SIZE + 4)
#define IP_FRAGMENT (ETHERNET_SIZE + 6)
#define IP_PROTOCOL (ETHERNET_SIZE + 9)
#define IP_CHECKSUM (ETHERNET_SIZE + 10)
#define IP_ADDRESSES (ETHERNET_SIZE + 12)

#define MORE_FRAGMENTS 0x2000
#define RESERVED 0x8000
#define OFFSET_MASK 0x1fff

static u32 get16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static void put16(u8 *p, u32 value)
{
	p[0] = (u8)(value >> 8);
	p[1] = (u8)value;
}

static u32 header_size(const u8 *frame)
{
	return (frame[ETHERNET_SIZE] & 0xfu) * 4;
}

/* Adds up to 0xffff if the header's checksum is right. */
static u32 header_sum(const u8 *frame)
{
	u32 sum = 0;
	for (u32 i = 0; i < header_size(frame); i += 2)
		sum += get16(frame + ETHERNET_SIZE + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static bool is_same_packet(const u8 *a, const u8 *b)
{
	return get16(a + IP_ID) == get16(b + IP_ID) && a[IP_PROTOCOL] == b[IP_PROTOCOL] &&
	       memcmp(a + IP_ADDRESSES, b + IP_ADDRESSES, 8) == 0;
}

/* The packet this fragment belongs to, or NULL. */
static struct net_fragmented *find(struct net_fragments *f, const u8 *frame)
{
	for (u32 i = 0; i < NET_FRAGMENTED_MAX; i++)
		if (f->packets[i].age && is_same_packet(f->packets[i].frame, frame))
			return &f->packets[i];
	return NULL;
}

/* A place for a new packet: a free one, or the oldest's. */
static struct net_fragmented *find_room(struct net_fragments *f)
{
	struct net_fragmented *oldest = &f->packets[0];
	for (u32 i = 1; i < NET_FRAGMENTED_MAX; i++)
		if (f->packets[i].age < oldest->age)
			oldest = &f->packets[i];
	return oldest;
}

/* The packet is complete: its header is made that of one that was never cut. */
static void finish(struct net_fragmented *packet)
{
	u8 *frame = packet->frame;
	put16(frame + IP_LENGTH, packet->size - ETHERNET_SIZE);
	put16(frame + IP_FRAGMENT, 0);
	put16(frame + IP_CHECKSUM, 0);
	put16(frame + IP_CHECKSUM, ~header_sum(frame));
	packet->age = 0;
}

const u8 *net_fragments_join(struct net_fragments *f, const u8 *frame, u32 *size)
{
	if (*size < ETHERNET_SIZE + IP_SIZE_MIN)
		return NULL;
	u32 header = header_size(frame);
	u32 length = get16(frame + IP_LENGTH);
	u32 fragment = get16(frame + IP_FRAGMENT);
	if (header < IP_SIZE_MIN || length < header || length > *size - ETHERNET_SIZE || header_sum(frame) != 0xffff ||
	    (fragment & RESERVED) != 0)
		return NULL;
	u32 offset = (fragment & OFFSET_MASK) * 8;
	bool is_last = (fragment & MORE_FRAGMENTS) == 0;
	if (offset == 0 && is_last)
		return frame;
	struct net_fragmented *packet = find(f, frame);
	if (offset == 0) {
		if (!packet)
			packet = find_room(f);
		memcpy(packet->frame, frame, ETHERNET_SIZE + header);
		packet->age = ++f->newest;
		packet->size = ETHERNET_SIZE + header;
	}
	if (!packet)
		return NULL;
	u32 data = length - header;
	u32 there = packet->size - ETHERNET_SIZE - header_size(packet->frame);
	bool is_cut_well = is_last || data % 8 == 0;
	if (offset != there || !is_cut_well || packet->size - ETHERNET_SIZE + data > UINT16_MAX) {
		packet->age = 0;
		return NULL;
	}
	memcpy(packet->frame + packet->size, frame + ETHERNET_SIZE + header, data);
	packet->size += data;
	if (!is_last)
		return NULL;
	finish(packet);
	*size = packet->size;
	return packet->frame;
}
