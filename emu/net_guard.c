/*
 * What libslirp must not see: see net_guard.h.
 */
#include "emu/net_guard.h"

#include <string.h>

#define ETHERNET_SIZE 14
#define ETHERNET_KIND 12
#define KIND_IPV4 0x0800
#define KIND_ARP 0x0806
#define KIND_IPV6 0x86dd

#define IPV4_SIZE_MIN 20
#define IPV4_PROTOCOL 9
#define IPV6_SIZE 40
#define IPV6_NEXT_HEADER 6
#define IPV6_DESTINATION 24
#define PROTOCOL_TCP 6
#define PROTOCOL_ICMP6 58
#define ICMP6_ECHO_REQUEST 128

#define TCP_SIZE_MIN 20
#define TCP_FLAGS 13
#define TCP_CHECKSUM 16
#define TCP_URGENT 0x20

/* True for a ping to an IPv6 address that libslirp does not answer itself. */
static bool is_distant_ping6(const u8 *packet, u32 size)
{
	static const u8 networks[2][8] = { { 0xfe, 0xc0 }, { 0xfe, 0x80 } };
	static const u8 zeroes[7];
	if (size <= IPV6_SIZE || packet[IPV6_NEXT_HEADER] != PROTOCOL_ICMP6 || packet[IPV6_SIZE] != ICMP6_ECHO_REQUEST)
		return false;
	const u8 *to = packet + IPV6_DESTINATION;
	bool is_near = (memcmp(to, networks[0], 8) == 0 || memcmp(to, networks[1], 8) == 0) &&
	               memcmp(to + 8, zeroes, 7) == 0 && (to[15] == 2 || to[15] == 3);
	return !is_near;
}

/* Where the frame's TCP header is; 0: it has none, or not all of one. */
static u32 find_tcp(const u8 *frame, u32 size, u32 kind)
{
	const u8 *packet = frame + ETHERNET_SIZE;
	u32 at = ETHERNET_SIZE;
	if (kind == KIND_IPV4 && size >= ETHERNET_SIZE + IPV4_SIZE_MIN && packet[IPV4_PROTOCOL] == PROTOCOL_TCP)
		at += (packet[0] & 0xfu) * 4;
	else if (kind == KIND_IPV6 && size >= ETHERNET_SIZE + IPV6_SIZE && packet[IPV6_NEXT_HEADER] == PROTOCOL_TCP)
		at += IPV6_SIZE;
	else
		return 0;
	return at + TCP_SIZE_MIN <= size ? at : 0;
}

/* The frame without the urgent flag. */
static const u8 *without_urgent(struct net_guard *guard, const u8 *frame, u32 size, u32 tcp)
{
	memcpy(guard->frame, frame, size);
	u8 *header = guard->frame + tcp;
	header[TCP_FLAGS] &= (u8)~TCP_URGENT;
	/* What a word of the packet loses, its checksum gains: in ones' complement. */
	u32 sum = ((u32)header[TCP_CHECKSUM] << 8 | header[TCP_CHECKSUM + 1]) + TCP_URGENT;
	sum = (sum & 0xffff) + (sum >> 16);
	header[TCP_CHECKSUM] = (u8)(sum >> 8);
	header[TCP_CHECKSUM + 1] = (u8)sum;
	return guard->frame;
}

const u8 *net_guard_pass(struct net_guard *guard, const u8 *frame, u32 *size)
{
	if (*size < NET_FRAME_MIN || *size > NET_FRAME_MAX)
		return NULL;
	u32 kind = (u32)frame[ETHERNET_KIND] << 8 | frame[ETHERNET_KIND + 1];
	if (kind == KIND_ARP)
		return frame;
	if (kind == KIND_IPV4)
		frame = net_fragments_join(&guard->fragments, frame, size);
	else if (kind != KIND_IPV6 || is_distant_ping6(frame + ETHERNET_SIZE, *size - ETHERNET_SIZE))
		return NULL;
	if (!frame)
		return NULL;
	u32 tcp = find_tcp(frame, *size, kind);
	if (tcp && (frame[tcp + TCP_FLAGS] & TCP_URGENT) != 0)
		return without_urgent(guard, frame, *size, tcp);
	return frame;
}
