/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * server_load.c - the clients of the workload `server`: one process that hardly computes, however many they are.
 */
#include "workloads/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/schedviz_mark.h"

#define EVENTS 64

struct client {
	int fd;
	uint64_t sent; /* requests so far */
};

struct load {
	const struct server_cfg *cfg;
	struct client *clients;
	int epoll;
	uint64_t open;
};

static int request_send(struct load *l, uint64_t i)
{
	struct client *c = &l->clients[i];
	uint64_t id = i * l->cfg->requests + c->sent++;

	schedviz_mark_submit(id);
	return send(c->fd, &id, sizeof(id), MSG_NOSIGNAL) == sizeof(id) ? 0 : -errno;
}

/* All are connected before the first sends: a connection is complete when it is in the queue, accepted or not. */
static int clients_connect(struct load *l, const struct sockaddr_in *where, struct err *e)
{
	for (uint64_t i = 0; i < l->cfg->clients; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u64 = i };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return err_sys(e, -errno, "cannot make socket %llu", (unsigned long long)i);
		l->clients[i].fd = fd;
		l->open++;
		if (connect(fd, (const struct sockaddr *)where, sizeof(*where)) < 0 ||
		    epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
			return err_sys(e, -errno, "cannot connect client %llu", (unsigned long long)i);
	}
	return 0;
}

static int answer_take(struct load *l, uint64_t i, struct err *e)
{
	struct client *c = &l->clients[i];
	uint64_t id;
	ssize_t n = recv(c->fd, &id, sizeof(id), 0);

	if (n != sizeof(id) || id != i * l->cfg->requests + c->sent - 1)
		return err_set(e, -EPROTO, "client %llu got no right answer to its request %llu", (unsigned long long)i,
			       (unsigned long long)c->sent);
	if (c->sent < l->cfg->requests)
		return request_send(l, i);
	close(c->fd);
	c->fd = -1;
	l->open--;
	return 0;
}

static int load_run(struct load *l, const struct sockaddr_in *where, struct err *e)
{
	uint64_t from_ns = schedviz_mark_now();
	struct epoll_event ready[EVENTS];
	int ret = clients_connect(l, where, e);

	for (uint64_t i = 0; ret == 0 && i < l->cfg->clients; i++)
		ret = request_send(l, i);
	while (ret == 0 && l->open) {
		int n = epoll_wait(l->epoll, ready, EVENTS, -1);

		for (int k = 0; k < n && ret == 0; k++)
			ret = answer_take(l, ready[k].data.u64, e);
	}
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	return ret;
}

int server_load(const struct server_cfg *s, int listener)
{
	struct load l = { .cfg = s, .clients = xcalloc(s->clients, sizeof(*l.clients)) };
	struct sockaddr_in where;
	socklen_t len = sizeof(where);
	struct err e = { 0 };
	int ret;

	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l.epoll < 0 || getsockname(listener, (struct sockaddr *)&where, &len) < 0)
		ret = err_sys(&e, -errno, "cannot begin");
	else
		ret = load_run(&l, &where, &e);
	shutdown(listener, SHUT_RDWR);
	for (uint64_t i = 0; i < s->clients; i++)
		if (l.clients[i].fd > 0)
			close(l.clients[i].fd);
	free(l.clients);
	return ret < 0 ? workload_failed(&e) : 0;
}
