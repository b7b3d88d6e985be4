/* The shared object that dlopen.c loads. */
#include <stdio.h>

int plugin_value = 5;
static __thread int calls;

__attribute__((constructor)) static void loaded(void)
{
	puts("plugin: loaded");
}

__attribute__((destructor)) static void unloaded(void)
{
	puts("plugin: unloaded");
}

int plugin_call(int (*back)(int), int number)
{
	return back(number) + plugin_value + ++calls;
}
