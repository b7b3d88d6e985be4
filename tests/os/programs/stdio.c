/* The C library's files: formats, seeking, buffering, pushing back, temporary files. */
#include <float.h>
#include <wchar.h>

#include "show.h"

static void formats(void)
{
	char text[100];

	printf("%5d|%-5d|%05d|%+d|%x|%#X|%o|%c|%s|%.3s|%10s|%-10s|%%\n", 42, 42, 42, 42, 255, 255, 8, 'c', "str",
	       "string", "right", "left");
	printf("%f %.2f %e %g %g %a\n", 3.14159, 2.71828, 12345.678, 0.0001, 1e20, 1.0);
	printf("%ld %lu %lld %zu %jd %hhd %p\n", -1L, ~0UL, -5LL, sizeof(long), (long)7, (char)300, (void *)0x1234);
	printf("%Lf %.20g %s\n", 1.0L / 3, DBL_MAX, "end");
	SHOW(snprintf(text, 5, "%s", "longer than that"));
	SHOW(strcmp(text, "long"));
	SHOW(strtol("0x7f", NULL, 0));
	printf("%g %g\n", strtod("1.5e3", NULL), atof("-2.25"));
}

static void files(void)
{
	char line[64];
	int number = 0;
	float real = 0;
	FILE *f = fopen("file", "w+");

	for (int i = 0; i < 1000; i++)
		fprintf(f, "line %d %g\n", i, i / 4.0);
	SHOW(ftell(f));
	rewind(f);
	SHOW(fscanf(f, "line %d %f", &number, &real));
	SHOW(fseek(f, -9, SEEK_END));
	printf("%s", fgets(line, sizeof line, f) ? line : "nothing\n");
	fseek(f, 7, SEEK_SET);
	SHOW(fgetc(f));
	SHOW(ungetc('!', f));
	SHOW(fgetc(f));
	SHOW(fseek(f, 0, SEEK_END));
	SHOW(fgetc(f));
	SHOW(feof(f) != 0);
	SHOW(fclose(f));
	f = fopen("file", "a");
	SHOW(setvbuf(f, NULL, _IONBF, 0));
	SHOW(fwrite("abc", 1, 3, f));
	SHOW(ftell(f));
	fclose(f);
	f = fopen("file", "r+");
	fwrite("LINE", 1, 4, f);
	fflush(f);
	SHOW(fread(line, 1, 10, f));
	fclose(f);
	TRY_ANY(fopen("no/such", "r") ? 0 : -1);
}

int main(void)
{
	char *memory = NULL;
	size_t size = 0;
	FILE *f;

	formats();
	files();
	f = tmpfile();
	SHOW(fputs("gone with its name", f) >= 0);
	rewind(f);
	SHOW(fgetc(f));
	fclose(f);
	f = open_memstream(&memory, &size);
	fprintf(f, "%d bytes", 7);
	fclose(f);
	printf("%s %zu\n", memory, size);
	free(memory);
	SHOW(remove("file"));
	TRY(remove("file"));
	fprintf(stderr, "to the error stream\n");
	return 3;
}
