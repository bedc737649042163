/*
 * link: a long path between two hosts on one machine.
 *
 * Makes two network namespaces, `source` and `receiver`, each with one TUN device `path`, and
 * carries every IP packet that leaves one to the other. Each direction has, in this order:
 *
 *	a bottleneck of a fixed rate with a droptail queue in front of it, bounded in octets;
 *	loss, random or in bursts (the two states of Gilbert, 1960), of what has passed the bottleneck;
 *	a delay, and jitter that is uniform, drawn for each packet, and so overtakes.
 *
 * Octets are those of whole IP packets. Both namespaces are anonymous: they, the devices and all
 * that is queued are gone when this process and those it holds are, however it ends.
 *
 * usage: link [down.NAME=NUMBER | up.NAME=NUMBER | seed=NUMBER | net/SETTING=TEXT]...
 *
 * `down` is from the source to the receiver. NAME is rate (bits a second, 0 for none), queue
 * (octets), loss (part), burst (packets), delay or jitter (microseconds). net/SETTING is written
 * below /proc/sys in both namespaces. The first line of standard output says where the namespaces
 * are; each line on standard input is answered with one line of JSON on what happened since the
 * last; the end of standard input ends it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Packets in a row from one device before the other one has its turn. */
#define BATCH 32
/* Packets held in one direction, whatever the settings: 2 GB of them would be full ones. */
#define HELD_MAX (1u << 20)
/* Conversations told apart; those beyond share the last place. */
#define FLOWS 64
/* Of a histogram of microseconds: 32 buckets for each doubling, so bounds are 3 % apart. */
#define BUCKETS (32 * 28)
/*
 * Between two looks at the devices, as network cards have it between two interrupts: a packet is
 * late by about as much, and a wake-up is not paid for each. Halves the CPU time at 100 Mbit/s.
 */
#ifndef MODERATION_NS
#define MODERATION_NS 100000
#endif
/* Above what the measured programs may have been given. */
#define PRIORITY 10

struct histogram {
	uint32_t count[BUCKETS];
	uint64_t max;
};

struct flow {
	uint8_t protocol;
	uint16_t source_port, receiver_port;
	uint64_t octets[2], lost[2];
};

struct packet {
	uint64_t due;
	struct flow *flow;
	uint32_t length;
	uint8_t octets[];
};

struct settings {
	double rate, queue, loss, burst, delay, jitter;
};

struct counts {
	uint64_t packets_in, octets_in, packets_out, octets_out;
	uint64_t lost, overflowed, refused;
	struct histogram queued, late;
};

struct direction {
	struct settings set;
	int from, to;
	uint64_t random, free_at;
	int losing;
	/* A ring in order of due times; most packets go to its end. */
	struct packet **ring;
	size_t head, held, size;
	struct counts counts;
};

static const char *const names[2] = {"down", "up"};
static struct direction directions[2];
static struct flow flows[FLOWS];
static unsigned flow_count;
/* /proc/net/dev of each host, and the packets that its device had dropped at the last report. */
static int devices[2];
static uint64_t overrun_before[2];
/* When the last report was, and the CPU time until then. */
static uint64_t reported_at, reported_cpu;

static void fail(const char *what)
{
	fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec at;
	clock_gettime(clock, &at);
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* A number in [0, 1): splitmix64 (Steele, Lea, Flood, 2014). */
static double draw(struct direction *d)
{
	uint64_t z = d->random += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* ---- histograms ---- */

static void note(struct histogram *h, uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned bucket = (unsigned)us;
	if (us >= 32) {
		unsigned doublings = 63 - (unsigned)__builtin_clzll(us) - 5;
		bucket = 32 * doublings + (unsigned)(us >> doublings);
	}
	h->count[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	if (us > h->max) h->max = us;
}

/* The least value of a bucket. */
static uint64_t bucket_start(unsigned bucket)
{
	if (bucket < 64) return bucket;
	unsigned doublings = bucket / 32 - 1;
	return (uint64_t)(32 + bucket % 32) << doublings;
}

static void print_histogram(const char *name, const struct histogram *h)
{
	const char *comma = "";
	printf(",\"%s\":{\"max\":%llu,\"counts\":[", name, (unsigned long long)h->max);
	for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
		if (h->count[bucket] == 0) continue;
		printf("%s[%llu,%u]", comma, (unsigned long long)bucket_start(bucket), h->count[bucket]);
		comma = ",";
	}
	printf("]}");
}

/* ---- what passes ---- */

/* The conversation of a packet; `way` is 0 if the source sent it. */
static struct flow *find_flow(const uint8_t *octets, size_t length, int way)
{
	struct flow key = {0};
	size_t header = (octets[0] & 15u) * 4u;
	if (octets[0] >> 4 == 4 && length >= header + 4 && header >= 20) {
		key.protocol = octets[9];
		int is_first = ((octets[6] & 0x1f) | octets[7]) == 0;
		if ((key.protocol == 6 || key.protocol == 17) && is_first) {
			uint16_t from = (uint16_t)(octets[header] << 8 | octets[header + 1]);
			uint16_t to = (uint16_t)(octets[header + 2] << 8 | octets[header + 3]);
			key.source_port = way == 0 ? from : to;
			key.receiver_port = way == 0 ? to : from;
		}
	}
	unsigned i = 0;
	for (; i < flow_count; i++) {
		const struct flow *f = &flows[i];
		if (f->receiver_port == key.receiver_port && f->source_port == key.source_port &&
		    f->protocol == key.protocol)
			return &flows[i];
	}
	if (i == FLOWS) return &flows[FLOWS - 1];
	flows[flow_count++] = key;
	return &flows[i];
}

static int is_lost(struct direction *d)
{
	double drawn = draw(d), loss = d->set.loss, burst = d->set.burst;
	if (burst <= 1) return drawn < loss;
	double leave = 1 / burst, enter = leave * loss / (1 - loss);
	d->losing = d->losing ? drawn >= leave : drawn < enter;
	return d->losing;
}

static void hold(struct direction *d, struct packet *p)
{
	if (d->held == d->size) {
		size_t size = d->size == 0 ? 4096 : 2 * d->size;
		struct packet **ring = malloc(size * sizeof *ring);
		if (ring == NULL) fail("memory");
		for (size_t i = 0; i < d->held; i++) ring[i] = d->ring[(d->head + i) & (d->size - 1)];
		free(d->ring);
		d->ring = ring;
		d->head = 0;
		d->size = size;
	}
	size_t at = d->held++, mask = d->size - 1;
	for (; at > 0; at--) {
		struct packet *before = d->ring[(d->head + at - 1) & mask];
		if (before->due <= p->due) break;
		d->ring[(d->head + at) & mask] = before;
	}
	d->ring[(d->head + at) & mask] = p;
}

static void take_in(struct direction *d, const uint8_t *octets, size_t length, uint64_t now)
{
	int way = d == &directions[1];
	struct flow *flow = find_flow(octets, length, way);
	struct counts *c = &d->counts;
	c->packets_in++;
	c->octets_in += length;
	uint64_t sent = now;
	if (d->set.rate > 0) {
		double ns_per_octet = 8e9 / d->set.rate;
		uint64_t wait = d->free_at > now ? d->free_at - now : 0;
		if ((double)wait / ns_per_octet + (double)length > d->set.queue || d->held >= HELD_MAX) {
			c->overflowed++;
			flow->lost[way]++;
			return;
		}
		note(&c->queued, wait);
		sent = d->free_at = now + wait + (uint64_t)(ns_per_octet * (double)length);
	} else if (d->held >= HELD_MAX) {
		c->overflowed++;
		return;
	}
	if (is_lost(d)) {
		c->lost++;
		flow->lost[way]++;
		return;
	}
	double delay = d->set.delay;
	if (d->set.jitter > 0) delay += (2 * draw(d) - 1) * d->set.jitter;
	struct packet *p = malloc(sizeof *p + length);
	if (p == NULL) fail("memory");
	p->due = sent + (delay > 0 ? (uint64_t)(delay * 1000) : 0);
	p->flow = flow;
	p->length = (uint32_t)length;
	memcpy(p->octets, octets, length);
	hold(d, p);
}

static void read_some(struct direction *d)
{
	static uint8_t octets[65536];
	for (int i = 0; i < BATCH; i++) {
		ssize_t length = read(d->from, octets, sizeof octets);
		if (length < 0 && errno != EAGAIN && errno != EINTR) fail("reading a device");
		if (length <= 0) return;
		take_in(d, octets, (size_t)length, now_ns());
	}
}

static void write_due(struct direction *d)
{
	struct counts *c = &d->counts;
	for (int i = 0; i < BATCH && d->held > 0; i++) {
		struct packet *p = d->ring[d->head];
		uint64_t now = now_ns();
		if (p->due > now) return;
		d->head = (d->head + 1) & (d->size - 1);
		d->held--;
		note(&c->late, now - p->due);
		if (write(d->to, p->octets, p->length) == (ssize_t)p->length) {
			c->packets_out++;
			c->octets_out += p->length;
			p->flow->octets[d == &directions[1]] += p->length;
		} else {
			c->refused++;
		}
		free(p);
	}
}

/* ---- reports ---- */

/* Packets of a host that its device dropped before this process could read them, since ever. */
static uint64_t read_overrun(int device)
{
	char text[4096];
	ssize_t length = pread(device, text, sizeof text - 1, 0);
	if (length < 0) fail("/proc/net/dev");
	text[length] = 0;
	const char *line = strstr(text, "path:");
	unsigned long long dropped = 0;
	if (line != NULL)
		sscanf(line + 5, "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", &dropped);
	return dropped;
}

static void print_direction(int way)
{
	struct direction *d = &directions[way];
	const struct counts *c = &d->counts;
	uint64_t overrun = read_overrun(devices[way]);
	printf(",\"%s\":{\"packetsIn\":%llu,\"octetsIn\":%llu,\"packetsOut\":%llu,\"octetsOut\":%llu,"
	       "\"lost\":%llu,\"overflowed\":%llu,\"refused\":%llu,\"overrun\":%llu",
	       names[way], (unsigned long long)c->packets_in, (unsigned long long)c->octets_in,
	       (unsigned long long)c->packets_out, (unsigned long long)c->octets_out,
	       (unsigned long long)c->lost, (unsigned long long)c->overflowed,
	       (unsigned long long)c->refused, (unsigned long long)(overrun - overrun_before[way]));
	print_histogram("queuedUs", &c->queued);
	print_histogram("lateUs", &c->late);
	printf("}");
	overrun_before[way] = overrun;
	memset(&d->counts, 0, sizeof d->counts);
}

static void report(void)
{
	uint64_t now = now_ns(), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	printf("{\"elapsedUs\":%llu,\"cpuUs\":%llu", (unsigned long long)(now - reported_at) / 1000,
	       (unsigned long long)(cpu - reported_cpu) / 1000);
	print_direction(0);
	print_direction(1);
	printf(",\"flows\":[");
	for (unsigned i = 0; i < flow_count; i++) {
		struct flow *f = &flows[i];
		printf("%s{\"protocol\":%u,\"sourcePort\":%u,\"receiverPort\":%u,"
		       "\"down\":%llu,\"up\":%llu,\"downLost\":%llu,\"upLost\":%llu}",
		       i == 0 ? "" : ",", f->protocol, f->source_port, f->receiver_port,
		       (unsigned long long)f->octets[0], (unsigned long long)f->octets[1],
		       (unsigned long long)f->lost[0], (unsigned long long)f->lost[1]);
		memset(f->octets, 0, sizeof f->octets);
		memset(f->lost, 0, sizeof f->lost);
	}
	printf("]}\n");
	fflush(stdout);
	reported_at = now;
	reported_cpu = cpu;
}

/* ---- set-up ---- */

static void write_setting(const char *setting)
{
	char path[256];
	const char *value = strchr(setting, '=');
	if (value == NULL) fail(setting);
	snprintf(path, sizeof path, "/proc/sys/%.*s", (int)(value - setting), setting);
	int file = open(path, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(value + 1);
	if (file < 0 || write(file, value + 1, length) != (ssize_t)length) fail(path);
	close(file);
}

/* A namespace with its settings and its device; answers the namespace. */
static int make_host(int count, char **words, int *tun, int *device)
{
	if (unshare(CLONE_NEWNET) != 0) fail("a network namespace (this needs root)");
	for (int i = 1; i < count; i++)
		if (strncmp(words[i], "net/", 4) == 0) write_setting(words[i]);
	int namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	*device = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	*tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (namespace < 0 || *device < 0) fail("/proc");
	if (*tun < 0) fail("/dev/net/tun");
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	strcpy(request.ifr_name, "path");
	if (ioctl(*tun, TUNSETIFF, &request) < 0) fail("a device");
	return namespace;
}

/* down.NAME=NUMBER, up.NAME=NUMBER or seed=NUMBER. */
static void read_word(const char *word)
{
	char name[16];
	double value;
	int end = 0;
	if (sscanf(word, "seed=%lf%n", &value, &end) == 1 && word[end] == 0) {
		for (int way = 0; way < 2; way++) directions[way].random = 2 * (uint64_t)value + (uint64_t)way;
		return;
	}
	for (int way = 0; way < 2; way++) {
		size_t length = strlen(names[way]);
		if (strncmp(word, names[way], length) != 0 || word[length] != '.') continue;
		const char *rest = word + length + 1;
		if (sscanf(rest, "%15[a-z]=%lf%n", name, &value, &end) != 2 || rest[end] != 0) break;
		struct settings *set = &directions[way].set;
		double *field = strcmp(name, "rate") == 0     ? &set->rate
		                : strcmp(name, "queue") == 0  ? &set->queue
		                : strcmp(name, "loss") == 0   ? &set->loss
		                : strcmp(name, "burst") == 0  ? &set->burst
		                : strcmp(name, "delay") == 0  ? &set->delay
		                : strcmp(name, "jitter") == 0 ? &set->jitter
		                                              : NULL;
		if (field == NULL || !(value >= 0)) break;
		*field = value;
		return;
	}
	errno = EINVAL;
	fail(word);
}

/* Answers 0 when standard input has ended. */
static int answer(void)
{
	char text[256];
	ssize_t length = read(STDIN_FILENO, text, sizeof text);
	if (length < 0 && errno == EINTR) return 1;
	if (length <= 0) return 0;
	for (ssize_t i = 0; i < length; i++)
		if (text[i] == '\n') report();
	return 1;
}

static void carry(void)
{
	struct direction *down = &directions[0], *up = &directions[1];
	struct pollfd polled[3] = {
		{.fd = down->from, .events = POLLIN},
		{.fd = up->from, .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLIN},
	};
	const struct timespec moderation = {0, MODERATION_NS};
	for (;;) {
		uint64_t next = UINT64_MAX, now = now_ns();
		for (int way = 0; way < 2; way++) {
			struct direction *d = &directions[way];
			if (d->held > 0 && d->ring[d->head]->due < next) next = d->ring[d->head]->due;
		}
		uint64_t wait = next > now ? next - now : 0;
		struct timespec left = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
		int ready = ppoll(polled, 3, next == UINT64_MAX ? NULL : &left, NULL);
		if (ready < 0 && errno != EINTR) fail("poll");
		write_due(down);
		write_due(up);
		if (polled[0].revents != 0) read_some(down);
		if (polled[1].revents != 0) read_some(up);
		if (polled[2].revents != 0 && !answer()) return;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &moderation, NULL);
	}
}

int main(int count, char **words)
{
	for (int way = 0; way < 2; way++) directions[way].random = (uint64_t)way;
	for (int i = 1; i < count; i++)
		if (strncmp(words[i], "net/", 4) != 0) read_word(words[i]);
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int tun[2], source, receiver;
	source = make_host(count, words, &tun[0], &devices[0]);
	receiver = make_host(count, words, &tun[1], &devices[1]);
	if (home < 0 || setns(home, CLONE_NEWNET) != 0) fail("the way back");
	directions[0].from = directions[1].to = tun[0];
	directions[1].from = directions[0].to = tun[1];
	/* An interrupt from the terminal is for who started this, and ends it by standard input. */
	signal(SIGINT, SIG_IGN);
	/* It sleeps while nothing is due, so being punctual takes little from others. */
	struct sched_param priority = {.sched_priority = PRIORITY};
	int is_real_time = sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
	if (!is_real_time) setpriority(PRIO_PROCESS, 0, -20);
	printf("{\"source\":\"/proc/%d/fd/%d\",\"receiver\":\"/proc/%d/fd/%d\",\"realTime\":%s}\n",
	       getpid(), source, getpid(), receiver, is_real_time ? "true" : "false");
	fflush(stdout);
	reported_at = now_ns();
	reported_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	carry();
	return 0;
}
