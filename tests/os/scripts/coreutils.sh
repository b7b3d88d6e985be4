# coreutils, findutils, grep, sed, awk, tar, gzip, diff, perl.
umask 022
mkdir w; cd w
seq 1 1000 > n; dd if=n of=n2 bs=100 count=3 skip=2 2>/dev/null; wc n n2; sha256sum n n2; md5sum n
sort -n -r n | head -3; sort -R --random-source=n n | sort -n | cmp - n && echo permutation
cut -c 1-2 n | uniq -c | tail -3; paste -d, n n | tail -2; tac n | head -2; nl n | sed -n 10p; od -An -tx1 -N16 n
split -l 300 n part; ls part*; cat part?? | cmp - n && echo joined; tr -d '\n' < n | fold -w 60 | tail -1; comm -12 n n2 | wc -l
echo data | tee t1 t2 | tr a-z A-Z; ln t1 hard; ln -s t1 soft; stat -c '%n %F %h %s %a' t1 hard soft; readlink -f soft | sed 's/.*\///'
cp -r ../w/n copy; cp -a soft soft2; mv copy moved; chmod 640 moved; touch -d @1000000000 moved; ls -l --time-style=+%s moved | sed 's/ [^ ]* [^ ]* / /;s/ [^ ]* / /' | awk '{print $1, $NF}'
mkdir -p tree/a/b tree/c; touch tree/a/1 tree/a/b/2 tree/c/3; find tree -type f -name '[12]' | sort; find tree -newer moved -type d | sort; find tree -type f -exec basename {} \; | sort | xargs echo
du -a --apparent-size tree >/dev/null && echo du; rm -r tree/c; ls -R tree; test -d tree/c || echo gone; rmdir tree 2>/dev/null || echo "not empty"
truncate -s 1M sparse; stat -c %s sparse; head -c 100000 /dev/zero | sha1sum; tail -c 5 n; printf 'a b\nc d\n' | while read -r x y; do echo "$y$x"; done
grep -c 7 n; grep -n '^99' n | head -2; grep -rl 500 . | sort; seq 5 | grep -v 3 | tr '\n' ' '; echo; echo abc | grep -o '[bc]'
sed -n '5,7p;7q' n; seq 3 | sed '2i\inserted' ; sed -i 's/^1$/ONE/' n; head -1 n
mawk '{ s[$1 % 3]++ } END { for (k = 0; k < 3; k++) print k, s[k] }' n2; gawk 'BEGIN { printf "%.3f %s\n", atan2(0, -1), toupper("gawk"); print strftime("%F", 0, 1) }'
tar cf all.tar n n2 t1; tar tf all.tar; tar czf all.tgz n n2; mkdir out; tar xzf all.tgz -C out; cmp n out/n && echo same; gzip -k n; gzip -dc n.gz | cmp - n && echo gzip; gzip -t n.gz && echo tested
diff n2 t1 | head -2; perl -e 'my %h; $h{$_ % 5} += $_ for 1..1000; print join(",", map { "$_=$h{$_}" } sort keys %h), "\n"; print "match\n" if "foobar" =~ /o+b/'
expr 7 \* 6; factor 1234567; basename /a/b.c .c; dirname /a/b; date -u -d @0 +%FT%T; id -u >/dev/null && echo id; env -i A=1 env; nproc >/dev/null && echo nproc; timeout 0.05 sleep 5; echo "timeout $?"
echo x | base64; seq 10 | shuf --random-source=n2 | sort -n | tail -1; tsort <<END
a b
b c
END
numfmt --to=iec 1048576; printf '%d\n' 0x1f; seq -s, 1 0.5 3; true; echo $?; pwd | sed 's/.*\///'; mktemp -u tmp.XXXX | wc -c; tty; uname -m; sync; link t1 third; unlink third; df . >/dev/null && echo df; who >/dev/null && echo who; sleep 0.001; nice true; nohup true 2>/dev/null; stdbuf --version | head -1 | cut -c 1-6
