/*
 * Ethernet frames made and read by hand, for tests of the network: a guest with no IP stack but this.
 */
#ifndef RVEMU_TESTS_UNIT_NET_FRAMES_H
#define RVEMU_TESTS_UNIT_NET_FRAMES_H

#include <string.h>

#include "emu/base/base.h"

#define GUEST_IP 0x0a00020fu /* 10.0.2.15 */
#define HOST_IP 0x0a000202u  /* 10.0.2.2 */

#define ETHERNET_SIZE 14
#define IP_SIZE 20
#define UDP_SIZE 8
#define TCP_SIZE 20
#define IP_AT ETHERNET_SIZE
#define L4_AT (ETHERNET_SIZE + IP_SIZE)

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

static const u8 GUEST_MAC[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

static inline void put16(u8 *p, u32 value)
{
	p[0] = (u8)(value >> 8);
	p[1] = (u8)value;
}

static inline void put32(u8 *p, u32 value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

static inline u32 get16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static inline u32 get32(const u8 *p)
{
	return get16(p) << 16 | get16(p + 2);
}

/* Adds up bytes as the Internet checksum does. */
static inline u32 add_up(u32 sum, const u8 *bytes, u32 size)
{
	for (u32 i = 0; i < size; i++) {
		sum += i & 1 ? bytes[i] : (u32)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Over a TCP or UDP packet of that size, with its pseudo header: 0xffff if its checksum is right. */
static inline u32 packet_sum(const u8 *frame, u32 l4_size)
{
	u8 pseudo[4] = { 0, frame[IP_AT + 9] };
	put16(pseudo + 2, l4_size);
	u32 sum = add_up(0, frame + IP_AT + 12, 8);
	sum = add_up(sum, pseudo, 4);
	return add_up(sum, frame + L4_AT, l4_size);
}

/* Puts Ethernet and IP headers in front of l4_size bytes and fills in the checksums. Returns the frame's size. */
static inline u32 finish_ip(u8 *frame, u8 protocol, u32 from, u32 to, u32 l4_size)
{
	static const u8 router[6] = { 0x52, 0x55, 10, 0, 2, 2 };
	memcpy(frame, router, 6);
	memcpy(frame + 6, GUEST_MAC, 6);
	put16(frame + 12, 0x0800);
	u8 *ip = frame + IP_AT;
	memset(ip, 0, IP_SIZE);
	ip[0] = 0x45;
	put16(ip + 2, IP_SIZE + l4_size);
	ip[8] = 64;
	ip[9] = protocol;
	put32(ip + 12, from);
	put32(ip + 16, to);
	put16(ip + 10, ~add_up(0, ip, IP_SIZE));
	u32 at = L4_AT + (protocol == PROTOCOL_TCP ? 16 : 6);
	put16(frame + at, 0);
	put16(frame + at, ~packet_sum(frame, l4_size));
	return L4_AT + l4_size;
}

static inline u32 make_udp(u8 *frame, u32 from, u16 from_port, u32 to, u16 to_port, const void *data, u32 size)
{
	u8 *udp = frame + L4_AT;
	put16(udp, from_port);
	put16(udp + 2, to_port);
	put16(udp + 4, UDP_SIZE + size);
	memcpy(udp + UDP_SIZE, data, size);
	return finish_ip(frame, PROTOCOL_UDP, from, to, UDP_SIZE + size);
}

/* The guest's end of a TCP connection. */
struct tcp_end {
	u16 port;       /* the guest's */
	u16 other_port; /* the other's */
	u32 sent;       /* the next sequence number of ours */
	u32 seen;       /* the next one of theirs */
};

static inline u32 make_tcp(u8 *frame, struct tcp_end *end, u8 flags, const void *data, u32 size)
{
	u8 *tcp = frame + L4_AT;
	memset(tcp, 0, TCP_SIZE);
	put16(tcp, end->port);
	put16(tcp + 2, end->other_port);
	put32(tcp + 4, end->sent);
	put32(tcp + 8, flags & TCP_ACK ? end->seen : 0);
	tcp[12] = TCP_SIZE / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 60000); /* window */
	if (size)
		memcpy(tcp + TCP_SIZE, data, size);
	end->sent += size + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
	return finish_ip(frame, PROTOCOL_TCP, GUEST_IP, HOST_IP, TCP_SIZE + size);
}

/* An ARP packet of the guest's: operation 1 asks who has `target`, 2 answers that the guest is `sender`. */
static inline u32 make_arp(u8 *frame, u16 operation, u32 sender, u32 target)
{
	memset(frame, 0xff, 6);
	memcpy(frame + 6, GUEST_MAC, 6);
	put16(frame + 12, 0x0806);
	u8 *arp = frame + ETHERNET_SIZE;
	static const u8 kinds[] = { 0, 1, 8, 0, 6, 4 };
	memset(arp, 0, 28);
	memcpy(arp, kinds, sizeof(kinds));
	put16(arp + 6, operation);
	memcpy(arp + 8, GUEST_MAC, 6);
	put32(arp + 14, sender);
	put32(arp + 24, target);
	return ETHERNET_SIZE + 28;
}

#endif
