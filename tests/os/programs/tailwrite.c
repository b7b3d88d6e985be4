/* write() to a file's last page from a buffer of which half must be read from the disk first, while another process
 * writes all files back: what was copied before the wait must not be taken for rubbish behind the file's end. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "show.h"

#define PAGE 4096
#define ROUNDS 64
#define FIRST 100 /* bytes that the file has */
#define HALF 1000 /* bytes before and behind the border of the buffer's two pages */

static char cold_path[64], tail_path[64];

/* A file with one page for each round. */
static void make_cold(void)
{
	static char page[PAGE];
	int fd = open(cold_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	memset(page, 'c', sizeof page);
	for (int i = 0; i < ROUNDS; i++)
		write(fd, page, sizeof page);
	fsync(fd);
	close(fd);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd >= 0) {
		write(fd, "1", 1);
		close(fd);
	}
}

/* Bytes of the file that are not what was written. */
static long wrong_bytes(int fd)
{
	static char text[FIRST + 2 * HALF];
	long wrong = (long)sizeof text - pread(fd, text, sizeof text, 0);

	for (int i = 0; i < (int)sizeof text; i++)
		wrong += text[i] != (i < FIRST ? 'a' : i < FIRST + HALF ? 'b' : 'c');
	return wrong;
}

static long round_of(int cold, int i)
{
	char first[FIRST];
	char *buffer = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(tail_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	memset(buffer, 'b', PAGE);
	mmap(buffer + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, cold, (off_t)i * PAGE);
	memset(first, 'a', sizeof first);
	drop_caches();
	write(fd, first, sizeof first);
	write(fd, buffer + PAGE - HALF, 2 * HALF);
	long wrong = wrong_bytes(fd);
	close(fd);
	munmap(buffer, 2 * PAGE);
	return wrong;
}

int main(void)
{
	long wrong = 0;

	snprintf(cold_path, sizeof cold_path, "/tmp/cold.%d", getpid());
	snprintf(tail_path, sizeof tail_path, "/tmp/tail.%d", getpid());
	make_cold();
	pid_t child = fork();
	if (child == 0) {
		for (;;)
			sync();
	}
	int cold = open(cold_path, O_RDONLY);
	for (int i = 0; i < ROUNDS; i++)
		wrong += round_of(cold, i);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unlink(cold_path);
	unlink(tail_path);
	SHOW(wrong);
	return wrong != 0;
}
