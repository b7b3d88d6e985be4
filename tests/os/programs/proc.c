/* /proc as programs read it: what each file must have, not the values. */
#include <dirent.h>
#include <fcntl.h>

#include "show.h"

static char text[200000];

static int has(const char *file, const char *what)
{
	FILE *f = fopen(file, "r");
	size_t size = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[size] = '\0';
	if (f)
		fclose(f);
	return f && strstr(text, what) != NULL;
}

static long field(const char *file, const char *name)
{
	return has(file, name) ? strtol(strstr(text, name) + strlen(name), NULL, 10) : -1;
}

int main(int argc, char **argv)
{
	char perms[8] = "", where[1000] = "";
	unsigned long start, end, data = (unsigned long)&text[100], stack = (unsigned long)&start,
				  code = (unsigned long)main;
	int in_data = 0, in_stack = 0, in_code = 0, ordered = 1, lines = 0;
	unsigned long last = 0;
	char state = 0;

	FILE *maps = fopen("/proc/self/maps", "r");
	while (fgets(text, sizeof text, maps)) {
		if (sscanf(text, "%lx-%lx %7s %*x %*x:%*x %*d %999s", &start, &end, perms, where) < 3)
			printf("a line that is none: %s", text);
		lines++;
		ordered &= start >= last && end > start;
		last = end;
		in_data += data >= start && data < end && strcmp(perms, "rw-p") == 0;
		in_stack +=
			stack >= start && stack < end && strcmp(perms, "rw-p") == 0 && strstr(text, "[stack]") != NULL;
		in_code +=
			code >= start && code < end && strcmp(perms, "r-xp") == 0 && strstr(where, argv[0] + 3) != NULL;
	}
	fclose(maps);
	SHOW(in_data == 1);
	SHOW(in_stack == 1);
	SHOW(in_code == 1);
	SHOW(ordered);
	SHOW(lines > 3);
	int fd = open("/proc/self/stat", O_RDONLY), pid = 0;
	text[read(fd, text, sizeof text - 1)] = '\0';
	close(fd);
	SHOW(sscanf(text, "%d (%*[^)]) %c", &pid, &state));
	SHOW(pid == getpid());
	int spaces = 0;
	for (char *p = text; *p; p++)
		spaces += *p == ' ';
	SHOW(spaces >= 43);
	SHOW(has("/proc/self/status", "State:\t"));
	SHOW(field("/proc/self/status", "\nPid:") == getpid());
	SHOW(field("/proc/self/status", "\nPPid:") == getppid());
	SHOW(field("/proc/self/status", "\nThreads:") >= 1);
	SHOW(field("/proc/self/status", "\nVmRSS:") > 0);
	SHOW(field("/proc/self/status", "\nVmSize:") >= field("/proc/self/status", "\nVmRSS:"));
	SHOW(has("/proc/self/status", "\nSigCgt:"));
	SHOW(field("/proc/meminfo", "MemTotal:") > 10000);
	SHOW(field("/proc/meminfo", "\nMemFree:") > 0);
	SHOW(field("/proc/meminfo", "\nMemAvailable:") > 0);
	SHOW(field("/proc/meminfo", "\nCached:") >= 0);
	SHOW(field("/proc/meminfo", "\nSwapTotal:") >= 0);
	SHOW(has("/proc/stat", "cpu  ") && has("/proc/stat", "\ncpu0 ") && has("/proc/stat", "\nctxt ") &&
	     has("/proc/stat", "\nbtime "));
	SHOW(field("/proc/stat", "\nprocesses ") > 0);
	SHOW(has("/proc/uptime", ".") && strtod(text, NULL) > 0);
	SHOW(has("/proc/loadavg", "/"));
	SHOW(field("/proc/vmstat", "pgfault ") > 0);
	SHOW(field("/proc/vmstat", "pswpin ") >= 0);
	SHOW(has("/proc/mounts", " / "));
	SHOW(has("/proc/mounts", "proc"));
	SHOW(has("/proc/filesystems", "ext2") || has("/proc/filesystems", "ext4"));
	SHOW(has("/proc/version", "inux"));
	SHOW(has("/proc/swaps", "Filename"));
	SHOW(has("/proc/cpuinfo", "processor"));
	SHOW(has("/proc/self/limits", "Max open files"));
	SHOW(has("/proc/self/io", "rchar:"));
	SHOW(has("/proc/self/comm", argc > 99 ? "" : "\n"));
	SHOW(readlink("/proc/self", text, sizeof text) > 0 && atoi(text) == getpid());
	fd = open("/proc/self/cmdline", O_RDONLY);
	SHOW(read(fd, text, sizeof text) > 0 && strcmp(text + 0, argv[0]) == 0);
	SHOW(has("/proc/self/auxv", ""));
	SHOW(has("/proc/self/environ", "PATH="));
	SHOW(getcwd(where, sizeof where) != NULL);
	SHOW(readlink("/proc/self/cwd", text, sizeof text) > 0 && strncmp(text, where, strlen(where)) == 0);
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int fds = 0;
	while ((entry = readdir(dir)))
		fds += entry->d_name[0] != '.';
	closedir(dir);
	SHOW(fds >= 4);
	dir = opendir("/proc");
	int processes = 0, me = 0;
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > 0) {
			processes++;
			me += atoi(entry->d_name) == getpid();
		}
	closedir(dir);
	SHOW(me);
	SHOW(processes >= 2);
	TRY_ANY(open("/proc/999999/stat", O_RDONLY));
	TRY_ANY(open("/proc/self/absent", O_RDONLY));
	unsigned long entry_bits = 0;
	fd = open("/proc/self/pagemap", O_RDONLY);
	SHOW(pread(fd, &entry_bits, 8, (off_t)(data / 4096 * 8)));
	SHOW((entry_bits >> 63) == 1);
	return 0;
}
