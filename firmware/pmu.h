/*
 * Performance counters, as SBI's PMU extension numbers them: 0 to 31 are the hart's own (0 cycle, 2 instret, 3 to 31
 * those that can be told what to count; 1 would be time and is none), from 32 on come the firmware's, which count what
 * only M mode sees.
 */
#ifndef FIRMWARE_PMU_H
#define FIRMWARE_PMU_H

#include "firmware/base.h"

struct hart;

#define PMU_HARDWARE_COUNTERS 32
#define PMU_FIRMWARE_COUNTERS 16
#define PMU_COUNTERS (PMU_HARDWARE_COUNTERS + PMU_FIRMWARE_COUNTERS)

/* Events that the firmware counts; the numbers are SBI's ("Firmware Events"). */
enum pmu_firmware_event {
	PMU_MISALIGNED_LOAD = 0,
	PMU_MISALIGNED_STORE = 1,
	PMU_ACCESS_LOAD = 2,
	PMU_ACCESS_STORE = 3,
	PMU_ILLEGAL_INSN = 4,
	PMU_SET_TIMER = 5,
	PMU_IPI_SENT = 6,
	PMU_IPI_RECEIVED = 7,
	PMU_FENCE_I_SENT = 8,
	PMU_FENCE_I_RECEIVED = 9,
	PMU_SFENCE_VMA_SENT = 10,
	PMU_SFENCE_VMA_RECEIVED = 11,
	PMU_SFENCE_VMA_ASID_SENT = 12,
	PMU_SFENCE_VMA_ASID_RECEIVED = 13,
	PMU_FIRMWARE_EVENTS
};

#define PMU_NO_EVENT 0xffffffffu

/* A hart's counters; a mask has a bit for each counter. */
struct pmu {
	u64 exist;                        /* counters that there are */
	u64 started;                      /* those that count */
	u32 event[PMU_COUNTERS];          /* event_idx that a counter was given, or PMU_NO_EVENT */
	u64 value[PMU_FIRMWARE_COUNTERS]; /* of the firmware's counters */
	u8 bits[PMU_HARDWARE_COUNTERS];   /* how wide the hart's counters are */
};

/* Finds the hart's counters. cycle and instret run, as after reset, the others stand still. */
void pmu_setup(struct hart *hart);

/* An event has happened on this hart. */
void pmu_count(struct hart *hart, enum pmu_firmware_event event);

/* The counters of `among` that can count an event; for raw events, this selector. */
u64 pmu_able(const struct hart *hart, u64 among, u32 event, u64 selector);

/* Filters of pmu_configure(): modes that are not counted. */
#define PMU_NOT_IN_U 1u
#define PMU_NOT_IN_S 2u

/* Tells a counter that is able to count an event to do so; false: the hart refuses the selector. It does not start. */
bool pmu_configure(struct hart *hart, u32 counter, u32 event, u64 selector, u32 filters);

/* It counts nothing any more, and is free for other events. */
void pmu_release(struct hart *hart, u32 counter);

/* Sets a counter that exists. */
void pmu_write(struct hart *hart, u32 counter, u64 value);

/* From now on a counter that exists counts, or stands still; its value and its event stay. */
void pmu_start(struct hart *hart, u32 counter);
void pmu_stop(struct hart *hart, u32 counter);

/* --- pmu_csr.c: CSRs by counter number (0, 2 to 31) --- */

/* mcycle, minstret, mhpmcounter; mhpmevent. Each false: the hart has no such counter. */
bool pmu_csr_read(u32 counter, u64 *value);
bool pmu_csr_write(u32 counter, u64 value);
bool pmu_event_read(u32 counter, u64 *event);
bool pmu_event_write(u32 counter, u64 event);

#endif
