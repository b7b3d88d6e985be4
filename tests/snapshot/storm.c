/*
 * A guest for snapshots and replays: harts that do at random whatever has state that could be forgotten. Translations
 * go stale, are fenced by every form of sfence.vma, and change address space; code is called through pages of its own,
 * and rewritten; timers fire, harts wait in WFI; LR/SC, floating-point flags, the UART in loopback, counters that count
 * TLB misses and overflow. What is read, also the counters, is mixed into a digest in RAM, so that a machine that went
 * on a little differently ends with other RAM.
 *
 * ROUNDS and HARTS come from the compiler's command line. Compiled without floating point but for play_fp().
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define PAGE 4096ul
#define RAM 0x80000000ul
#define FRAMES 0x80200000ul /* frames to play with, 2 MiB */
#define FRAME_COUNT 512ul
#define DATA_VA 0x40000000ul /* pages that lead to any frames */
#define DATA_PAGES 192ul
#define CODE_VA 0x40200000ul /* pages with a function each */
#define CODE_PAGES 64ul
#define LARGE_VA 0x40400000ul  /* one page of 2 MiB: all frames */
#define ALIAS_VA 0x100000000ul /* the program once more every 16 MiB */
#define ALIAS_STRIDE 0x1000000ul
#define ALIASES 16ul
#define UART ((volatile u8 *)0x10000000)

#define PTE_V 1ul
#define PTE_R 2ul
#define PTE_W 4ul
#define PTE_X 8ul
#define PTE_G 32ul
#define PTE_A 64ul
#define PTE_D 128ul

#define read_csr(name)                                                                                                 \
	({                                                                                                             \
		u64 v_;                                                                                                \
		__asm__ volatile("csrr %0, " #name : "=r"(v_));                                                        \
		v_;                                                                                                    \
	})
#define write_csr(name, v) __asm__ volatile("csrw " #name ", %0" ::"r"(v))
#define set_csr(name, v) __asm__ volatile("csrs " #name ", %0" ::"r"(v))

/* A hart's own. */
struct player {
	u64 root[512], middle[512], ram[512], program[512]; /* page tables: of all, of 1 GiB, of RAM, of its start */
	u64 data[512], code[512], alias[512];               /* of DATA_VA, of CODE_VA, of ALIAS_VA */
	u64 random;                                         /* generator */
	u64 digest;                                         /* of all that was seen */
	u64 traps, timers;                                  /* how often */
	u64 asid;                                           /* address space */
} __attribute__((aligned(4096)));

static struct player players[HARTS];
static volatile u64 ready, done, shared, lock;
extern volatile u64 tohost;

void machine_main(u64 hart);
void on_trap(u64 cause, u64 tval);
void to_supervisor(void (*where)(u64), u64 hart);
void supervisor_trap(void);

static u64 next(struct player *p)
{
	p->random = p->random * 6364136223846793005ul + 1442695040888963407ul;
	return p->random >> 33;
}

static void mix(struct player *p, u64 v)
{
	p->digest = (p->digest ^ v) * 0x9e3779b97f4a7c15ul;
	p->digest ^= p->digest >> 29;
}

static u64 leaf(u64 pa, u64 flags)
{
	return pa >> 12 << 10 | flags | PTE_V;
}

static u64 table(const u64 *t)
{
	return (u64)t >> 12 << 10 | PTE_V;
}

static void make_tables(struct player *p)
{
	p->root[1] = table(p->middle);
	p->root[0] = leaf(0, PTE_R | PTE_W | PTE_A | PTE_D);
	p->middle[0] = table(p->data);
	p->middle[1] = table(p->code);
	p->middle[2] = leaf(FRAMES, PTE_R | PTE_W | PTE_A | PTE_D);
	/* The program itself, in pages of 4 KiB, so that it needs the TLB too. */
	p->root[2] = table(p->ram);
	p->ram[0] = table(p->program);
	p->root[4] = table(p->alias);
	for (u64 i = 0; i < ALIASES; i++)
		p->alias[i * 8] = table(p->program);
	p->ram[1] = leaf(FRAMES, PTE_R | PTE_W | PTE_A | PTE_D);
	for (u64 i = 0; i < 512; i++)
		p->program[i] = leaf(RAM + i * PAGE, PTE_R | PTE_W | PTE_X | PTE_A | PTE_D);
	for (u64 i = 0; i < DATA_PAGES; i++)
		p->data[i] = leaf(FRAMES + i * PAGE, PTE_R | PTE_W | (i % 5 ? PTE_A | PTE_D : 0) | (i % 7 ? 0 : PTE_G));
	for (u64 i = 0; i < CODE_PAGES; i++)
		p->code[i] = leaf(FRAMES + (i + DATA_PAGES) * PAGE, PTE_R | PTE_W | PTE_X | PTE_A | PTE_D);
}

/* addi a0, a0, n; ret. In every other page it starts 2 bytes in front of it, so that the first instruction crosses. */
static void make_function(u64 page, u64 n)
{
	volatile unsigned short *code = (volatile unsigned short *)(FRAMES + (page + DATA_PAGES) * PAGE - page % 2 * 2);
	u32 add = (u32)(n & 0x7ff) << 20 | 10 << 15 | 10 << 7 | 0x13;

	code[0] = (unsigned short)add;
	code[1] = (unsigned short)(add >> 16);
	code[2] = 0x8082; /* ret */
	__asm__ volatile("fence.i");
}

static void set_satp(struct player *p)
{
	write_csr(satp, 8ul << 60 | p->asid << 44 | (u64)p->root >> 12);
}

/* --- what is played --- */

static void play_data(struct player *p)
{
	volatile u64 *word = (volatile u64 *)(DATA_VA + next(p) % DATA_PAGES * PAGE + next(p) % 512 * 8);
	u64 how = next(p) % 4;

	if (how == 0)
		*word = p->digest;
	else if (how == 1)
		__asm__ volatile("amoadd.d zero, %0, (%1)" ::"r"(p->random), "r"(word) : "memory");
	else
		mix(p, *word);
}

static void play_large(struct player *p)
{
	volatile u64 *word = (volatile u64 *)(LARGE_VA + next(p) % (DATA_PAGES * 512) * 8);

	if (next(p) & 1)
		mix(p, *word);
	else
		*word = p->random;
}

static void play_code(struct player *p)
{
	u64 page = next(p) % CODE_PAGES;
	u64 (*function)(u64) = (u64(*)(u64))(CODE_VA + page * PAGE - page % 2 * 2);

	if (next(p) % 16 == 0)
		make_function(page, next(p));
	mix(p, function(p->random));
}

/* Leads a page elsewhere, and does not tell the TLB. */
static void play_stale(struct player *p)
{
	u64 i = next(p) % DATA_PAGES;
	u64 flags = PTE_R | PTE_W | (next(p) % 3 ? PTE_A | PTE_D : 0);

	p->data[i] = next(p) % 8 ? leaf(FRAMES + next(p) % DATA_PAGES * PAGE, flags) : 0;
}

static void play_fence(struct player *p)
{
	u64 va = DATA_VA + next(p) % DATA_PAGES * PAGE;

	switch (next(p) % 8) {
	case 0:
		__asm__ volatile("sfence.vma" ::: "memory");
		break;
	case 1:
		__asm__ volatile("sfence.vma zero, %0" ::"r"(p->asid) : "memory");
		break;
	case 2:
		__asm__ volatile("sfence.vma %0, %1" ::"r"(va), "r"(p->asid) : "memory");
		break;
	case 3:
		p->asid = next(p) % 4;
		set_satp(p);
		break;
	default:
		__asm__ volatile("sfence.vma %0, zero" ::"r"(va) : "memory");
		break;
	}
}

/* Pages that share a set with the very code at work, in all but the smallest TLBs. */
static void play_alias(struct player *p)
{
	u64 va = ALIAS_VA + (((u64)play_alias - RAM) & ~3ul), sum = 0, times = next(p) % 64;

	for (u64 i = next(p); times > 0; i += 5, times--)
		sum += *(volatile u32 *)(va + i % ALIASES * ALIAS_STRIDE);
	mix(p, sum);
}

static void play_lock(struct player *p)
{
	u64 old, failed;

	do
		__asm__ volatile("lr.d %0, (%2)\n add %0, %0, %3\n sc.d %1, %0, (%2)"
		                 : "=&r"(old), "=&r"(failed)
		                 : "r"(&shared), "r"(p->random)
		                 : "memory");
	while (failed);
	mix(p, old);
	/* A reservation that is left behind. */
	__asm__ volatile("lr.d %0, (%1)" : "=r"(old) : "r"(&lock) : "memory");
}

static void play_fp(struct player *p)
{
	u64 bits, flags;

	__asm__ volatile("fcvt.d.lu fa0, %2\n fcvt.d.lu fa1, %3\n fdiv.d fa2, fa0, fa1\n fsqrt.d fa3, fa2\n"
	                 "fmv.x.d %0, fa3\n frflags %1"
	                 : "=r"(bits), "=r"(flags)
	                 : "r"(p->random), "r"(next(p) % 64)
	                 : "memory");
	mix(p, bits + flags);
	if (next(p) % 8 == 0)
		__asm__ volatile("fsflags zero");
	if (next(p) % 8 == 0)
		__asm__ volatile("fsrm %0" ::"r"(next(p) % 5));
}

/* Loopback: what is sent comes back, and stays for a while. */
static void play_uart(struct player *p)
{
	if (next(p) % 4 == 0)
		UART[2] = (u8)(next(p) & 1 ? 0xc1 : 0x07);
	UART[4] = 0x10;
	UART[0] = (u8)next(p);
	if (next(p) % 2)
		mix(p, UART[0]);
	mix(p, (u64)UART[2] << 8 | UART[5]);
}

static void play_time(struct player *p)
{
	u64 now = read_csr(time);

	mix(p, now);
	write_csr(stimecmp, now + next(p) % 64);
	if (next(p) % 4 == 0)
		__asm__ volatile("wfi");
}

static void play_counters(struct player *p)
{
	mix(p, read_csr(hpmcounter3));
	mix(p, read_csr(hpmcounter4));
	mix(p, read_csr(hpmcounter5));
	mix(p, read_csr(hpmcounter6));
	mix(p, read_csr(hpmcounter7));
	mix(p, read_csr(hpmcounter8));
	mix(p, read_csr(instret));
	__asm__ volatile("ecall");
}

static void supervisor_main(u64 hart)
{
	static void (*const games[])(struct player *) = {
		play_data,  play_data,  play_alias, play_large, play_code,     play_code, play_code, play_stale,
		play_stale, play_fence, play_lock,  play_fp,    play_counters, play_time, play_uart, play_data,
	};
	struct player *p = &players[hart];

	write_csr(stvec, supervisor_trap);
	set_satp(p);
	write_csr(stimecmp, 100);
	set_csr(sie, 1ul << 5 | 1ul << 13);
	set_csr(sstatus, 2);
	for (u64 i = 0; i < ROUNDS; i++)
		games[next(p) % 16](p);
	__asm__ volatile("csrci sstatus, 2");
	__atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
	while (hart != 0)
		__asm__ volatile("csrw sie, zero\n wfi");
	while (done != HARTS)
		__asm__ volatile(".insn 0x0100000f");
	for (;;)
		tohost = 1;
}

/* A page fault: the page's A and D bits are missing, or it leads nowhere. */
void on_trap(u64 cause, u64 tval)
{
	struct player *p = (struct player *)(read_csr(satp) << 20 >> 8);
	u64 i = (tval - DATA_VA) / PAGE;

	p->traps++;
	mix(p, cause);
	if ((long)cause < 0) {
		p->timers++;
		write_csr(stimecmp, read_csr(time) + 50 + p->random % 256);
		__asm__ volatile("csrc sip, %0" ::"r"(1ul << 13));
		return;
	}
	mix(p, tval);
	if (i >= DATA_PAGES)
		for (;;)
			tohost = 1337 << 1 | 1;
	p->data[i] = leaf(FRAMES + (tval / PAGE + p->traps) % DATA_PAGES * PAGE, PTE_R | PTE_W | PTE_A | PTE_D);
	__asm__ volatile("sfence.vma %0, zero" ::"r"(tval) : "memory");
}

void machine_main(u64 hart)
{
	struct player *p = &players[hart];

	p->random = hart * 77 + 1;
	make_tables(p);
	if (hart == 0) {
		for (u64 i = 0; i < CODE_PAGES; i++)
			make_function(i, i);
		ready = 1;
	}
	while (!ready)
		;
	write_csr(pmpaddr0, ~0ul);
	write_csr(pmpcfg0, 0x1f);
	write_csr(medeleg, 0xb1fful & ~(1ul << 9));
	write_csr(mideleg, 0x2222ul);
	write_csr(mcounteren, ~0ul);
	write_csr(0x30a, read_csr(0x30a) | 1ul << 63); /* menvcfg.STCE */
	write_csr(mhpmevent3, 0x10019);
	write_csr(mhpmevent4, 0x10021);
	write_csr(mhpmevent5, 0x20006);
	write_csr(mhpmevent6, 0x20000);
	write_csr(mhpmevent7, 1ul << 62 | 0x00001); /* cycles, not in M mode */
	write_csr(mhpmevent8, 0x10019);
	write_csr(mhpmcounter8, -500l);
	to_supervisor(supervisor_main, hart);
}
