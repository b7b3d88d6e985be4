/*
 * What the demo needs to know of the privileged architecture: the bits of a few CSRs, the causes of traps, and the
 * format of a page-table entry. Written from the privileged manual ("Supervisor-Level ISA", "Sv39"), on purpose
 * without a look at what the emulator's own sources say: a constant that both got wrong would cancel out.
 */
#ifndef GUEST_DEMO_RISCV_H
#define GUEST_DEMO_RISCV_H

typedef unsigned long u64; /* on RV64 a long is 64 bits */

/* mstatus: MPP says which mode mret goes to. sstatus: SPP says which mode the trap came from, and sret goes to. */
#define MSTATUS_MPP (3ul << 11)
#define MSTATUS_MPP_S (1ul << 11)
#define SSTATUS_SPP (1ul << 8)

/* pmpcfg: one entry that lets everything through. A = NAPOT (bits 4:3), and the permissions X, W, R. */
#define PMP_NAPOT_RWX 0x1ful

/* scause of what the demo handles. */
#define CAUSE_ECALL_FROM_U 8
#define CAUSE_FETCH_PAGE_FAULT 12
#define CAUSE_LOAD_PAGE_FAULT 13
#define CAUSE_STORE_PAGE_FAULT 15

/*
 * A page-table entry (PTE) of Sv39:
 *
 *    63    54 53                                  10 9 8 7 6 5 4 3 2 1 0
 *   +--------+--------------------------------------+---+-+-+-+-+-+-+-+-+
 *   |  zero  | physical page number (address >> 12) |RSW|D|A|G|U|X|W|R|V|
 *   +--------+--------------------------------------+---+-+-+-+-+-+-+-+-+
 *
 * An entry with none of R, W, X points to the next table; any other is a leaf, and maps a page.
 */
#define PTE_V (1ul << 0) /* valid: with V=0 every access faults */
#define PTE_R (1ul << 1) /* may be read */
#define PTE_W (1ul << 2) /* may be written */
#define PTE_X (1ul << 3) /* may be executed */
#define PTE_U (1ul << 4) /* belongs to U mode */
#define PTE_G (1ul << 5) /* global: the same in all address spaces */
#define PTE_A (1ul << 6) /* has been accessed */
#define PTE_D (1ul << 7) /* has been written (dirty) */
#define PTE_PPN_SHIFT 10

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ul << PAGE_SHIFT)
#define PTES_PER_TABLE 512 /* 9 bits of the address choose one */

/* satp: MODE 8 is Sv39; the low bits are the physical page number of the root table. */
#define SATP_SV39 (8ul << 60)

#define csr_read(name)                                                                                                 \
	({                                                                                                             \
		u64 value_;                                                                                            \
		__asm__ volatile("csrr %0, " #name : "=r"(value_)::"memory");                                          \
		value_;                                                                                                \
	})
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" ::"r"((u64)(value)) : "memory")

/* Everything known about translations is forgotten. To be called after a PTE has changed. */
static inline void sfence_vma(void)
{
	__asm__ volatile("sfence.vma zero, zero" ::: "memory");
}

#endif
