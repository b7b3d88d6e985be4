/*
 * Reports at the end of a run: see report.h.
 */
#include "emu/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "emu/names.h"

static void write_signature(const u8 *bytes, u64 size, u32 granularity, FILE *out)
{
	for (u64 line = 0; line < size; line += granularity) {
		for (u32 i = granularity; i > 0; i--)
			fprintf(out, "%02x", line + i <= size ? bytes[line + i - 1] : 0);
		fputc('\n', out);
	}
}

bool report_signature(struct machine *m, const char *path, u32 granularity, struct error *err)
{
	u64 begin, end;
	if (!boot_symbol_pa(m->boot, "begin_signature", &begin) || !boot_symbol_pa(m->boot, "end_signature", &end))
		return error_set(err, "no signature: the guest has no symbols begin_signature and end_signature");
	if (begin > end)
		return error_set(err, "no signature: it begins at 0x%" PRIx64 ", behind its end 0x%" PRIx64, begin,
		                 end);
	const u8 *bytes = begin == end ? NULL : bus_ram(&m->bus, begin, end - begin);
	if (begin != end && !bytes)
		return error_set(err, "no signature: 0x%" PRIx64 "..0x%" PRIx64 " is not in RAM", begin, end - 1);
	FILE *out = fopen(path, "w");
	if (!out)
		return error_set(err, "%s: %s", path, strerror(errno));
	write_signature(bytes, end - begin, granularity, out);
	if (fclose(out) != 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	return true;
}

void report_ram_hash(struct machine *m, FILE *out)
{
	fprintf(out, "rvemu: instret %" PRIu64 " ram-hash %016" PRIx64 "\n", machine_instret(m), machine_ram_hash(m));
}

static void print_count(FILE *out, const char *what, u64 count)
{
	fprintf(out, "  %-34s %15" PRIu64 "\n", what, count);
}

/* The three columns that the MMU counts apart. */
static void print_by_access(FILE *out, const char *what, const u64 counts[3])
{
	fprintf(out, "  %-34s %15" PRIu64 " %15" PRIu64 " %15" PRIu64 "\n", what, counts[ACCESS_FETCH],
	        counts[ACCESS_LOAD], counts[ACCESS_STORE]);
}

static void print_tlb(const struct tlb *tlb, FILE *out)
{
	const struct tlb_stats *s = tlb_stats(tlb);
	fprintf(out, "TLB `%s' (accesses on the fast path do not reach it)\n", tlb_config(tlb)->name);
	print_count(out, "lookups", s->lookups[TLB_DATA] + s->lookups[TLB_FETCH]);
	print_count(out, "hits in the first level", s->hits[TLB_DATA][TLB_FIRST] + s->hits[TLB_FETCH][TLB_FIRST]);
	print_count(out, "hits in the second level", s->hits[TLB_DATA][TLB_SECOND] + s->hits[TLB_FETCH][TLB_SECOND]);
	print_count(out, "misses", s->hits[TLB_DATA][TLB_MISS] + s->hits[TLB_FETCH][TLB_MISS]);
	print_count(out, "entries filled", s->fills);
	print_count(out, "entries evicted", s->evictions);
	print_count(out, "fences of everything", s->flushes[0]);
	print_count(out, "fences by ASID", s->flushes[1]);
	print_count(out, "fences by address", s->flushes[2]);
	print_count(out, "fences by address and ASID", s->flushes[3]);
	print_count(out, "entries that fences dropped", s->entries_flushed);
}

static void print_hart(const struct hart *h, FILE *out)
{
	const struct mmu_stats *s = &h->mmu.stats;
	fprintf(out, "hart %u\n", h->id);
	print_count(out, "instructions retired", hart_instret(h));
	print_count(out, "exceptions and failed instructions", h->not_retired);
	print_count(out, "interrupts taken", h->events.interrupts);
	fprintf(out, "  %-34s %15s %15s %15s\n", "MMU", "fetch", "load", "store");
	print_by_access(out, "TLB misses", s->tlb_misses);
	print_by_access(out, "page-table walks", s->walks);
	print_by_access(out, "walks that ended in a fault", s->walk_faults);
	print_count(out, "PTEs read from memory", s->pte_reads);
	print_count(out, "walks that set A or D", s->ad_updates);
	fprintf(out, "  %-34s %15s %15" PRIu64 " %15" PRIu64 "\n", "accesses off the fast path", "", s->loads,
	        s->stores);
	print_count(out, "fast-path entries filled", s->fast_fills);
	print_count(out, "fast-path tables emptied", s->fast_flushes);
	print_tlb(h->mmu.tlb, out);
}

void report_stats(const struct machine *m, u64 host_ns, FILE *out)
{
	u64 retired = machine_instret(m);
	fprintf(out, "%" PRIu64 " instructions retired, %.6f s of guest time", retired, (double)m->clock.now_ns / 1e9);
	if (host_ns)
		fprintf(out, ", %.3f s on the host, %.1f MIPS", (double)host_ns / 1e9,
		        (double)retired * 1e3 / (double)host_ns);
	fprintf(out, "\n");
	for (u32 i = 0; i < m->hart_count; i++)
		print_hart(m->harts[i], out);
}
