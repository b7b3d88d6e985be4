# procps, strace: what they say must have the right shape; the numbers are the machine's own.
ps -e -o pid= -o comm= | awk '$1 == 1 { print "init is there" }'
ps -o pid= -p $$ | tr -d ' ' | sed "s/^$$\$/me/"
ps aux | head -1 | tr -s " "; ps aux | awk 'NR > 1 && NF < 11 { bad++ } END { print "bad lines: " bad + 0, (NR > 2) }'
ps -ef | head -1 | tr -s ' '
free | awk '/^Mem:/ { print NF, ($2 > 10000), ($3 > 0) } /^Swap:/ { print $1, ($2 > 100000), ($3 + 0 >= 0) }'
vmstat | tail -1 | awk '{ print (NF >= 17) }'
vmstat 1 3 | awk 'NR > 2 && NF >= 17' | wc -l
vmstat -s | awk '/total memory/ { print ($1 > 10000) }'
top -b -n 2 -d 0.1 | awk '/^top -/ { n++ } /PID USER/ { h++ } END { print n, h }'
uptime | grep -c 'load average'
pgrep -x dash | grep -c "^$$\$"
sleep 1000 & pid=$!; pmap $pid | tail -1 | awk '{ print $1 }'; cat /proc/$pid/stat | awk '{ print $2, $3 }'; pkill -P $$ sleep; { wait $pid; } 2>/dev/null; echo "pkill: $?"
strace -f -o log sh -c 'echo traced; cat /dev/null' && grep -c 'write(1, "traced' log; grep -q 'execve(.*/sh"' log && echo execve; tail -1 log | grep -c 'exited with 0'
strace -c -o log true; grep -q total log && echo counted
strace -e trace=openat -o log cat /nonexistent 2>/dev/null; grep -c 'ENOENT.*No such file' log
slabtop -o >/dev/null 2>&1; w -h >/dev/null 2>&1; echo end
