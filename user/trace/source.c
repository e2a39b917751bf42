/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source.c - owns the file descriptor that a trace is read from.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "trace/source.h"

#define READ_STEP (1u << 16)

static int read_all(struct source *s, const char *name, struct err *e)
{
	struct buf b = { 0 };
	ssize_t n;

	do {
		n = read(s->fd, buf_grow(&b, READ_STEP), READ_STEP);
		if (n > 0)
			b.len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	s->mem = s->owned = (uint8_t *)b.data;
	s->size = b.len;
	return n < 0 ? err_sys(e, -errno, "cannot read '%s'", name) : 0;
}

static int open_file(struct source *s, const char *path, struct err *e)
{
	struct stat st;

	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 && errno == ENOENT)
		return err_set(e, -ENOENT, "there is no trace '%s' - make one with 'schedviz run pool' or 'record'",
			       path);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return err_sys(e, -errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, -EISDIR, "'%s' is a directory, not a trace - name a file in it", path);
	if (!S_ISREG(st.st_mode))
		return read_all(s, path, e);
	s->size = (uint64_t)st.st_size;
	return 0;
}

int source_open(struct source *s, const char *path, struct err *e)
{
	bool std = !strcmp(path, "-");
	int ret;

	*s = (struct source){ .fd = -1 };
	if (std) {
		s->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		ret = s->fd < 0 ? err_sys(e, -errno, "cannot read standard input") : read_all(s, "standard input", e);
	} else {
		ret = open_file(s, path, e);
	}
	if (!ret && !s->size)
		ret = err_set(e, -ENODATA, "'%s' is empty: no trace was written to it", std ? "standard input" : path);
	if (ret < 0)
		source_close(s);
	return ret;
}

void source_of_memory(struct source *s, const void *bytes, size_t n)
{
	*s = (struct source){ .fd = -1, .mem = bytes, .size = n };
}

bool source_read(const struct source *s, uint64_t at, void *out, size_t n)
{
	char *to = out;

	if (at > s->size || n > s->size - at)
		return false;
	if (s->mem) {
		memcpy(out, s->mem + at, n);
		return true;
	}
	while (n) {
		ssize_t got = pread(s->fd, to, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

void source_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->owned);
	*s = (struct source){ .fd = -1 };
}
