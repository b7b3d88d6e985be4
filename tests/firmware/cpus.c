/*
 * The harts: traps, interrupts, calls that may trap, and work for harts other than the one that booted. See test.h.
 */
#include "tests/firmware/test.h"

struct cpu cpus[CPUS_MAX];
u64 boot_hart, hart_count;

static u8 stacks[CPUS_MAX][CPU_STACK_SIZE] __attribute__((aligned(16)));
static u64 all_started;

_Static_assert(sizeof(struct cpu) == 1024, "start.S divides by it");
_Static_assert(offsetof(struct cpu, pc) == CPU_PC && offsetof(struct cpu, sstatus) == CPU_SSTATUS &&
                       offsetof(struct cpu, stack) == CPU_STACK && offsetof(struct cpu, saved) == CPU_SAVED &&
                       offsetof(struct cpu, trying) == CPU_TRYING,
               "start.S knows the layout");

/* start.S */
void trap_entry(void);
u64 try_enter(const void *function, u64 arg, u64 sstatus);
void try_leave(void);
/* for start.S */
void trap_handle(struct cpu *cpu);
void cpu_main(u64 id, struct cpu *cpu, u64 satp, u64 sstatus);
void cpus_prepare(u64 hart);

struct sbiret sbi_call(u64 extension, u64 function, u64 arg0, u64 arg1, u64 arg2, u64 arg3, u64 arg4)
{
	register u64 a0 __asm__("a0") = arg0;
	register u64 a1 __asm__("a1") = arg1;
	register u64 a2 __asm__("a2") = arg2;
	register u64 a3 __asm__("a3") = arg3;
	register u64 a4 __asm__("a4") = arg4;
	register u64 a6 __asm__("a6") = function;
	register u64 a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	return (struct sbiret){ (i64)a0, a1 };
}

u64 now(void)
{
	return csr_read(0xc01);
}

void spin(u64 ticks)
{
	for (u64 end = now() + ticks; now() < end;)
		;
}

/* --- traps --- */

static void interrupt(struct cpu *cpu, u64 number)
{
	cpu->interrupt_time = now();
	switch (number) {
	case 1:
		csr_clear(sip, IRQ_SSI);
		cpu->ipi_count++;
		break;
	case 5:
		sbi1(EXT_TIME, 0, ~0ul);
		cpu->timer_count++;
		break;
	case 13:
		csr_clear(sip, IRQ_LCOFI);
		cpu->overflow_count++;
		break;
	default:
		expect_at(0, "interrupt nobody wants", number, 0);
		csr_write(sie, 0);
	}
}

void trap_handle(struct cpu *cpu)
{
	u64 cause = csr_read(scause);

	if (cause & INTERRUPT) {
		interrupt(cpu, cause & ~INTERRUPT);
		return;
	}
	if (!cpu->trying) {
		put_string("FAIL the test itself trapped: scause ");
		put_hex(cause);
		put_string(" stval ");
		put_hex(csr_read(stval));
		put_string(" sepc ");
		put_hex(cpu->pc);
		put_string("\n");
		sbi2(EXT_SRST, 0, 0, 1);
	}
	cpu->seen.cause = cause;
	cpu->seen.tval = csr_read(stval);
	cpu->seen.pc = cpu->pc;
	cpu->seen.sstatus = cpu->sstatus;
	cpu->seen.a0 = cpu->x[10];
	cpu->pc = (u64)try_leave;
	cpu->sstatus |= SSTATUS_SPP;
	cpu->x[4] = (u64)cpu;
}

u64 try_call(const void *function, u64 arg)
{
	struct cpu *cpu = this_cpu();

	cpu->seen.cause = NO_TRAP;
	cpu->seen.tval = 0;
	return try_enter(function, arg, 0);
}

u64 try_user(const void *function, u64 arg)
{
	struct cpu *cpu = this_cpu();
	u64 sstatus = csr_read(sstatus);
	u64 value;

	value = try_enter(function, arg,
	                  (sstatus & ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE)) |
	                          (sstatus & SSTATUS_SIE ? SSTATUS_SPIE : 0));
	csr_write(sstatus, sstatus);
	if (cpu->seen.cause == ECALL_FROM_U)
		value = cpu->seen.a0;
	return value;
}

/* --- other harts --- */

static void use_cpu(struct cpu *cpu)
{
	csr_write(sscratch, cpu);
	csr_write(stvec, trap_entry);
}

void cpus_prepare(u64 hart)
{
	boot_hart = hart;
	for (u64 i = 0; i < CPUS_MAX; i++) {
		cpus[i].id = i;
		cpus[i].stack = (u64)stacks[i + 1];
		hart_count += sbi1(EXT_HSM, 2, i).error == SUCCESS;
	}
	__asm__ volatile("mv tp, %0" ::"r"(&cpus[hart]) : "memory");
	use_cpu(&cpus[hart]);
	csr_clear(sstatus, SSTATUS_SIE);
	csr_write(sie, 0);
}

/* Where harts come to that were started or resumed. */
void cpu_main(u64 id, struct cpu *cpu, u64 satp, u64 sstatus)
{
	cpu->start_sie = csr_read(sie);
	cpu->start_sip = csr_read(sip);
	use_cpu(cpu);
	csr_set(sstatus, SSTATUS_FS);
	csr_write(sie, 0);
	cpu->start_id = id;
	cpu->start_satp = satp;
	cpu->start_sstatus = sstatus;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	cpu->starts++;
	for (;;) {
		if (!cpu->work)
			continue;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		cpu->work(cpu);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		cpu->work = NULL;
	}
}

void start_work(struct cpu *cpu, void (*work)(struct cpu *), u64 arg)
{
	cpu->arg = arg;
	cpu->result = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	cpu->work = work;
}

void wait_work(struct cpu *cpu)
{
	wait_until(!cpu->work);
	expect_true(!cpu->work);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void wait_state(u64 hart, u64 state)
{
	wait_until(sbi1(EXT_HSM, 2, hart).value == state);
	expect_ret(sbi1(EXT_HSM, 2, hart), SUCCESS, state);
}

struct sbiret start_hart(struct cpu *cpu)
{
	u64 starts = cpu->starts;
	struct sbiret ret = sbi3(EXT_HSM, 0, cpu->id, (u64)cpu_start, (u64)cpu);

	if (ret.error == SUCCESS)
		wait_until(cpu->starts == starts + 1);
	return ret;
}

int have_harts(u64 count)
{
	if (!all_started) {
		for (u64 i = 0; i + 1 < hart_count; i++)
			expect_error(start_hart(other(i)), SUCCESS);
		all_started = 1;
	}
	return hart_count >= count;
}

struct cpu *other(u64 n)
{
	return &cpus[n < boot_hart ? n : n + 1];
}
