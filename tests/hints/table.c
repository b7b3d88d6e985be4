/*
 * A kernel that gives no hints but has a table of processes as xv6 has it: what rvemu makes of its debug information.
 * M mode; satp is written and never used. hints.py has what must be told.
 */
#define SYSCON 0x100000ul /* devices/memmap.h; 0x5555 powers off */

struct proc {
	int lock;
	int state;
	int pid;
	struct proc *parent;
	unsigned long *pagetable;
	char name[16];
};

struct proc proc[4];

static void set(struct proc *p, int pid, struct proc *parent, unsigned long root, const char *name)
{
	p->pid = pid;
	p->parent = parent;
	p->pagetable = (unsigned long *)root;
	for (int i = 0; i < 16; i++) {
		p->name[i] = *name;
		name += *name != 0;
	}
}

static void load(unsigned long root)
{
	__asm__ volatile("csrw satp, %0" ::"r"(8ul << 60 | root >> 12) : "memory");
}

__attribute__((noreturn)) void start(void)
{
	load(0x80200000); /* the kernel's own */
	set(&proc[0], 1, 0, 0x80100000, "init");
	load(0x80100000);
	load(0x80200000);
	set(&proc[1], 2, &proc[0], 0x80101000, "sh");
	load(0x80101000);
	set(&proc[1], 2, &proc[0], 0x80102000, "a-name-of-16-byt");
	load(0x80102000);
	proc[1].pid = 0;
	load(0x80100000);
	set(&proc[3], -1, (struct proc *)~0ul, ~0ul, "\xff\x1b[2J"); /* nonsense does no harm */
	set(&proc[2], 3, (struct proc *)8, 0x80101000, "last");
	load(0x80101000);
	*(volatile unsigned *)SYSCON = 0x5555;
	for (;;)
		;
}

char stack[4096] __attribute__((aligned(16)));

__attribute__((naked)) void _start(void)
{
	__asm__("la sp, stack + 4096\n"
	        "j start");
}
