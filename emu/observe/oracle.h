/*
 * What other page replacement would have done: from the guest's real references of user mode, the faults under OPT,
 * LRU, clock and FIFO with so many frames, beside what the guest did; and the working-set curve.
 *
 * A sink for TRACE_REF, TRACE_SPACE, TRACE_HINT and TRACE_FAULT; it asks the machine nothing. A page is an address
 * space and a virtual page of 4 KiB. Spaces are told apart by satp, and by processes where the kernel gives hints;
 * without them a page table in a frame that held another one before is taken for it. All processes share the frames,
 * and a page that two of them map is two pages. Only references within an address range count, if one is asked for.
 *
 * References that change nothing in any policy are left out (oracle.c says which), so that the string stays short; it
 * is kept in memory, at most ORACLE_KEPT_MAX of it, and what is printed says when that was not enough.
 *
 * The JSON (member "oracle" of record RUN_CURVES, see emu/observe/what_if.h) has these members:
 *
 *     references, kept, complete   references; how many were kept; false: some were dropped for want of room
 *     pages                        different pages: faults that no policy avoids
 *     guest                        what the guest did: page_faults from user mode; if hints is true also how they were
 *                                  resolved (zero, minor, file, swap, copy, stack, signal), swap_reads, swap_writes
 *     frames                       numbers of frames, and for each of them the faults of
 *     opt, lru, clock, fifo        the policies
 *     working_set                  window: numbers of references; pages: the mean number of pages used in the last of
 *                                  each number
 */
#ifndef RVEMU_EMU_OBSERVE_ORACLE_H
#define RVEMU_EMU_OBSERVE_ORACLE_H

#include <stdio.h>

#include "emu/base/trace.h"

#define ORACLE_KEPT_MAX (32u << 20)
#define ORACLE_PAGES_MAX (1u << 20)

struct oracle;

/* frames: how many the policies have; 0: a row of numbers up to all pages. Addresses lo to hi count, inclusive. */
struct oracle *oracle_create(u64 frames, u64 lo, u64 hi);
void oracle_destroy(struct oracle *o);

/* The sink to add: what it wants, and itself. */
struct trace oracle_sink(struct oracle *o);

/* The tables for people; the JSON of the file head, without a newline. Both compute: some seconds for long strings. */
void oracle_print(const struct oracle *o, FILE *out);
void oracle_print_json(const struct oracle *o, FILE *out);

/* --- the policies by themselves --- */

enum oracle_policy { ORACLE_OPT, ORACLE_LRU, ORACLE_CLOCK, ORACLE_FIFO, ORACLE_POLICIES };

/* Faults of `count` references to pages 0..pages-1 with so many frames (at least 1). Clock: a page comes in used; the
 * hand passes used pages, which are then unused. */
u64 oracle_faults(enum oracle_policy policy, const u32 *references, u32 count, u32 pages, u32 frames);

/* The references that were kept, as numbers of pages in the order of their first use: for tests. */
const u32 *oracle_kept(const struct oracle *o, u32 *count, u32 *pages);

/* Denning's mean working-set size: pages used within the last 2^window_log2 references, over all references. */
double oracle_working_set(const struct oracle *o, u32 window_log2);

#endif
