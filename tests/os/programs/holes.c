/* Files with holes, at each place where a block map changes its depth; shrinking into the middle, growing back as
 * zeros. */
#include <fcntl.h>
#include <sys/stat.h>

#include "show.h"

static const long places[] = { 0,
	                       4095,
	                       11 * 1024,
	                       12 * 1024,
	                       47 * 1024,
	                       48 * 1024,
	                       268 * 1024,
	                       269 * 1024,
	                       4 * 1024 * 1024 + 48 * 1024,
	                       64L * 1024 * 1024 + 268 * 1024,
	                       64L * 1024 * 1024 + 269 * 1024 + 5,
	                       200L * 1024 * 1024 };
#define PLACES (sizeof places / sizeof *places)

static int fd;

static void look(const char *when)
{
	static char buffer[65536];
	char text[32], expected[32];
	long nonzero = 0, done;
	struct stat st;

	fstat(fd, &st);
	printf("%s: size %ld", when, (long)st.st_size);
	for (size_t i = 0; i < PLACES; i++) {
		long got = pread(fd, text, 16, places[i]);

		snprintf(expected, sizeof expected, "here is %-8ld", (long)i);
		printf(" %s", got <= 0                                   ? "-"
		              : memcmp(text, expected, (size_t)got) == 0 ? "yes"
		              : text[0]                                  ? "wrong"
		                                                         : "0");
	}
	lseek(fd, 0, SEEK_SET);
	for (long at = 0; at < 6 * 1024 * 1024 && (done = read(fd, buffer, sizeof buffer)) > 0; at += done)
		for (long i = 0; i < done; i++)
			nonzero += buffer[i] != 0;
	printf(", %ld bytes not zero in the first 6 MiB, few blocks: %d\n", nonzero, st.st_blocks < 1000);
}

int main(void)
{
	char text[32];

	fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0644);
	for (size_t i = 0; i < PLACES; i++) {
		snprintf(text, sizeof text, "here is %-8ld", (long)i);
		TRY(pwrite(fd, text, 16, places[i]));
	}
	look("written");
	TRY(fsync(fd));
	TRY(ftruncate(fd, 64L * 1024 * 1024 + 268 * 1024 + 8));
	look("shorter");
	TRY(ftruncate(fd, 12 * 1024 + 4));
	look("short");
	TRY(ftruncate(fd, 6 * 1024 * 1024));
	look("grown");
	TRY(ftruncate(fd, 0));
	look("empty");
	TRY(pwrite(fd, "x", 1, 300L * 1024 * 1024));
	TRY(pwrite(fd, "end", 3, 999));
	TRY(close(fd));
	fd = open("holes", O_RDWR);
	look("again");
	TRY(lseek(fd, -1, SEEK_END));
	TRY(read(fd, text, 10));
	TRY(read(fd, text, 10));
	TRY(lseek(fd, 1L << 40, SEEK_SET));
	TRY(read(fd, text, 10));
	TRY(pwrite(fd, "x", 1, -1));
	TRY(lseek(fd, -5, SEEK_SET));
	TRY(ftruncate(fd, -1));
	TRY(unlink("holes"));
	return 0;
}
