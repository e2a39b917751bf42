/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file.c - small files of /proc and /sys.
 */
#include "base/file.h"

#include <stdio.h>
#include <string.h>

bool file_read_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(out, (int)size, f);

	if (f)
		fclose(f);
	if (!ok)
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return out[0];
}
