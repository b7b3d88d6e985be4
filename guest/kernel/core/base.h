/*
 * The words every file of the kernel uses: types, BUG_ON, lists. No libc; picolibc gives string.h alone.
 *
 * Three kinds of error, never mixed: what a program did wrong is a negative errno (or a signal); what the kernel did
 * wrong is BUG_ON, which prints the registers and stops the machine; what the machine lacks is said once on the
 * console.
 */
#ifndef GUEST_KERNEL_CORE_BASE_H
#define GUEST_KERNEL_CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "guest/abi/errno.h"
#include "guest/abi/types.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define must_check __attribute__((warn_unused_result))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ROUND_UP(x, to) (((x) + (to)-1) & ~((u64)(to)-1))
#define ROUND_DOWN(x, to) ((x) & ~((u64)(to)-1))

#define PAGE_SIZE 4096ul
#define PAGE_SHIFT 12
#define PAGE_MASK (PAGE_SIZE - 1)

/* Prints the message, the registers of the hart and the task's name, then stops the machine with a failing status. */
__attribute__((noreturn, format(printf, 1, 2))) void panic(const char *format, ...);

#define BUG_ON(condition)                                                                                              \
	do {                                                                                                           \
		if (unlikely(condition))                                                                               \
			panic("%s:%d: BUG_ON(%s)", __FILE__, __LINE__, #condition);                                    \
	} while (0)

/* A doubly linked ring; the head is a node, too. An empty list's head points to itself. */
struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_ENTRY(node, type, member) container_of(node, type, member)
/* The body may remove the entry it is at. `next` is a struct list * of the caller's. */
#define LIST_FOR_EACH(node, head) for (struct list *node = (head)->next; node != (head); node = node->next)
#define LIST_FOR_EACH_SAFE(node, following, head)                                                                      \
	for (struct list *node = (head)->next, *following = node->next; node != (head);                                \
	     node = following, following = node->next)

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert(struct list *node, struct list *prev, struct list *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

static inline void list_add_first(struct list *head, struct list *node)
{
	list_insert(node, head, head->next);
}

static inline void list_add_last(struct list *head, struct list *node)
{
	list_insert(node, head->prev, head);
}

/* The node points to itself afterwards, so that removing it again does nothing. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#endif
