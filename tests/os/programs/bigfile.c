/* 24 MiB written in odd pieces, read in others, overwritten at random, appended to by several processes. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "show.h"

#define SIZE (24L << 20)

static unsigned char at(long offset)
{
	return (unsigned char)(offset * 7 + (offset >> 12));
}

static long bad_bytes(int fd, long piece)
{
	static unsigned char buffer[1 << 20];
	long bad = 0, offset = 0, done;

	lseek(fd, 0, SEEK_SET);
	while ((done = read(fd, buffer, (size_t)piece)) > 0)
		for (long i = 0; i < done; i++, offset++)
			bad += buffer[i] != at(offset);
	return bad + (offset != SIZE);
}

int main(void)
{
	static unsigned char buffer[1 << 20];
	unsigned long state = 3;
	int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	long offset = 0;
	struct stat st;

	while (offset < SIZE) {
		long piece = 1 + show_random(&state) % 200000;

		if (piece > SIZE - offset)
			piece = SIZE - offset;
		for (long i = 0; i < piece; i++)
			buffer[i] = at(offset + i);
		if (write(fd, buffer, (size_t)piece) != piece)
			return 1;
		offset += piece;
	}
	SHOW(bad_bytes(fd, 65536));
	SHOW(bad_bytes(fd, 12345));
	for (int i = 0; i < 300; i++) {
		long where = show_random(&state) % (SIZE - 5000);

		for (long k = 0; k < 5000; k++)
			buffer[k] = at(where + k);
		memset(buffer + 6000, 0, 5000);
		pwrite(fd, buffer + 6000, 5000, where);
		pwrite(fd, buffer, 5000, where);
	}
	TRY(fsync(fd));
	SHOW(bad_bytes(fd, 1 << 20));
	close(fd);
	fd = open("big", O_RDONLY);
	SHOW(bad_bytes(fd, 50001));
	close(fd);
	fflush(stdout);
	for (int child = 0; child < 4; child++)
		if (fork() == 0) {
			fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644);
			for (int i = 0; i < 250; i++)
				if (dprintf(fd, "child %d line %3d\n", child, i) != 17)
					_exit(1);
			_exit(0);
		}
	while (wait(&status) > 0)
		SHOW(status);
	stat("log", &st);
	SHOW(st.st_size);
	FILE *f = fopen("log", "r");
	int last[4] = { -1, -1, -1, -1 }, child, line, good = 0;
	while (fscanf(f, "child %d line %d\n", &child, &line) == 2) {
		good += line == last[child] + 1;
		last[child] = line;
	}
	SHOW(good);
	return 0;
}
