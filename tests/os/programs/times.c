/* Clocks and sleeps, as far as what they say is the same everywhere; the calendar in UTC. */
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "show.h"

static long now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void clocks(void)
{
	struct timespec t, later;
	struct timeval tv;
	struct rusage usage;
	struct tms tms;
	long last = now_ns(CLOCK_MONOTONIC), back = 0;

	for (int i = 0; i < 10000; i++) {
		long now = now_ns(CLOCK_MONOTONIC);

		back += now < last;
		last = now;
	}
	SHOW(back);
	SHOW(now_ns(CLOCK_REALTIME) / 1000000000L - time(NULL) <= 1);
	gettimeofday(&tv, NULL);
	SHOW(tv.tv_sec - time(NULL) <= 1 && tv.tv_usec >= 0 && tv.tv_usec < 1000000);
	SHOW(time(NULL) > 1700000000);
	TRY(clock_getres(CLOCK_MONOTONIC, &t));
	SHOW(t.tv_sec == 0 && t.tv_nsec > 0);
	TRY(clock_gettime(CLOCK_BOOTTIME, &t));
	TRY(clock_gettime(CLOCK_MONOTONIC_RAW, &t));
	TRY(clock_gettime(CLOCK_MONOTONIC_COARSE, &t));
	TRY(clock_gettime(1000, &t));
	last = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (volatile int i = 0; i < 3000000; i++)
		continue;
	SHOW(now_ns(CLOCK_PROCESS_CPUTIME_ID) > last);
	SHOW(now_ns(CLOCK_THREAD_CPUTIME_ID) > 0);
	TRY(getrusage(RUSAGE_SELF, &usage));
	SHOW(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 0);
	SHOW(usage.ru_maxrss > 0 && usage.ru_minflt > 0);
	SHOW(times(&tms) != -1);
	last = now_ns(CLOCK_MONOTONIC);
	TRY(clock_gettime(CLOCK_MONOTONIC, &later));
	later.tv_nsec += 3000000;
	later.tv_sec += later.tv_nsec / 1000000000;
	later.tv_nsec %= 1000000000;
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &later, NULL));
	SHOW(now_ns(CLOCK_MONOTONIC) - last >= 3000000);
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &later, NULL));
	last = now_ns(CLOCK_MONOTONIC);
	TRY(usleep(2000));
	TRY(nanosleep(&(struct timespec){ 0, 1000000 }, NULL));
	SHOW(now_ns(CLOCK_MONOTONIC) - last >= 3000000);
	TRY(nanosleep(&(struct timespec){ 0, 1000000000 }, NULL));
	TRY(nanosleep(&(struct timespec){ -1, 0 }, NULL));
}

int main(void)
{
	struct tm tm = { .tm_year = 126, .tm_mon = 1, .tm_mday = 29, .tm_hour = 25 };
	time_t moment = 1234567890;
	char text[100];

	clocks();
	setenv("TZ", "UTC", 1);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %j", gmtime(&moment));
	puts(text);
	SHOW(mktime(&tm));
	printf("%s", asctime(&tm));
	SHOW(difftime(5, 3) == 2.0);
	return 0;
}
