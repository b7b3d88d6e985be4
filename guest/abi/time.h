/*
 * Times and clocks: what nanosleep, clock_gettime, itimers, times and utimensat exchange with a program.
 */
#ifndef GUEST_ABI_TIME_H
#define GUEST_ABI_TIME_H

#include "guest/abi/types.h"

struct abi_timespec {
	i64 tv_sec;  /* seconds */
	i64 tv_nsec; /* 0 to 999,999,999, or UTIME_NOW and UTIME_OMIT in utimensat */
};
_Static_assert(sizeof(struct abi_timespec) == 16, "struct timespec");

struct abi_timeval {
	i64 tv_sec;  /* seconds */
	i64 tv_usec; /* 0 to 999,999 */
};
_Static_assert(sizeof(struct abi_timeval) == 16, "struct timeval");

struct abi_itimerval {
	struct abi_timeval it_interval; /* period, 0: once */
	struct abi_timeval it_value;    /* time to the next expiry, 0: off */
};
_Static_assert(sizeof(struct abi_itimerval) == 32, "struct itimerval");

struct abi_timezone {
	i32 tz_minuteswest; /* always 0 here */
	i32 tz_dsttime;     /* always 0 here */
};

/* times(): clock ticks, USER_HZ a second */
struct abi_tms {
	i64 tms_utime;  /* user time of this process */
	i64 tms_stime;  /* system time of this process */
	i64 tms_cutime; /* user time of its children that were waited for */
	i64 tms_cstime; /* system time of those children */
};
_Static_assert(sizeof(struct abi_tms) == 32, "struct tms");

/* ticks a second in times(), /proc/PID/stat, /proc/stat and AT_CLKTCK */
#define USER_HZ 100

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define CLOCK_TAI 11

/* flag of clock_nanosleep and timers: the time is absolute */
#define TIMER_ABSTIME 1

#define ITIMER_REAL 0    /* wall time, SIGALRM */
#define ITIMER_VIRTUAL 1 /* user time, SIGVTALRM */
#define ITIMER_PROF 2    /* user and system time, SIGPROF */

/* special tv_nsec values of utimensat */
#define UTIME_NOW ((1l << 30) - 1l)
#define UTIME_OMIT ((1l << 30) - 2l)

#endif
