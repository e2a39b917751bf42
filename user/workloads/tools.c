/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tools.c - what workloads share while they run: whole lines, exact sleeps, seeded variety.
 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "workloads/workload.h"

#include <errno.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "base/buf.h"

#define POPULATE_READ 22 /* MADV_POPULATE_READ, since Linux 5.14; older kernels refuse it and fault pages in later */

static void all_write(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done >= 0) {
			bytes += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			return;
		}
	}
}

/*
 * On the stack: the first malloc() of a thread makes it an arena, with system calls that lock the process's memory map.
 * Workers that print at the same time would then wake each other, and that would be drawn.
 */
void workload_say(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	n = n < 0 ? 0 : n >= (int)sizeof(line) ? (int)sizeof(line) - 1 : n;
	line[n] = '\n';
	all_write(STDOUT_FILENO, line, (size_t)n + 1);
}

int workload_failed(const struct err *e)
{
	struct buf line = { 0 };

	buf_printf(&line, "schedviz: %s\n", e->text);
	all_write(STDERR_FILENO, line.data, line.len);
	buf_release(&line);
	return 1;
}

static int object_map(struct dl_phdr_info *object, size_t size, void *unused)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size, (void)unused;
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t from = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);

		if (segment->p_type == PT_LOAD)
			madvise((void *)from, object->dlpi_addr + segment->p_vaddr + segment->p_memsz - from,
				POPULATE_READ);
	}
	return 0;
}

void workload_map_program(void)
{
	dl_iterate_phdr(object_map, NULL);
}

/* splitmix64 (Steele, Lea, Flood 2014): one step from a counter is random enough, and the same everywhere. */
static uint64_t mixed(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint64_t workload_vary(uint64_t ns, uint64_t seed, uint64_t i)
{
	return seed ? ns / 1000 * (500 + mixed(mixed(seed) + i) % 1001) : ns;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NSEC_PER_SEC), .tv_nsec = (long)(ns % NSEC_PER_SEC) };
}

void workload_sleep_until(uint64_t ns)
{
	struct timespec t = timespec_of(ns);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

void workload_sleep(uint64_t ns)
{
	struct timespec t = timespec_of(ns);

	while (ns && clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}
