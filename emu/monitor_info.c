/*
 * The monitor's commands about the board: what is where, interrupts, symbols, statistics.
 */
#include <inttypes.h>
#include <string.h>

#include "emu/monitor_internal.h"
#include "emu/observe/observers.h"

#define SYMBOLS_MAX 200
#define DESCRIPTION_SIZE 1024

/* --- info devices --- */

/* The PLIC's input that a device at this address drives, or 0. */
static u32 irq_of(u64 base)
{
	u64 slot = (base - MEMMAP_VIRTIO_BASE) / MEMMAP_VIRTIO_SIZE;
	if (base == MEMMAP_UART_BASE)
		return MEMMAP_UART_IRQ;
	if (base == MEMMAP_RTC_BASE)
		return MEMMAP_RTC_IRQ;
	return base >= MEMMAP_VIRTIO_BASE && slot < MEMMAP_VIRTIO_COUNT ? MEMMAP_VIRTIO_IRQ + (u32)slot : 0;
}

/* What the transport in slot i says about itself, indented. */
static void describe_slot(const struct monitor_call *call, u32 i)
{
	char text[DESCRIPTION_SIZE] = "";
	struct virtio *v = slots_transport(&call->m->slots, i);
	if (!v)
		return;
	virtio_describe(v, text, sizeof(text));
	for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		fprintf(call->out, "    %s\n", line);
}

bool monitor_info_devices(struct monitor_call *call)
{
	const struct machine *m = call->m;
	for (u32 i = 0; i < m->bus.count; i++) {
		const struct bus_region *r = &m->bus.regions[i];
		u32 irq = irq_of(r->base);
		fprintf(call->out, "%016" PRIx64 "-%016" PRIx64 "  %s", r->base, r->base + r->size - 1, r->name);
		if (r->ram)
			fprintf(call->out, ", %" PRIu64 " KiB of RAM", (u64)(r->size / KIB));
		if (m->framebuffer && m->framebuffer->base == r->base)
			fprintf(call->out, ", %ux%u pixels", m->framebuffer->width, m->framebuffer->height);
		if (irq)
			fprintf(call->out, ", irq %u (%s)", irq,
			        m->plic->level[irq / 32] >> irq % 32 & 1 ? "high" : "low");
		fprintf(call->out, "\n");
		if (irq >= MEMMAP_VIRTIO_IRQ && irq < MEMMAP_VIRTIO_IRQ + MEMMAP_VIRTIO_COUNT)
			describe_slot(call, irq - MEMMAP_VIRTIO_IRQ);
	}
	if (m->htif)
		fprintf(call->out, "htif: two words of RAM, by the guest's symbols tohost and fromhost\n");
	return monitor_done(call);
}

/* --- info irq --- */

static bool bit_of(const u32 words[PLIC_WORDS], u32 n)
{
	return words[n / 32] >> n % 32 & 1;
}

static void print_sources(const struct plic *plic, FILE *out)
{
	bool any = false;
	for (u32 n = 1; n < MEMMAP_PLIC_SOURCES; n++) {
		bool level = bit_of(plic->level, n), pending = bit_of(plic->pending, n);
		bool claimed = bit_of(plic->claimed, n);
		if (!plic->priority[n] && !level && !pending && !claimed)
			continue;
		any = true;
		fprintf(out, "  source %-2u priority %u%s%s%s\n", n, plic->priority[n], level ? ", wire high" : "",
		        pending ? ", pending" : "", claimed ? ", claimed" : "");
	}
	if (!any)
		fprintf(out, "  all sources have priority 0 and are quiet\n");
}

static void print_contexts(const struct plic *plic, FILE *out)
{
	for (u32 i = 0; i < plic->context_count; i++) {
		const struct plic_context *c = &plic->contexts[i];
		const char *separator = "";
		fprintf(out, "  context %-3u hart %u %c mode: threshold %u, enabled ", i, i / 2, i % 2 ? 'S' : 'M',
		        c->threshold);
		for (u32 n = 1; n < MEMMAP_PLIC_SOURCES; n++) {
			if (!bit_of(c->enable, n))
				continue;
			fprintf(out, "%s%u", separator, n);
			separator = ",";
		}
		fprintf(out, "%s\n", *separator ? "" : "nothing");
	}
}

/* "SSIP+MTIP", or "-". */
static void print_interrupts(u64 value, char last_letter, FILE *out)
{
	static const struct {
		u32 bit;
		const char *name;
	} names[] = { { 1, "SSI" }, { 3, "MSI" },  { 5, "STI" },   { 7, "MTI" },
		      { 9, "SEI" }, { 11, "MEI" }, { 13, "LCOFI" } };
	const char *separator = "";
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(value >> names[i].bit & 1))
			continue;
		fprintf(out, "%s%s%c", separator, names[i].name, last_letter);
		separator = "+";
	}
	fprintf(out, "%s", *separator ? "" : "-");
}

bool monitor_info_irq(struct monitor_call *call)
{
	const struct machine *m = call->m;
	FILE *out = call->out;
	fprintf(out, "plic\n");
	print_sources(m->plic, out);
	print_contexts(m->plic, out);
	fprintf(out, "clint\n  mtime %" PRIu64 "\n", clint_mtime(m->clint, m->clock.now_ns));
	for (u32 i = 0; i < m->hart_count; i++) {
		const struct hart *h = m->harts[i];
		u64 compare = m->clint->harts[i].mtimecmp;
		fprintf(out, "  hart %u: msip %u, mtimecmp ", i, (u32)(h->wires >> WIRE_MSI & 1));
		if (compare == UINT64_MAX)
			fprintf(out, "never\n");
		else
			fprintf(out, "%" PRIu64 "\n", compare);
	}
	for (u32 i = 0; i < m->hart_count; i++) {
		const struct hart *h = m->harts[i];
		int next = hart_pending_interrupt(h);
		fprintf(out, "hart %u: mip ", i);
		print_interrupts(hart_mip(h), 'P', out);
		fprintf(out, ", mie ");
		print_interrupts(h->csr.mie, 'E', out);
		fprintf(out, ", delegated to S mode ");
		print_interrupts(h->csr.mideleg, ' ', out);
		if (next >= 0)
			fprintf(out, ": interrupt %d is taken next", next);
		fprintf(out, "\n");
	}
	return monitor_done(call);
}

/* --- symbols --- */

bool monitor_info_symbols(struct monitor_call *call)
{
	const struct symbols *s = &call->m->boot->symbols;
	char part[MONITOR_WORD_SIZE];
	u32 shown = 0, found = 0;
	(void)monitor_word(call, part);
	if (!monitor_done(call))
		return false;
	for (u32 i = 0; i < s->count; i++) {
		if (!strstr(s->all[i].name, part))
			continue;
		if (found++ >= SYMBOLS_MAX)
			continue;
		fprintf(call->out, "%016" PRIx64 " %6" PRIu64 " %s %s\n", s->all[i].addr, s->all[i].size,
		        s->all[i].is_code ? "code" : "data", s->all[i].name);
		shown++;
	}
	if (found > shown)
		fprintf(call->out, "%u more: info symbols PART shows fewer\n", found - shown);
	if (found == 0)
		return error_set(call->err, s->count ? "no symbol's name contains '%s'" : "the guest has no symbols%s",
		                 s->count ? part : "");
	return true;
}

bool monitor_sym(struct monitor_call *call)
{
	char name[MONITOR_NAME_SIZE];
	u64 address;
	if (!monitor_value(call, "a name or an address", &address) || !monitor_done(call))
		return false;
	fprintf(call->out, "0x%" PRIx64 "%s\n", address,
	        monitor_describe(call, address, name)[0] ? name : " lies in no function or object that has a name");
	return true;
}

bool monitor_info_stats(struct monitor_call *call)
{
	struct stats_sources sources = { .machine = call->m };
	bool json = monitor_accept(call, "json");
	if (!monitor_done(call))
		return false;
	if (call->mon->observers)
		sources = observers_stats(call->mon->observers, call->m);
	if (json)
		stats_print_json(&sources, call->out);
	else
		stats_print(&sources, call->out);
	return true;
}
