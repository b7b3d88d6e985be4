/*
 * How a machine is put together. The file to read first: it names every part and draws every wire.
 *
 *     hart 0..n-1 <- MSI, MTI ---- clint (mtime)
 *        |       <- MEI, SEI ---- plic <- 1..8 virtio, 10 uart, 11 rtc
 *       mmu
 *        |
 *       bus ---- RAM, clint, plic, uart, rtc, syscon, virtio slots, framebuffer        htif watches two words of RAM
 *
 * Every device gets an irq line and the clock, and knows no hart. What a device wants of the machine (power-off) it
 * says to a stop_listener, from within the guest's store: we note it and make the engine come out.
 */
#include "emu/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devices/memmap.h"
#include "emu/page_hash.h"

#define CACHE_BLOCK 64
#define ISA_TEXT_SIZE 1024
#define SEED_WORDS 4 /* 32 bytes of rng-seed: what Linux takes its first random numbers from */

void machine_interrupt(struct machine *m)
{
	if (m->running)
		m->running->mmu.device_touched = true;
}

/* The guest said that it is done. */
static void on_stop(void *arg, enum machine_stop what, u32 code)
{
	struct machine *m = arg;
	if (m->stop != STOP_NONE)
		return;
	m->stop = what;
	m->stop_code = code;
	machine_interrupt(m);
}

/* A store hit decoded code, or a word that HTIF watches. */
static void on_code_written(void *arg, u64 pa, u64 size)
{
	struct machine *m = arg;
	block_drop(m->blocks, pa, size);
	if (!m->htif || m->in_htif)
		return;
	if (m->running && m->clock.now_ns < hart_time_ns(m->running))
		m->clock.now_ns = hart_time_ns(m->running);
	m->in_htif = true;
	htif_stored(m->htif, pa, size);
	m->in_htif = false;
	machine_interrupt(m);
}

static u64 read_mtime(void *clint, u64 ns)
{
	return clint_mtime(clint, ns);
}

static u64 when_mtime(void *clint, u64 mtime)
{
	return clint_ns_of_mtime(clint, mtime);
}

/*
 * A guest that runs for longer than this gets its RAM in large host pages: a host TLB entry then serves many guest
 * pages. Taking them costs milliseconds when the host's memory is cold, so short programs start without.
 */
#define SETTLED_NS 500000

static void on_settled(void *arg)
{
	struct machine *m = arg;
	bus_prefer_large_pages(&m->bus);
}

/* A wire into a hart. */
static struct irq_line hart_line(struct hart *h, enum hart_wire wire)
{
	return (struct irq_line){ .set = hart_set_wire, .arg = h, .number = wire };
}

static void create_harts(struct machine *m, const struct machine_io *io)
{
	const struct config *config = m->config;
	struct mmu_config mmu = config->mmu;
	if (mmu.cost)
		mmu.shared = m->cache = cost_shared_create(mmu.cost);
	m->hart_count = config->harts;
	for (u32 i = 0; i < m->hart_count; i++) {
		struct hart_config hart = {
			.id = i,
			.decoder = &m->decoder,
			.mmu = &mmu,
			.bus = &m->bus,
			.clock = &m->clock,
			.blocks = m->blocks,
			.trace = &m->trace,
			.debug = io->debug,
		};
		m->harts[i] = hart_create(&hart);
	}
}

static bool create_devices(struct machine *m, const struct machine_io *io, struct error *err)
{
	struct stop_listener listener = { .stop = on_stop, .arg = m };
	m->clint = clint_create(&m->bus, &m->clock, MEMMAP_CLINT_BASE, m->config->harts, err);
	m->plic = m->clint ? plic_create(&m->bus, MEMMAP_PLIC_BASE, m->config->harts, err) : NULL;
	if (!m->plic)
		return false;
	m->uart = uart_create(&m->bus, &m->clock, MEMMAP_UART_BASE, plic_edge_line(m->plic, MEMMAP_UART_IRQ), io->out,
	                      err);
	if (!m->uart)
		return false;
	m->rtc = rtc_create(&m->bus, &m->clock, MEMMAP_RTC_BASE, plic_line(m->plic, MEMMAP_RTC_IRQ), io->epoch_ns, err);
	if (!m->rtc)
		return false;
	m->syscon = syscon_create(&m->bus, MEMMAP_SYSCON_BASE, listener, err);
	return m->syscon && slots_create(&m->slots, m->config, &m->bus, &m->clock, m->plic, &io->slots, err);
}

static bool has_framebuffer(const struct config *config)
{
	return display_options_has_screen(&config->screen, &config->display) && !config->screen.no_simple;
}

/* The framebuffer wants to hear of stores to these pages again. */
static void watch_stores(void *arg, u64 pa, u64 size)
{
	struct machine *m = arg;
	for (u32 i = 0; i < m->hart_count; i++)
		mmu_protect_range(&m->harts[i]->mmu, pa, size);
}

static bool create_framebuffer(struct machine *m, struct error *err)
{
	const struct screen_config *screen = &m->config->screen;
	if (!has_framebuffer(m->config))
		return true;
	m->framebuffer = framebuffer_create(&m->bus, MEMMAP_FRAMEBUFFER_BASE, screen->width, screen->height, err);
	if (!m->framebuffer)
		return false;
	m->framebuffer->watch = watch_stores;
	m->framebuffer->watch_arg = m;
	return true;
}

static void connect_harts(struct machine *m)
{
	for (u32 i = 0; i < m->hart_count; i++) {
		struct hart *h = m->harts[i];
		struct clint_hart *share = &m->clint->harts[i];
		share->msip = hart_line(h, WIRE_MSI);
		share->mtip = hart_line(h, WIRE_MTI);
		share->mtime_changed = hart_mtime_changed;
		share->mtime_changed_arg = h;
		m->plic->contexts[2 * i].line = hart_line(h, WIRE_MEI);
		m->plic->contexts[2 * i + 1].line = hart_line(h, WIRE_SEI);
		h->mtime = read_mtime;
		h->ns_of_mtime = when_mtime;
		h->mtime_arg = m->clint;
	}
}

/* A guest with a `tohost` symbol talks to the host through it. */
static bool create_htif(struct machine *m, const struct boot *boot, const struct machine_io *io, struct error *err)
{
	struct htif_wiring wiring = {
		.bus = &m->bus,
		.clock = &m->clock,
		.out = io->out,
		.listener = { .stop = on_stop, .arg = m },
	};
	if (!boot_symbol_pa(boot, "tohost", &wiring.tohost))
		return true;
	if (!boot_symbol_pa(boot, "fromhost", &wiring.fromhost))
		wiring.fromhost = 0;
	m->htif = htif_create(&wiring, err);
	if (!m->htif || !bus_pin(&m->bus, wiring.tohost, 8, err))
		return false;
	return wiring.fromhost == 0 || bus_pin(&m->bus, wiring.fromhost, 8, err);
}

/* The kernel's first random numbers: the same in every run that has the same seed. */
static void make_seed(u64 state, u64 words[SEED_WORDS])
{
	for (u32 i = 0; i < SEED_WORDS; i++) {
		state += 0x9e3779b97f4a7c15;
		u64 z = state;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		words[i] = z ^ z >> 31;
	}
}

/*
 * How OpenSBI finds counters for the events that Linux's perf asks for: SBI's "Performance Monitoring Unit" event
 * numbers, which are also the selectors (cpu/counters.def), and the counters that can count them: 0 and 2 are
 * fixed, 3..31 count anything.
 */
#define ANY_COUNTER 0xfffffff8
static const u32 pmu_selectors[] = {
	0x00001, 0, 0x00001, /* cycles */
	0x00002, 0, 0x00002, /* instructions */
	0x10019, 0, 0x10019, /* data TLB misses of loads */
	0x1001b, 0, 0x1001b, /* of stores */
	0x10021, 0, 0x10021, /* instruction TLB misses */
};
static const u32 pmu_counters[] = {
	0x00001,     0x00001, ANY_COUNTER | 1, 0x00002,     0x00002, ANY_COUNTER | 4, 0x10019,     0x10019,
	ANY_COUNTER, 0x1001b, 0x1001b,         ANY_COUNTER, 0x10021, 0x10021,         ANY_COUNTER,
};
static const u32 pmu_raw_counters[] = { 0, 0x20000, 0xffffffff, 0xffff0000,
	                                ANY_COUNTER }; /* selectors 0x2xxxx: our own */

bool machine_describe(const struct config *config, struct boot *boot, struct error *err)
{
	static const char *const mmu_types[] = { "riscv,sv39", "riscv,sv48", "riscv,sv57" };
	const struct isa *isa = &config->isa;
	char isa_text[ISA_TEXT_SIZE];
	u64 seed[SEED_WORDS];
	isa_print(isa, isa_text, sizeof(isa_text));
	make_seed(config->tlb.seed, seed);
	struct fdt_machine description = {
		.ram_base = MEMMAP_RAM_BASE,
		.ram_size = config->ram_size,
		.harts = config->harts,
		.isa = isa_text,
		.mmu_type = isa_has(isa, EXT_S) ? mmu_types[config->mmu.levels_max - 3] : NULL,
		.cbom_block_size = isa_has(isa, EXT_ZICBOM) ? CACHE_BLOCK : 0,
		.cboz_block_size = isa_has(isa, EXT_ZICBOZ) ? CACHE_BLOCK : 0,
		.cbop_block_size = isa_has(isa, EXT_ZICBOP) ? CACHE_BLOCK : 0,
		.timebase_hz = MEMMAP_TIMEBASE_HZ,
		.rng_seed = (const u8 *)seed,
		.rng_seed_size = sizeof(seed),
		.has_clint = true,
		.has_plic = true,
		.has_uart = true,
		.has_rtc = true,
		.has_syscon = true,
		.virtio_slots = slots_used(config),
	};
	if (has_framebuffer(config)) {
		description.framebuffer_base = MEMMAP_FRAMEBUFFER_BASE;
		description.framebuffer_width = config->screen.width;
		description.framebuffer_height = config->screen.height;
	}
	if (isa_has(isa, EXT_ZIHPM)) {
		description.pmu_event_to_mhpmevent = (struct fdt_cells){ pmu_selectors, ARRAY_SIZE(pmu_selectors) };
		description.pmu_event_to_mhpmcounters = (struct fdt_cells){ pmu_counters, ARRAY_SIZE(pmu_counters) };
		description.pmu_raw_event_to_mhpmcounters =
			(struct fdt_cells){ pmu_raw_counters, ARRAY_SIZE(pmu_raw_counters) };
	}
	return boot_place(boot, config, &description, err);
}

/* Puts what the guest starts from into RAM. */
static bool load(struct machine *m, struct boot *boot, struct error *err)
{
	if (!machine_describe(m->config, boot, err))
		return false;
	if (boot_pc(boot) & 3 && !isa_has(&m->config->isa, EXT_ZCA))
		return error_set(err,
		                 "the guest starts at 0x%" PRIx64 ", which is no multiple of 4: --isa needs c for that",
		                 boot_pc(boot));
	return boot_load(boot, &m->bus, err);
}

static void reset(struct machine *m, const struct boot *boot)
{
	for (u32 i = 0; i < m->hart_count; i++) {
		hart_reset(m->harts[i], boot_pc(boot), boot->fdt_pa);
		m->harts[i]->x[12] = boot->info_pa;
	}
}

struct machine *machine_create(const struct config *config, struct boot *boot, const struct machine_io *io,
                               struct error *err)
{
	struct machine *m = xcalloc(1, sizeof(*m));
	m->config = config;
	m->boot = boot;
	m->trace = io->trace;
	bus_init(&m->bus);
	clock_init(&m->clock);
	decoder_init(&m->decoder, &config->isa);
	bool ok = bus_add_ram(&m->bus, "ram", MEMMAP_RAM_BASE, config->ram_size, err) && create_devices(m, io, err) &&
	          create_framebuffer(m, err);
	if (ok) {
		m->blocks = block_cache_create(&m->bus);
		m->bus.code_written = on_code_written;
		m->bus.code_written_arg = m;
		create_harts(m, io);
		connect_harts(m);
		ok = load(m, boot, err) && create_htif(m, boot, io, err);
	}
	if (!ok) {
		machine_destroy(m);
		return NULL;
	}
	m->turns.left = config->quantum;
	m->settled = (struct event){ .fire = on_settled, .arg = m };
	clock_arm(&m->clock, &m->settled, SETTLED_NS);
	reset(m, boot);
	return m;
}

void machine_destroy(struct machine *m)
{
	if (!m)
		return;
	for (u32 i = 0; i < m->hart_count; i++)
		hart_destroy(m->harts[i]);
	if (m->blocks)
		block_cache_destroy(m->blocks);
	cost_shared_destroy(m->cache);
	slots_destroy(&m->slots);
	framebuffer_destroy(m->framebuffer);
	htif_destroy(m->htif);
	syscon_destroy(m->syscon);
	rtc_destroy(m->rtc);
	uart_destroy(m->uart);
	plic_destroy(m->plic);
	clint_destroy(m->clint);
	clock_free(&m->clock);
	bus_free(&m->bus);
	free(m);
}

u64 machine_steps(const struct machine *m)
{
	u64 steps = 0;
	for (u32 i = 0; i < m->hart_count; i++)
		steps += m->harts[i]->count;
	return steps;
}

u64 machine_instret(const struct machine *m)
{
	u64 retired = 0;
	for (u32 i = 0; i < m->hart_count; i++)
		retired += hart_instret(m->harts[i]);
	return retired;
}

u64 machine_ram_hash(struct machine *m)
{
	u64 hash = PAGE_HASH_START;
	for (u64 at = 0; at < m->config->ram_size; at += PAGE_SIZE)
		hash = page_hash(hash, at, bus_ram(&m->bus, MEMMAP_RAM_BASE + at, PAGE_SIZE));
	return hash;
}

/* Input goes to HTIF while the guest asks for it there, or else to the console that the user chose. */
u32 machine_input_room(struct machine *m)
{
	u32 room = m->htif ? htif_room(m->htif) : 0;
	if (room)
		return room;
	return m->slots.console ? virtio_console_room(m->slots.console) : uart_room(m->uart);
}

void machine_input(struct machine *m, u8 byte)
{
	if (m->htif && htif_room(m->htif))
		htif_receive(m->htif, byte);
	else if (m->slots.console)
		virtio_console_receive(m->slots.console, byte);
	else
		uart_receive(m->uart, byte);
}
