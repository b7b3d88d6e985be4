/* Large folders: 3000 names made, listed whole, deleted while they are read, listed again. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "show.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void list(const char *folder)
{
	static char names[4000][32];
	unsigned sum = 0;
	int count = 0;
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(dir)) && count < 4000)
		snprintf(names[count++], 32, "%.31s", entry->d_name);
	closedir(dir);
	qsort(names, (size_t)count, 32, by_name);
	for (int i = 0; i < count; i++)
		sum = show_sum(sum, names[i], strlen(names[i]));
	printf("%s: %d names, sum %08x, first %s, last %s\n", folder, count, sum, names[0], names[count - 1]);
}

int main(void)
{
	struct dirent *entry;
	struct stat st;
	char name[64];
	long place;
	DIR *dir;
	int gone = 0;

	TRY(mkdir("d", 0755));
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "d/%0*d", 1 + i % 20, i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
	}
	list("d");
	TRY(rmdir("d"));
	dir = opendir("d");
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && entry->d_name[strlen(entry->d_name) - 1] % 2)
			gone += unlinkat(dirfd(dir), entry->d_name, 0) == 0;
	SHOW(gone);
	rewinddir(dir);
	for (int i = 0; i < 100; i++)
		readdir(dir);
	place = telldir(dir);
	snprintf(name, sizeof name, "%s", readdir(dir)->d_name);
	for (int i = 0; i < 50; i++)
		readdir(dir);
	seekdir(dir, place);
	SHOW(strcmp(name, readdir(dir)->d_name));
	closedir(dir);
	list("d");
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "d/sub%d", i);
		mkdir(name, 0700);
	}
	stat("d", &st);
	SHOW(st.st_nlink >= 1 && S_ISDIR(st.st_mode));
	list("d");
	dir = opendir("d");
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	closedir(dir);
	TRY(rmdir("d"));
	TRY(opendir("d") ? 0 : -1);
	return 0;
}
