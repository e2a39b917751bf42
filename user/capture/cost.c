/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cost.c - sample the run time of the BPF programs.
 */
#include "capture/cost.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/capture.h"

void cost_watch(struct cost *c, int program_fd)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", program_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		*vec_push(&c->infos) = fd;
}

void cost_begin(struct cost *c)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	c->stats_fd = fd > 0 ? fd : 0;
	c->since_ns = capture_now();
}

/* The number after "NAME:" in a text of such lines; 0 when it is not there. */
static uint64_t value_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Lines of a program's info: kernel/bpf/syscall.c, bpf_prog_show_fdinfo (since 5.1). */
static void add_program(struct cost *c, int info)
{
	char text[1024];
	ssize_t n = pread(info, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	c->run_ns += value_of(text, "run_time_ns:");
	c->runs += value_of(text, "run_cnt:");
}

void cost_end(struct cost *c)
{
	if (c->stats_fd) {
		c->sample_ns = capture_now() - c->since_ns;
		close(c->stats_fd);
		c->stats_fd = 0;
		for (size_t i = 0; i < c->infos.n; i++)
			add_program(c, c->infos.v[i]);
	}
	for (size_t i = 0; i < c->infos.n; i++)
		close(c->infos.v[i]);
	vec_release(&c->infos);
}
