/*
 * The monitor's commands, which are QEMU's where it has them. The machine stands still meanwhile.
 */
#include "emu/monitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cpu/csr.h"
#include "emu/names.h"

#define LINE_SIZE 256

static const char *const register_names[32] = {
	"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
	"a6",   "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

static void print_csrs(const struct hart *h)
{
	static const u16 numbers[] = {
		CSR_MSTATUS, CSR_MIE,   CSR_MIP,   CSR_MEDELEG, CSR_MIDELEG, CSR_MTVEC, CSR_MEPC,
		CSR_MCAUSE,  CSR_MTVAL, CSR_STVEC, CSR_SEPC,    CSR_SCAUSE,  CSR_STVAL, CSR_SATP
	};
	u32 column = 0;
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		u64 value;
		if (!csr_peek(h, numbers[i], &value))
			continue;
		printf(" %-8s %016" PRIx64 "%s", csr_name(numbers[i]), value, ++column % 3 ? "" : "\n");
	}
	if (column % 3)
		printf("\n");
}

static void info_registers(const struct machine *m)
{
	for (u32 i = 0; i < m->hart_count; i++) {
		const struct hart *h = m->harts[i];
		char where[128];
		bool named = symbols_describe(&m->boot->symbols, h->pc, where, sizeof(where));
		printf("hart %u: %c mode, pc %016" PRIx64 "%s%s%s%s, %" PRIu64 " instructions retired\n", h->id,
		       priv_letter(h->priv), h->pc, named ? " <" : "", where, named ? ">" : "",
		       h->waiting ? ", waits for an interrupt" : "", hart_instret(h));
		for (u32 r = 0; r < 32; r++)
			printf(" %-4s %016" PRIx64 "%s", register_names[r], h->x[r], r % 3 == 2 || r == 31 ? "\n" : "");
		print_csrs(h);
	}
}

static void help(void)
{
	printf("info registers   all harts' registers\n"
	       "cont (or c)      let the guest go on; so does Ctrl-D\n"
	       "quit (or q)      end rvemu\n");
}

bool monitor(struct machine *m, struct console *console)
{
	char line[LINE_SIZE];
	printf("\nrvemu monitor: help lists commands, cont goes on\n");
	for (;;) {
		printf("(rvemu) ");
		fflush(stdout);
		if (!console_read_line(console, line, sizeof(line))) {
			printf("\n");
			return console_signal(console) != 0;
		}
		if (strcmp(line, "q") == 0 || strcmp(line, "quit") == 0)
			return true;
		if (strcmp(line, "c") == 0 || strcmp(line, "cont") == 0 || strcmp(line, "continue") == 0)
			return false;
		if (strcmp(line, "info registers") == 0)
			info_registers(m);
		else if (strcmp(line, "help") == 0 || strcmp(line, "?") == 0 || strcmp(line, "info") == 0)
			help();
		else if (line[0])
			printf("unknown command %s: help lists all\n", line);
		fflush(stdout);
	}
}
