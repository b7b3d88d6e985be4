/*
 * What guest_view.c (events, frames, counters) and guest_people.c (processes and address spaces) share.
 */
#ifndef RVEMU_EMU_OBSERVE_GUEST_VIEW_INTERNAL_H
#define RVEMU_EMU_OBSERVE_GUEST_VIEW_INTERNAL_H

#include "emu/observe/guest_maps.h"
#include "emu/observe/guest_view.h"

#define GUEST_SPACES_MAX 1024
#define GUEST_OWNERS (1u << 16) /* ids of address spaces whose pid is remembered */
#define SATP_ROOT_BITS 44
#define SATP_SV39 (8ull << 60)

struct space {
	u64 root;   /* frame of the root page table */
	u64 satp;   /* as last loaded; 0: never */
	u32 id;     /* 1.. in the order in which they were seen */
	u32 pid;    /* whose; 0: not known */
	u32 mapped; /* entries of it in struct guest_maps */
	u64 used;   /* turn of its last use; 0: never */
};

/* Processes and address spaces. */
struct people {
	struct guest_process processes[GUEST_PROCESSES_MAX]; /* as first seen */
	u32 process_count;
	struct space spaces[GUEST_SPACES_MAX]; /* in no order */
	u32 space_count;
	u32 last_space;           /* index of the one found last */
	u32 last_id;              /* given to a space */
	u32 last_unknown;         /* pid given to a space of unknown process, less GUEST_SPACE_PID */
	u64 turn;                 /* of uses of spaces */
	u64 created;              /* processes ever seen */
	u64 alive, alive_peak;    /* processes now, and the most there were */
	u32 owners[GUEST_OWNERS]; /* by id % GUEST_OWNERS: pid */
};

/* The process of that pid, or NULL; made if it is new. */
struct guest_process *people_find(struct people *p, u32 pid);
struct guest_process *people_get(struct people *p, u32 pid, u64 now_ns);
void people_remove(struct people *p, const struct guest_process *process);
void people_exit(struct people *p, u32 pid, u64 now_ns);

/* The space with that root, or NULL. */
struct space *people_space(struct people *p, u64 root);
/* A new one; the caller has seen to it that there is room. */
struct space *people_add_space(struct people *p, u64 root);
/* The one to give up when there are too many. */
struct space *people_oldest_space(struct people *p);
void people_drop_space(struct people *p, struct space *space);
/* The process has this space; who had it before and lives keeps it (vfork). */
void people_bind(struct people *p, struct space *space, struct guest_process *process);
/* There are hints: spaces that were taken for processes so far are the kernel's own. */
void people_forget_unknown(struct people *p);
/* Loaded into satp. named: nobody will say whose it is. */
void people_use(struct people *p, struct space *space, u64 satp, bool named, u64 now_ns);

#endif
