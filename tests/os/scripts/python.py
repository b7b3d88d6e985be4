# python3: large lists and dictionaries, files, processes, threads, exceptions, big integers.
import array, collections, hashlib, json, mmap, os, re, select, signal, struct, subprocess, sys, tempfile, threading, time, zlib

numbers = [i * 7919 % 1000003 for i in range(300000)]
print(sum(numbers), len(set(numbers)), sorted(numbers)[150000])
words = collections.Counter(str(n % 1000) for n in numbers)
print(words.most_common(3), len(words))
print(2 ** 2000 % 10 ** 20, hashlib.sha256(bytes(range(256)) * 4000).hexdigest())
table = {i: str(i) for i in range(100000)}
for i in range(0, 100000, 3):
    del table[i]
print(len(table), json.loads(json.dumps(list(table.items())[:3])))
with open("file", "w+b") as f:
    for i in range(20000):
        f.write(struct.pack("<I", i))
    f.seek(4 * 12345)
    print(struct.unpack("<I", f.read(4)), f.tell(), os.fstat(f.fileno()).st_size)
    with mmap.mmap(f.fileno(), 0) as m:
        m[0:4] = b"abcd"
        print(m.find(struct.pack("<I", 19999)))
print(open("file", "rb").read(4), zlib.crc32(open("file", "rb").read()))
print(subprocess.run(["sh", "-c", "cat; exit 3"], input=b"to a child", stdout=subprocess.PIPE))
print(subprocess.check_output("echo shell | tr a-z A-Z; echo err >&2", shell=True, stderr=subprocess.STDOUT))
lock, total = threading.Lock(), [0]


def work(n):
    for _ in range(2000):
        with lock:
            total[0] += n


threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(total, threading.active_count())
reader, writer = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(writer, b"from the child")
    os._exit(5)
print(os.read(reader, 100), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
poll = select.poll()
poll.register(reader, select.POLLIN)
os.write(writer, b"x")
print(len(poll.poll(1000)), select.select([reader], [writer], [], 0)[0] == [reader])
signal.signal(signal.SIGALRM, lambda *_: print("alarm"))
signal.setitimer(signal.ITIMER_REAL, 0.005)
time.sleep(0.05)
try:
    open("/no/such/file")
except OSError as e:
    print(e)
os.makedirs("d/e/f")
with tempfile.TemporaryDirectory(dir=".") as d:
    open(d + "/x", "w").write("y" * 100000)
    print(os.listdir(d))
print(sorted(os.listdir(".")), re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"))
print([p for p, d, f in os.walk("d")], os.path.exists("nothing"))


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


sys.setrecursionlimit(20000)
print(deep(5000))
big = bytearray(30 << 20)
big[::4096] = b"x" * len(big[::4096])
print(big.count(b"x"), array.array("d", range(1000))[999])
