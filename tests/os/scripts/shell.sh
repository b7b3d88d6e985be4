# dash: pipes, redirection, globs, quoting, functions, traps, here documents, jobs, arithmetic.
echo one two | tr a-z A-Z
for i in 1 2 3; do echo "line $i"; done > file
cat < file | sort -r | head -2
touch a1 a2 b1 .hidden
echo *1 a? [ab]2 none*
mkdir -p d/e/f && echo x > d/e/f/deep && echo d/*/*/*
cat <<END | sed 's/a/b/g'
banana $((6 * 7))
END
f() { echo "f got $# args, first $1"; return 3; }
f x y; echo "returned $?"
x=$(printf 'a\nb\n\n'); echo "[$x]" "${x%b}" "${#x}"
echo "${unset:-default}" "${HOME##*/}"
set -- a b c; shift; echo "$* $#"
false || echo or; true && echo and
(cd d; pwd | sed 's/.*\///'; exit 4); echo "subshell $?"
sleep 0.01 & wait $!; echo "waited $?"
(sleep 100 & kill $!; wait $!; echo "killed $?")
trap 'echo trapped' USR1; kill -USR1 $$; trap 'echo bye' EXIT
i=0; while [ $i -lt 5 ]; do i=$((i + 1)); [ $i = 3 ] && continue; printf '%s ' $i; done; echo
case abc in a*) echo matched;; *) echo not;; esac
echo error >&2; echo both > both 2>&1; ls nonexistent 2>/dev/null || echo "ls failed $?"
exec 5> five; echo to five >&5; exec 5>&-; cat five
read a b < file; echo "$a/$b"
yes | head -1000 | wc -l
seq 1 20000 | awk '{s += $1} END {print s}'
echo 'a:b:c' | (IFS=: read -r p q r; echo "$r$q$p")
printf '%05d|%-5s|%x\n' 42 ab 255
for p in 1 2 3 4 5 6 7 8; do echo "$p" | cat | cat | cat | cat; done | tail -1
exit 7
