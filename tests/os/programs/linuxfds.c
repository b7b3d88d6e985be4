/* What Linux made into files: event counters, timers, signals, memory. */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "show.h"

int main(void)
{
	struct itimerspec soon = { { 0, 0 }, { 0, 1000000 } };
	struct signalfd_siginfo si;
	uint64_t value = 5;
	sigset_t set;
	int fd = eventfd(3, EFD_NONBLOCK);
	char *m;

	TRY(write(fd, &value, 8));
	TRY(read(fd, &value, 8));
	SHOW(value);
	TRY(read(fd, &value, 8));
	close(fd);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	TRY(timerfd_settime(fd, 0, &soon, NULL));
	TRY(read(fd, &value, 8));
	SHOW(value);
	close(fd);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, 0);
	raise(SIGUSR1);
	TRY(read(fd, &si, sizeof si));
	SHOW(si.ssi_signo);
	close(fd);
	fd = memfd_create("memory", 0);
	TRY(ftruncate(fd, 8192));
	m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	m[5000] = 'm';
	char byte = 0;
	TRY(pread(fd, &byte, 1, 5000));
	SHOW(byte);
	return 0;
}
