# gcc in the guest: compiles, links, runs; make; a program in two files.
cat > hello.c <<'END'
#include <stdio.h>
#include <math.h>
int main(int argc, char **argv) { printf("Hello from %s, %.4f\n", argc > 1 ? argv[1] : "gcc", sqrt(2 + argc)); return 0; }
END
gcc -O2 -Wall -o hello hello.c -lm && ./hello && ./hello again
gcc -g -static -o static hello.c -lm && ./static
gcc -S -O1 hello.c && grep -c main hello.s
printf 'int twice(int a) { return 2 * a; }\n' > a.c
printf '#include <stdio.h>\nint twice(int);\nint main(void) { printf("%%d\\n", twice(21)); return 0; }\n' > b.c
printf 'prog: a.o b.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -O -c $<\n' > Makefile
make && ./prog && make
echo 'int main( { }' > bad.c; gcc bad.c 2>&1 | grep -c error; echo "status $?"
