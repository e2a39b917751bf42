/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * server_serve.c - the five servers of the workload `server`: who accepts, who reads, who waits.
 */
#define _GNU_SOURCE /* accept4 */
#include "workloads/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"
#include "workloads/burn.h"

/* ---- servers that block: iter, prefork, threads ---- */

static void connection_serve(const struct server_cfg *s, int fd)
{
	uint64_t id;

	while (recv(fd, &id, sizeof(id), MSG_WAITALL) == sizeof(id)) {
		schedviz_mark_start(id);
		burn(server_work_ns(s, id));
		workload_sleep(server_wait_ns(s, id));
		schedviz_mark_finish(id);
		if (send(fd, &id, sizeof(id), MSG_NOSIGNAL) != sizeof(id))
			break;
	}
	close(fd);
}

static int serve_one_by_one(const struct server_cfg *s, int listener, uint32_t process)
{
	int fd;

	(void)process;
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		connection_serve(s, fd);
	return 0;
}

struct connection {
	const struct server_cfg *cfg;
	pthread_t thread;
	uint32_t index;
	int fd;
};

static void *connection_main(void *arg)
{
	struct connection *c = arg;
	char name[16];

	snprintf(name, sizeof(name), "conn%u", c->index);
	prctl(PR_SET_NAME, name);
	connection_serve(c->cfg, c->fd);
	return NULL;
}

static int serve_by_threads(const struct server_cfg *s, int listener, uint32_t process)
{
	struct connection *all = xcalloc(s->clients, sizeof(*all));
	struct err e = { 0 };
	uint32_t n = 0;
	int fd, ret = 0;

	(void)process;
	while (ret == 0 && n < s->clients && (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		all[n] = (struct connection){ .cfg = s, .index = n, .fd = fd };
		ret = -pthread_create(&all[n].thread, NULL, connection_main, &all[n]);
		n += ret == 0;
	}
	if (ret < 0) {
		err_sys(&e, ret, "cannot make thread %u", n + 1);
		shutdown(listener, SHUT_RDWR); /* its connection is closed at the end of this process */
	}
	for (uint32_t i = 0; i < n; i++)
		pthread_join(all[i].thread, NULL);
	free(all);
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- servers that do not: loop, loops ---- */

struct slot {
	int fd;
	uint64_t id, due_ns; /* the request that waits; due 0: none */
};

struct loop {
	const struct server_cfg *cfg;
	int epoll, timer, listener;
	struct slot *slots;
	uint32_t nr, most; /* connections so far, and how many it is to take */
	uint32_t open;
	bool closed; /* nobody will connect any more */
};

enum { DATA_LISTENER = UINT32_MAX, DATA_TIMER = UINT32_MAX - 1 };

static int watch(struct loop *l, int fd, uint32_t data)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = data };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* One timer, for the request that is due first. */
static void timer_set(struct loop *l)
{
	uint64_t first_ns = 0;
	struct itimerspec t = { 0 };

	for (const struct slot *s = l->slots; s < l->slots + l->nr; s++)
		if (s->due_ns && (!first_ns || s->due_ns < first_ns))
			first_ns = s->due_ns;
	t.it_value.tv_sec = (time_t)(first_ns / NSEC_PER_SEC);
	t.it_value.tv_nsec = (long)(first_ns % NSEC_PER_SEC);
	timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

static void due_answer(struct loop *l)
{
	uint64_t expired, now_ns = schedviz_mark_now();

	if (read(l->timer, &expired, sizeof(expired)) < 0)
		return; /* set again meanwhile */
	for (struct slot *s = l->slots; s < l->slots + l->nr; s++) {
		if (!s->due_ns || s->due_ns > now_ns)
			continue;
		s->due_ns = 0;
		schedviz_mark_finish(s->id);
		send(s->fd, &s->id, sizeof(s->id), MSG_NOSIGNAL);
	}
	timer_set(l);
}

/* While it computes for one, all others wait: that is what a loop must not do for long. */
static void slot_serve(struct loop *l, struct slot *s)
{
	if (recv(s->fd, &s->id, sizeof(s->id), MSG_WAITALL) != sizeof(s->id)) {
		close(s->fd);
		s->due_ns = 0;
		l->open--;
		return;
	}
	schedviz_mark_start(s->id);
	burn(server_work_ns(l->cfg, s->id));
	s->due_ns = schedviz_mark_now() + server_wait_ns(l->cfg, s->id);
	timer_set(l);
}

/* A loop that has its share of connections leaves the others to the other loops. */
static void connections_take(struct loop *l)
{
	while (l->nr < l->most) {
		int fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0) {
			l->closed = errno != EAGAIN && errno != EINTR;
			break;
		}
		l->slots[l->nr].fd = fd;
		watch(l, fd, l->nr++);
		l->open++;
	}
	if (l->nr == l->most || l->closed)
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->listener, NULL);
	l->closed = l->closed || l->nr == l->most;
}

static void loop_run(struct loop *l)
{
	struct epoll_event ready[16];

	while (!l->closed || l->open) {
		int n = epoll_wait(l->epoll, ready, 16, -1);

		for (int i = 0; i < n; i++) {
			if (ready[i].data.u32 == DATA_LISTENER)
				connections_take(l);
			else if (ready[i].data.u32 == DATA_TIMER)
				due_answer(l);
			else
				slot_serve(l, &l->slots[ready[i].data.u32]);
		}
	}
}

static int serve_by_loop(const struct server_cfg *s, int listener, uint32_t process)
{
	struct loop l = { .cfg = s, .listener = listener, .slots = xcalloc(s->clients, sizeof(*l.slots)) };
	uint32_t loops = server_processes(s);
	struct err e = { 0 };
	int ret = 0;

	l.most = (uint32_t)((s->clients + loops - 1) / loops);
	if (s->model == SERVER_LOOPS)
		ret = workload_pin(workload_cpu(process), &e);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (ret == 0 && (l.epoll < 0 || l.timer < 0 || watch(&l, listener, DATA_LISTENER) < 0 ||
			 watch(&l, l.timer, DATA_TIMER) < 0))
		ret = err_sys(&e, -errno, "cannot make an event loop");
	if (ret == 0)
		loop_run(&l);
	free(l.slots);
	return ret < 0 ? workload_failed(&e) : 0;
}

int server_serve(const struct server_cfg *s, int listener, uint32_t process)
{
	static int (*const serve[NR_SERVER_MODELS])(const struct server_cfg *, int, uint32_t) = {
		[SERVER_ITER] = serve_one_by_one,    [SERVER_PREFORK] = serve_one_by_one,
		[SERVER_THREADS] = serve_by_threads, [SERVER_LOOP] = serve_by_loop,
		[SERVER_LOOPS] = serve_by_loop,
	};

	return serve[s->model](s, listener, process);
}
