/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - the door: three standard streams that are taken, then the commands. */
#include <fcntl.h>
#include <unistd.h>

#include "cmd/cmd.h"

/*
 * A program started with a standard stream closed would give its number to the next file it opens, and write its
 * messages into a recording. What stands in for it can only be read, so that writing is still an error.
 */
static int take_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd < 0 ? -1 : close(fd);
}

int main(int argc, char **argv)
{
	if (take_standard_streams() < 0)
		return EXIT_FAILED;
	return cmd_main(argc, argv);
}
