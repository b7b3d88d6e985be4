# bash: arrays, process substitution, here strings, regular expressions, pipestatus, coprocesses.
a=(one two "three four"); echo "${#a[@]} ${a[2]} ${a[@]:1:1}"
declare -A m=([x]=1 [y]=2); for k in $(printf '%s\n' "${!m[@]}" | sort); do echo "$k=${m[$k]}"; done
diff <(seq 1 5) <(seq 1 6); echo "diff $?"
cat <<< "here string"
[[ "2026-11-23" =~ ^([0-9]+)-([0-9]+) ]] && echo "${BASH_REMATCH[2]}"
true | false | true; echo "${PIPESTATUS[@]}"
set -o pipefail; false | true; echo $?
echo {a..e}{1,2}
s="Hello"; echo "${s,,} ${s^^} ${s/l/L} ${s:1:3}"
coproc tr a-z A-Z; echo coproc >&"${COPROC[1]}"; exec {COPROC[1]}>&-; read -r line <&"${COPROC[0]}"; echo "$line"; wait
f() { local i; for ((i = 0; i < 3; i++)); do echo -n "$i "; done; echo; }; f
mapfile -t lines < <(seq 3); echo "${lines[*]}"
trap 'echo int' INT; kill -INT $$; echo after
n=0; for i in {1..300}; do (exit $((i % 7))) || n=$((n + 1)); done; echo $n
for i in 1 2 3; do sleep 0.0$i & done; wait; echo done
printf -v v '%q' 'a b$c'; echo "$v"
ulimit -n 64; ulimit -n
time_it=$( { TIMEFORMAT=%R; time true; } 2>&1 ); [[ $time_it =~ ^[0-9.]+$ ]] && echo timed
