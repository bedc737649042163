/*
 * probe: plain UDP through a link, to learn the link's own limits.
 *
 *	probe receive PORT SECONDS
 *	probe send ADDRESS PORT PACKETS_PER_SECOND SECONDS
 *
 * Datagrams have 1472 octets, so packets have 1500. Each carries the instant at which it was sent;
 * the kernel notes when it came, so neither end's own lateness counts. Prints a line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SIZE 1472
#define SAMPLES (1 << 20)

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int64_t now_ns(void)
{
	struct timespec at;
	clock_gettime(CLOCK_REALTIME, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static int send_all(int s, struct sockaddr_in to, double rate, double seconds)
{
	uint8_t octets[SIZE] = {0};
	int64_t start = now_ns(), sent = 0, refused = 0;
	for (;; sent++) {
		int64_t due = start + (int64_t)(1e9 * (double)sent / rate);
		struct timespec at = {due / 1000000000, due % 1000000000};
		if ((double)(due - start) > 1e9 * seconds) break;
		if (due > now_ns()) clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL);
		int64_t now = now_ns();
		memcpy(octets, &now, sizeof now);
		if (sendto(s, octets, SIZE, 0, (struct sockaddr *)&to, sizeof to) != SIZE) refused++;
	}
	printf("{\"sent\":%lld,\"refused\":%lld,\"elapsedUs\":%lld}\n", (long long)sent,
	       (long long)refused, (long long)(now_ns() - start) / 1000);
	return 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* When the kernel took the datagram in, else now. */
static int64_t arrival(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		struct timespec at;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
		memcpy(&at, CMSG_DATA(c), sizeof at);
		return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
	}
	return now_ns();
}

static int receive_all(int s, double seconds)
{
	int64_t *delays = malloc(SAMPLES * sizeof *delays), end = now_ns() + (int64_t)(1e9 * seconds);
	size_t count = 0;
	if (delays == NULL) return fail("memory");
	while (now_ns() < end) {
		uint8_t octets[SIZE];
		union {
			struct cmsghdr header;
			uint8_t space[CMSG_SPACE(sizeof(struct timespec))];
		} control;
		struct iovec part = {octets, sizeof octets};
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		int64_t sent;
		if (recvmsg(s, &message, 0) != SIZE || count == SAMPLES) continue;
		memcpy(&sent, octets, sizeof sent);
		delays[count++] = (arrival(&message) - sent) / 1000;
	}
	qsort(delays, count, sizeof *delays, compare);
	long long at[4] = {0};
	const double parts[4] = {0, 0.5, 0.99, 1};
	for (int i = 0; i < 4 && count > 0; i++) at[i] = delays[(size_t)(parts[i] * (double)(count - 1))];
	printf("{\"received\":%zu,\"minUs\":%lld,\"p50Us\":%lld,\"p99Us\":%lld,\"maxUs\":%lld}\n", count,
	       at[0], at[1], at[2], at[3]);
	free(delays);
	return 0;
}

int main(int count, char **words)
{
	int on = 1, room = 32 << 20, s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET};
	if (s < 0) return fail("socket");
	if (count == 6 && strcmp(words[1], "send") == 0) {
		at.sin_port = htons((uint16_t)atoi(words[3]));
		if (inet_pton(AF_INET, words[2], &at.sin_addr) != 1) return fail(words[2]);
		return send_all(s, at, atof(words[4]), atof(words[5]));
	}
	if (count == 4 && strcmp(words[1], "receive") == 0) {
		struct timeval wait = {0, 100000};
		at.sin_port = htons((uint16_t)atoi(words[2]));
		setsockopt(s, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
		setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
		setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
		if (bind(s, (struct sockaddr *)&at, sizeof at) != 0) return fail("bind");
		return receive_all(s, atof(words[3]));
	}
	fputs("usage: probe receive PORT SECONDS | send ADDRESS PORT PACKETS_PER_SECOND SECONDS\n", stderr);
	return 2;
}
