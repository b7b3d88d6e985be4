/*
 * Which harts run, and how they start, stop and sleep: the states of SBI's "Hart State Management".
 *
 * Only the hart itself leaves STARTED and SUSPENDED. Only a hart that is STOPPED may be started by another, which
 * moves its state to START_PENDING and writes down where; the compare-and-swap decides who may.
 */
#ifndef FIRMWARE_HSM_H
#define FIRMWARE_HSM_H

#include "firmware/base.h"

struct hart;

/* The numbers are SBI's. */
enum hart_state {
	HART_STARTED = 0,
	HART_STOPPED = 1,
	HART_START_PENDING = 2,
	HART_STOP_PENDING = 3,
	HART_SUSPENDED = 4,
	HART_SUSPEND_PENDING = 5,
	HART_RESUME_PENDING = 6,
};

/* The state of a hart that exists. */
enum hart_state hsm_state(u64 id);

/* Those of the harts that have a supervisor to interrupt: running, or suspended. */
u64 hsm_running(u64 harts);

/* Asks a hart that exists and is stopped to start; false: it is not stopped. */
bool hsm_start(u64 id, u64 pc, u64 value);

/* A hart that is stopped waits until it is started, and then begins. */
void hsm_wait(struct hart *hart) __attribute__((noreturn));

/* A hart that runs stops, and waits to be started. */
void hsm_stop(struct hart *hart) __attribute__((noreturn));

/* Sleeps until an interrupt that the supervisor has enabled in sie is pending. */
void hsm_suspend(struct hart *hart);

/* The end of a suspension that does not keep the hart's state: begins at pc, its supervisor's CSRs mostly as before. */
void hsm_resume_at(struct hart *hart, u64 pc, u64 value) __attribute__((noreturn));

#endif
