/* Pipes, and waiting for them: capacity, ends that close, non-blocking, poll, select, epoll. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

#include "show.h"

static void basics(void)
{
	char buffer[8192];
	int ends[2];

	TRY(pipe2(ends, O_NONBLOCK));
	TRY(read(ends[0], buffer, 10));
	TRY(write(ends[1], "hello", 5));
	TRY(read(ends[0], buffer, 3));
	TRY(read(ends[0], buffer, 10));
	memset(buffer, 'x', sizeof buffer);
	long total = 0, done;
	while ((done = write(ends[1], buffer, sizeof buffer)) > 0)
		total += done;
	SHOW(total);
	TRY(write(ends[1], buffer, 1));
	TRY(read(ends[0], buffer, 4096));
	TRY(write(ends[1], buffer, 8192));
	TRY(write(ends[1], buffer, 1));
	TRY(close(ends[1]));
	while ((done = read(ends[0], buffer, sizeof buffer)) > 0)
		total -= done;
	SHOW(done);
	SHOW(total);
	TRY(lseek(ends[0], 0, SEEK_SET));
	TRY(write(ends[0], "x", 1));
	TRY(close(ends[0]));
	TRY(pipe(ends));
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	TRY(write(ends[1], "x", 1));
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
}

static void stream(void)
{
	static unsigned char buffer[100000];
	unsigned long state = 1;
	unsigned sum = 0, expected = 0;
	int ends[2], status;
	long total = 0, done;

	TRY(pipe(ends));
	fflush(stdout);
	if (fork() == 0) {
		close(ends[0]);
		for (int i = 0; i < 40; i++) {
			unsigned size = 1 + show_random(&state) % sizeof buffer;

			memset(buffer, i, size);
			if (write(ends[1], buffer, size) != (long)size)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	while ((done = read(ends[0], buffer, 7777)) > 0) {
		total += done;
		for (long i = 0; i < done; i++)
			sum += buffer[i];
	}
	wait(&status);
	for (int i = 0; i < 40; i++)
		expected += (unsigned)i * (1 + show_random(&state) % sizeof buffer);
	SHOW(total);
	SHOW(sum == expected);
	SHOW(WEXITSTATUS(status));
}

static void polling(void)
{
	int ends[2], other[2];
	char byte;

	TRY(pipe(ends));
	TRY(pipe(other));
	struct pollfd fds[3] = { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 }, { 99, POLLIN, 0 } };
	fd_set readable, writable;
	struct timeval soon = { 0, 1000 };
	TRY(poll(fds, 3, 0));
	printf("%x %x %x\n", fds[0].revents, fds[1].revents, fds[2].revents);
	TRY(write(ends[1], "x", 1));
	TRY(poll(fds, 2, -1));
	printf("%x %x\n", fds[0].revents, fds[1].revents);
	TRY(poll(fds + 2, 0, 2));
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_SET(ends[0], &readable);
	FD_SET(other[0], &readable);
	FD_SET(other[1], &writable);
	TRY(select(other[1] + 1, &readable, &writable, NULL, NULL));
	SHOW(FD_ISSET(ends[0], &readable) != 0);
	SHOW(FD_ISSET(other[0], &readable) != 0);
	TRY(read(ends[0], &byte, 1));
	FD_ZERO(&readable);
	FD_SET(ends[0], &readable);
	TRY(select(ends[0] + 1, &readable, NULL, NULL, &soon));
	TRY(poll(fds, 1, 3));
	fflush(stdout);
	if (fork() == 0) {
		usleep(2000);
		_exit(write(ends[1], "y", 1) != 1);
	}
	TRY(poll(fds, 1, 100000));
	wait(NULL);
	close(ends[1]);
	TRY(read(ends[0], &byte, 1));
	TRY(poll(fds, 1, -1));
	printf("%x\n", fds[0].revents);
	close(other[0]);
	fds[0] = (struct pollfd){ other[1], POLLOUT, 0 };
	TRY(poll(fds, 1, -1));
	printf("%x\n", fds[0].revents);
	close(ends[0]);
	close(other[1]);
}

static void epolling(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = 1 }, got[4];
	int ends[2], ep = epoll_create1(EPOLL_CLOEXEC);
	char byte;

	SHOW(ep >= 0);
	TRY(pipe(ends));
	TRY(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event));
	TRY(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &event));
	TRY(epoll_wait(ep, got, 4, 0));
	TRY(write(ends[1], "ab", 2));
	TRY(epoll_wait(ep, got, 4, -1));
	printf("%x %u\n", got[0].events, got[0].data.u32);
	TRY(epoll_wait(ep, got, 4, -1));
	event.events = EPOLLIN | EPOLLET;
	TRY(epoll_ctl(ep, EPOLL_CTL_MOD, ends[0], &event));
	TRY(epoll_wait(ep, got, 4, 0));
	TRY(epoll_wait(ep, got, 4, 0));
	TRY(write(ends[1], "c", 1));
	TRY(epoll_wait(ep, got, 4, 0));
	event.events = EPOLLIN | EPOLLONESHOT;
	TRY(epoll_ctl(ep, EPOLL_CTL_MOD, ends[0], &event));
	TRY(epoll_wait(ep, got, 4, 0));
	TRY(epoll_wait(ep, got, 4, 1));
	TRY(read(ends[0], &byte, 1));
	TRY(epoll_ctl(ep, EPOLL_CTL_DEL, ends[0], NULL));
	TRY(epoll_ctl(ep, EPOLL_CTL_DEL, ends[0], NULL));
	close(ep);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		epolling();
		return 0;
	}
	basics();
	stream();
	polling();
	return 0;
}
