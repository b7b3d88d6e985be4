/*
 * What the power is cut under: files are written, renamed and deleted for ever; what must survive is said on the
 * console.
 *
 * Usage: powercut SEED. "SYNCED name size mark" is printed after the file's fsync came back (and its folder's): from
 * then on the file must be on the disk with `size` bytes of the pattern `mark`. "GONE name" is printed before a synced
 * file is changed or deleted: from then on nothing is promised about it. Whole lines only: they are one write each.
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "show.h"

#define FILES 24

static unsigned long state;
static int promised[FILES];

static void say(const char *what, int file, size_t size, unsigned mark)
{
	char line[80];
	int length = snprintf(line, sizeof line, "%s f%d %zu %u\n", what, file, size, mark);

	if (write(1, line, (size_t)length) != length)
		_exit(1);
}

static void take_back(int file)
{
	if (promised[file])
		say("GONE", file, 0, 0);
	promised[file] = 0;
}

static void sync_folder(void)
{
	int folder = open("/w", O_RDONLY | O_DIRECTORY);

	if (fsync(folder) != 0)
		_exit(2);
	close(folder);
}

static void write_file(int file)
{
	static unsigned char data[300000];
	size_t size = show_random(&state) % (show_random(&state) % 4 ? 9000 : sizeof data);
	unsigned mark = show_random(&state) % 1000;
	char name[40], temporary[40];
	int fd, replace = (int)(show_random(&state) % 2);

	snprintf(name, sizeof name, "/w/f%d", file);
	snprintf(temporary, sizeof temporary, "/w/t%d", file);
	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char)(mark + i * 7 + (i >> 8));
	take_back(file);
	fd = open(replace ? temporary : name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		_exit(3);
	if (show_random(&state) % 3) {
		if (fsync(fd) != 0 || (replace && rename(temporary, name) != 0))
			_exit(4);
		sync_folder();
		say("SYNCED", file, size, mark);
		promised[file] = 1;
	}
	close(fd);
}

int main(int argc, char **argv)
{
	char name[40];

	if (getpid() == 1)
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	state = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	mkdir("/w", 0755);
	say("START", 0, 0, 0);
	for (;;) {
		int file = (int)(show_random(&state) % FILES);

		switch (show_random(&state) % 8) {
		case 0:
			take_back(file);
			snprintf(name, sizeof name, "/w/f%d", file);
			unlink(name);
			break;
		case 1:
			snprintf(name, sizeof name, "/w/d%d", file);
			if (mkdir(name, 0755) != 0)
				rmdir(name);
			break;
		case 2:
			if (show_random(&state) % 8 == 0)
				sync();
			break;
		default:
			write_file(file);
		}
	}
}
