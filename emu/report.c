/*
 * The signature and the RAM hash: see report.h.
 */
#include "emu/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

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
