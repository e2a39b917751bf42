/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * outfile.c - owns how the recording's file comes to its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/buf.h"
#include "trace/outfile.h"

#define TEMP_TRIES 100

static int open_in_place(struct outfile *f, struct err *e)
{
	f->fd = open(f->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return f->fd < 0 ? err_sys(e, -errno, "cannot write '%s'", f->path) : 0;
}

static char *temp_name(const char *path)
{
	struct buf name = { 0 };
	uint32_t nr = 0;

	if (getrandom(&nr, sizeof(nr), GRND_NONBLOCK) != sizeof(nr))
		nr = (uint32_t)getpid();
	buf_printf(&name, "%s.%06x", path, nr & 0xffffff);
	return name.data;
}

static int cannot_create(const struct outfile *f, struct err *e)
{
	int code = errno;

	return err_set(e, -code, "cannot create '%s': %s - give another name or directory", f->path, strerror(code));
}

static int open_temp(struct outfile *f, struct err *e)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		f->temp = temp_name(f->path);
		f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (f->fd >= 0)
			return 0;
		free(f->temp);
		f->temp = NULL;
		if (errno != EEXIST)
			break;
	}
	return cannot_create(f, e);
}

static int open_path(struct outfile *f, struct err *e)
{
	struct stat st;

	if (!*f->path)
		return err_set(e, -ENOENT, "the name of the trace file is empty");
	if (stat(f->path, &st) < 0)
		return errno == ENOENT ? open_temp(f, e) : cannot_create(f, e);
	if (S_ISDIR(st.st_mode))
		return err_set(e, -EISDIR, "'%s' is a directory - give the name of a file", f->path);
	return S_ISREG(st.st_mode) ? open_temp(f, e) : open_in_place(f, e);
}

static int open_stdout(struct outfile *f, struct err *e)
{
	f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return f->fd < 0 ? err_sys(e, -errno, "cannot write to standard output") : 0;
}

int outfile_open(struct outfile *f, const char *path, struct err *e)
{
	int ret;

	*f = (struct outfile){ .fd = -1, .path = xstrdup(path) };
	ret = strcmp(path, "-") ? open_path(f, e) : open_stdout(f, e);
	if (ret < 0)
		outfile_close(f);
	return ret;
}

int outfile_write(struct outfile *f, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n) {
		ssize_t done = write(f->fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -ENOSPC;
		at += done;
		n -= (size_t)done;
		f->bytes += (uint64_t)done;
	}
	return 0;
}

static int keep_old(const struct outfile *f, struct err *e)
{
	struct buf old = { 0 };
	int ret = 0;

	buf_printf(&old, "%s.old", f->path);
	if (rename(f->path, old.data) < 0 && errno != ENOENT)
		ret = err_sys(e, -errno, "cannot keep '%s' as '%s'", f->path, old.data);
	buf_release(&old);
	return ret;
}

int outfile_publish(struct outfile *f, struct err *e)
{
	int ret = f->temp ? keep_old(f, e) : 0;

	return ret < 0 ? ret : outfile_replace(f, e);
}

int outfile_replace(struct outfile *f, struct err *e)
{
	if (!f->temp)
		return 0;
	if (rename(f->temp, f->path) < 0)
		return err_sys(e, -errno, "cannot rename '%s' to '%s'", f->temp, f->path);
	free(f->temp);
	f->temp = NULL;
	return 0;
}

void outfile_close(struct outfile *f)
{
	if (f->temp)
		unlink(f->temp);
	if (f->fd >= 0)
		close(f->fd);
	free(f->temp);
	free(f->path);
	*f = (struct outfile){ .fd = -1 };
}
