/*
 * The supervisor's timer: stimecmp where the hart has Sstc; else the CLINT's M-mode timer, whose interrupt is handed
 * on as a supervisor timer interrupt.
 */
#ifndef FIRMWARE_TIMER_H
#define FIRMWARE_TIMER_H

#include "firmware/base.h"

struct hart;

/* A supervisor timer interrupt is pending from this time on (ticks), and not before. */
void timer_set(struct hart *hart, u64 time);

/* No timer interrupt, neither now nor later. */
void timer_stop(struct hart *hart);

/* The M-mode timer interrupt has come. */
void timer_expired(struct hart *hart);

#endif
