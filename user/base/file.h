/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file.h - small files of /proc and /sys.
 */
#ifndef SCHEDVIZ_BASE_FILE_H
#define SCHEDVIZ_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The first line of a file without its newline, cut to fit. False: no such file, or nothing in it (out is then ""). */
bool file_read_line(const char *path, char *out, size_t size);

#endif
