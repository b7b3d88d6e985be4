/* C++: streams, containers, exceptions through frames and threads, threads, static objects. */
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <unordered_map>
#include <vector>

struct Loud {
	std::string name;
	explicit Loud(std::string n) : name(std::move(n)) { std::cout << "made " << name << '\n'; }
	~Loud() { std::cout << "gone " << name << '\n'; }
};

static Loud global("global");
static thread_local int local = 7;

struct Base {
	virtual ~Base() = default;
	virtual int number() const { return 1; }
};
struct Derived : Base {
	int number() const override { return 2; }
};

static int deep(int level)
{
	Loud here("level " + std::to_string(level));
	if (level == 0)
		throw std::out_of_range("bottom");
	return deep(level - 1) + 1;
}

static void exceptions()
{
	try {
		deep(3);
	} catch (const std::logic_error &e) {
		std::cout << "caught " << e.what() << '\n';
	}
	try {
		std::vector<int>().at(5);
	} catch (const std::exception &) {
		std::cout << "caught at()\n";
	}
	try {
		try {
			throw 42;
		} catch (...) {
			throw;
		}
	} catch (int i) {
		std::cout << "caught " << i << '\n';
	}
	int caught = 0;
	for (int i = 0; i < 1000; i++)
		try {
			throw std::runtime_error("again");
		} catch (const std::runtime_error &) {
			caught++;
		}
	std::cout << caught << " caught\n";
	try {
		std::vector<char> huge(1UL << 62);
	} catch (const std::bad_alloc &) {
		std::cout << "bad_alloc\n";
	}
}

static void containers()
{
	std::vector<int> v(100000);
	std::iota(v.begin(), v.end(), 0);
	std::reverse(v.begin(), v.end());
	std::sort(v.begin(), v.end(), [](int a, int b) { return a % 1000 != b % 1000 ? a % 1000 < b % 1000 : a < b; });
	std::cout << v[0] << ' ' << v[99] << ' ' << v[100] << ' ' << v.back() << '\n';
	std::map<std::string, int> words;
	std::istringstream text("the cat and the dog and the bird");
	for (std::string word; text >> word;)
		words[word]++;
	for (const auto &[word, count] : words)
		std::cout << word << '=' << count << ' ';
	std::cout << '\n';
	std::unordered_map<int, std::string> numbers;
	for (int i = 0; i < 20000; i++)
		numbers[i * 7919] = std::to_string(i);
	size_t letters = 0;
	for (const auto &entry : numbers)
		letters += entry.second.size();
	std::cout << numbers.size() << ' ' << letters << '\n';
	std::unique_ptr<Base> object = std::make_unique<Derived>();
	std::cout << object->number() << ' ' << (dynamic_cast<Derived *>(object.get()) != nullptr) << '\n';
}

static void threads()
{
	std::mutex mutex;
	std::condition_variable ready;
	std::atomic<long> sum{0};
	int turn = 0;
	std::vector<std::thread> pool;
	for (int i = 0; i < 8; i++)
		pool.emplace_back([&, i] {
			local += i;
			for (int k = 0; k < 1000; k++)
				sum += local;
			std::unique_lock<std::mutex> lock(mutex);
			ready.wait(lock, [&] { return turn == i; });
			std::cout << "thread " << i << " has " << local << '\n';
			turn++;
			ready.notify_all();
		});
	for (auto &thread : pool)
		thread.join();
	std::cout << "sum " << sum << ", mine " << local << '\n';
	auto future = std::async(std::launch::async, []() -> int { throw std::domain_error("from a thread"); });
	try {
		future.get();
	} catch (const std::domain_error &e) {
		std::cout << "caught " << e.what() << '\n';
	}
}

int main()
{
	std::cout << std::boolalpha << true << ' ' << 1.5 << ' ' << std::hex << 255 << std::dec << '\n';
	containers();
	exceptions();
	threads();
	std::ofstream("file") << "one\ntwo\nthree\n";
	std::ifstream in("file");
	std::string line;
	int lines = 0;
	while (std::getline(in, line))
		lines++;
	std::cout << lines << " lines, last " << line << std::endl;
	std::cerr << "to cerr\n";
	return 0;
}
