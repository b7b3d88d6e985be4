/*
 * Work for a Linux guest, for the system part of the bench (tests/bench/system.py).
 *
 *   work exec N               fork and exec /bin/true N times
 *   work fault N              N times map 8 MiB, touch each page, unmap
 *   work write FILE MIB       write a pattern to a file or disk, then fsync
 *   work read FILE MIB        forget what is cached, read it back and look at each page
 *   work recv HOST PORT MIB   get bytes from the bench's server over one TCP connection
 *   work send HOST PORT MIB   send bytes to it, and wait until it has all of them
 *
 * Each prints "BENCH begin PART" before it starts and "BENCH end PART SECONDS" after it: the host takes the time at
 * both lines, the seconds are those of the guest's clock. Trouble is "BENCH failed PART: WHY" and exit status 1.
 *
 * It goes into /root/bench of the guest's disk. Build it there (gcc -O2 -o work work.c) or with
 * riscv64-linux-gnu-gcc -O2 -static on the host. The server's protocol is in system.py.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1u << 20)
#define MAPPED (8 * MIB)
#define PAGE 4096

/* What a part is given. */
struct request {
	const char *where; /* file, or dotted address of the server */
	long port;         /* the server's */
	long count;        /* rounds or MiB */
};

/* A part: `prepare` is not timed and may be NULL; both give NULL if all went well, or else what went wrong. */
struct part {
	const char *name;
	int arguments;
	const char *(*prepare)(const struct request *q);
	const char *(*run)(const struct request *q);
};

static uint64_t buffer[MIB / sizeof(uint64_t)];

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const char *run_exec(const struct request *q)
{
	for (long i = 0; i < q->count; i++) {
		int status;
		pid_t child = fork();
		if (child == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			return "a child failed";
	}
	return NULL;
}

static const char *run_fault(const struct request *q)
{
	for (long i = 0; i < q->count; i++) {
		char *m = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (m == MAP_FAILED)
			return "mmap";
		madvise(m, MAPPED, MADV_NOHUGEPAGE);
		for (size_t at = 0; at < MAPPED; at += PAGE)
			((volatile char *)m)[at] = 1;
		munmap(m, MAPPED);
	}
	return NULL;
}

/* The first word of each page says which page it is. */
static void fill(uint64_t mib)
{
	for (size_t i = 0; i < MIB / PAGE; i++)
		buffer[i * PAGE / sizeof(*buffer)] = mib * (MIB / PAGE) + i + 1;
}

static bool is_filled(uint64_t mib)
{
	for (size_t i = 0; i < MIB / PAGE; i++)
		if (buffer[i * PAGE / sizeof(*buffer)] != mib * (MIB / PAGE) + i + 1)
			return false;
	return true;
}

static const char *prepare_write(const struct request *q)
{
	/* A disk stays, a file is made anew. */
	if (strncmp(q->where, "/dev/", 5) != 0)
		unlink(q->where);
	sync();
	return NULL;
}

static const char *run_write(const struct request *q)
{
	int fd = open(q->where, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return "open";
	for (long i = 0; i < q->count; i++) {
		fill((uint64_t)i);
		if (write(fd, buffer, sizeof(buffer)) != sizeof(buffer))
			return "write";
	}
	if (fsync(fd) != 0 || close(fd) != 0)
		return "fsync";
	return NULL;
}

static const char *prepare_read(const struct request *q)
{
	(void)q;
	sync();
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	if (fd < 0 || write(fd, "3", 1) != 1 || close(fd) != 0)
		return "drop_caches: not root?";
	return NULL;
}

static const char *run_read(const struct request *q)
{
	int fd = open(q->where, O_RDONLY);
	if (fd < 0)
		return "open";
	for (long i = 0; i < q->count; i++) {
		if (read(fd, buffer, sizeof(buffer)) != sizeof(buffer))
			return "read";
		if (!is_filled((uint64_t)i))
			return "what was read is not what was written";
	}
	close(fd);
	return NULL;
}

/* One connection; the first line says which way and how much. */
static int connect_to(const struct request *q, char way)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)q->port) };
	char line[32];
	int s = socket(AF_INET, SOCK_STREAM, 0);
	if (s < 0 || inet_pton(AF_INET, q->where, &address.sin_addr) != 1 ||
	    connect(s, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	int size = snprintf(line, sizeof(line), "%c %ld\n", way, q->count);
	return write(s, line, (size_t)size) == size ? s : -1;
}

/* How much of what is left fits the buffer for the network. */
static size_t piece(uint64_t left)
{
	return left < 65536 ? (size_t)left : 65536;
}

static const char *run_recv(const struct request *q)
{
	int s = connect_to(q, 'R');
	if (s < 0)
		return "no connection";
	for (uint64_t left = (uint64_t)q->count * MIB; left;) {
		ssize_t n = read(s, buffer, piece(left));
		if (n <= 0)
			return "connection lost";
		left -= (uint64_t)n;
	}
	close(s);
	return NULL;
}

static const char *run_send(const struct request *q)
{
	char answer = 0;
	int s = connect_to(q, 'S');
	if (s < 0)
		return "no connection";
	for (uint64_t left = (uint64_t)q->count * MIB; left;) {
		ssize_t n = write(s, buffer, piece(left));
		if (n <= 0)
			return "connection lost";
		left -= (uint64_t)n;
	}
	if (read(s, &answer, 1) != 1 || answer != 'K')
		return "no answer";
	close(s);
	return NULL;
}

static const struct part parts[] = {
	{ "exec", 1, NULL, run_exec },
	{ "fault", 1, NULL, run_fault },
	{ "write", 2, prepare_write, run_write },
	{ "read", 2, prepare_read, run_read },
	{ "recv", 3, NULL, run_recv },
	{ "send", 3, NULL, run_send },
};

static int measure(const struct part *part, const struct request *q)
{
	const char *trouble = part->prepare ? part->prepare(q) : NULL;
	if (!trouble) {
		printf("BENCH begin %s\n", part->name);
		fflush(stdout);
		double start = now();
		trouble = part->run(q);
		double seconds = now() - start;
		if (!trouble)
			printf("BENCH end %s %.6f\n", part->name, seconds);
	}
	if (trouble)
		printf("BENCH failed %s: %s (%s)\n", part->name, trouble, strerror(errno));
	return trouble ? 1 : 0;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (argc < 2 || strcmp(argv[1], parts[i].name) != 0 || argc != 2 + parts[i].arguments)
			continue;
		struct request q = { .where = argv[2], .count = atol(argv[argc - 1]) };
		if (parts[i].arguments == 3)
			q.port = atol(argv[3]);
		return measure(&parts[i], &q);
	}
	printf("BENCH failed: usage: work exec|fault N, write|read FILE MIB, recv|send HOST PORT MIB\n");
	return 1;
}
