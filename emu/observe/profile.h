/*
 * Where translation costs: the hottest pages, instructions and functions by page-table walks, with misses of the TLB,
 * walks that failed, and cycles. A sink for TRACE_WALK; it asks the machine nothing.
 *
 * Memory is bounded: of more than PROFILE_PLACES_MAX different places the colder half is forgotten from time to time,
 * and what is printed says so.
 */
#ifndef RVEMU_EMU_OBSERVE_PROFILE_H
#define RVEMU_EMU_OBSERVE_PROFILE_H

#include <stdio.h>

#include "emu/base/trace.h"
#include "emu/symbols.h"

#define PROFILE_PLACES_MAX 65536
#define PROFILE_TOP 10

struct profile;

/* symbols may be NULL and must live as long. */
struct profile *profile_create(const struct symbols *symbols);
void profile_destroy(struct profile *p);

/* The sink to add: what it wants, and itself. */
struct trace profile_sink(struct profile *p);

/* The PROFILE_TOP places of each kind: tables for people, nothing if there was no walk; and a JSON object:
 *     {"pages": [{"va": "0x1000", "asid": 0, "walks": 0, "misses": 0, "faults": 0, "cycles": 0}, ...],
 *      "pcs": [{"pc": "0x80000000", "name": "main+0x4", "walks": ...}, ...],
 *      "symbols": [{"name": "main", "walks": ...}, ...], "forgotten": 0} */
void profile_print(const struct profile *p, FILE *out);
void profile_print_json(const struct profile *p, FILE *out);

#endif
