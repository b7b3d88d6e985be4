/*
 * futex(2): operations, and the list of held robust locks that the kernel walks when a thread dies.
 */
#ifndef GUEST_ABI_FUTEX_H
#define GUEST_ABI_FUTEX_H

#include "guest/abi/types.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_FD 2
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_LOCK_PI 6
#define FUTEX_UNLOCK_PI 7
#define FUTEX_TRYLOCK_PI 8
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_WAIT_REQUEUE_PI 11
#define FUTEX_CMP_REQUEUE_PI 12
#define FUTEX_LOCK_PI2 13
#define FUTEX_PRIVATE_FLAG 128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_CMD_MASK ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)
#define FUTEX_BITSET_MATCH_ANY 0xffffffffu

/* FUTEX_WAKE_OP: op << 28 | cmp << 24 | oparg << 12 | cmparg */
#define FUTEX_OP_SET 0
#define FUTEX_OP_ADD 1
#define FUTEX_OP_OR 2
#define FUTEX_OP_ANDN 3
#define FUTEX_OP_XOR 4
#define FUTEX_OP_OPARG_SHIFT 8
#define FUTEX_OP_CMP_EQ 0
#define FUTEX_OP_CMP_NE 1
#define FUTEX_OP_CMP_LT 2
#define FUTEX_OP_CMP_LE 3
#define FUTEX_OP_CMP_GT 4
#define FUTEX_OP_CMP_GE 5

/* a robust lock's word */
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

/* the kernel stops after this many entries of a (perhaps circular) list */
#define ROBUST_LIST_LIMIT 2048

struct abi_robust_list_head {
	u64 list;            /* first entry, each starts with a pointer to the next; the head itself ends it */
	i64 futex_offset;    /* from an entry to its lock word */
	u64 list_op_pending; /* the entry being locked or unlocked just now, or 0 */
};
_Static_assert(sizeof(struct abi_robust_list_head) == 24, "struct robust_list_head");

#endif
