/* Shared objects at run time: symbols, calls both ways, constructors, what is missing, the library's mathematics. */
#include <dlfcn.h>
#include <link.h>

#include "show.h"

static int twice(int number)
{
	return 2 * number;
}

static int count_objects(struct dl_phdr_info *info, size_t size, void *count)
{
	(void)size;
	if (info->dlpi_name[0] == '/')
		++*(int *)count;
	return 0;
}

int main(int argc, char **argv)
{
	void *handle, *math;
	int (*call)(int (*)(int), int);
	double (*cosine)(double);
	int before = 0, after = 0;

	dl_iterate_phdr(count_objects, &before);
	handle = dlopen(argc > 1 ? argv[1] : "./plugin.so", RTLD_NOW);
	SHOW(handle != NULL);
	if (!handle)
		puts(dlerror());
	else {
		*(void **)&call = dlsym(handle, "plugin_call");
		SHOW(call(twice, 4));
		*(int *)dlsym(handle, "plugin_value") = 100;
		SHOW(call(twice, 4));
		SHOW(dlsym(handle, "absent") == NULL);
		SHOW(dlerror() != NULL);
		dl_iterate_phdr(count_objects, &after);
		SHOW(after - before);
		SHOW(dlclose(handle));
	}
	math = dlopen("libm.so.6", RTLD_LAZY);
	*(void **)&cosine = dlsym(math, "cos");
	printf("%.15g\n", cosine(1.0));
	SHOW(dlopen("libabsent.so.1", RTLD_NOW) == NULL);
	puts(dlerror());
	return 0;
}
