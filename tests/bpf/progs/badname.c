/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * badname.c - processes whose names would do harm to a terminal, a table or a parser that trusts them.
 *
 * usage: badname                prints "PID NUMBER" for each name of the table
 *        badname list           prints "NUMBER" and the name's bytes in hex
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* At most 15 bytes each; the kernel keeps them as they are. */
static const char *const names[] = {
	"\033[31mred\033[0m",		      /* colour */
	"\033]0;owned\007",		      /* the terminal's title */
	"\033[2J\033[H",		      /* a cleared screen */
	"two\nlines\r\ttab",		      /* another line of a table */
	"\177del\b\b\b",		      /* what is there is taken back */
	"\23331mC1",			      /* a control sequence in one byte */
	"\377\376\200bad",		      /* no UTF-8 */
	"cut\342\200",			      /* UTF-8 that ends too early */
	"\342\200\256txt.exe",		      /* right to left */
	"zero\342\200\213width",	      /* a character without width */
	"back\\slash/1",		      /* the escapes and separators of the text form */
	" lead trail ",			      /* spaces at its ends */
	"\"quote'<&>",			      /* JSON, shell, HTML */
	"\345\267\245\344\275\234",	      /* two columns a character, and valid */
	"",				      /* nothing at all */
};
#define NR_NAMES (sizeof(names) / sizeof(names[0]))

static void live(size_t i)
{
	prctl(PR_SET_NAME, names[i]);
	dprintf(STDOUT_FILENO, "%d %zu\n", getpid(), i);
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	_exit(0);
}

static void list(void)
{
	for (size_t i = 0; i < NR_NAMES; i++) {
		printf("%zu ", i);
		for (const char *c = names[i]; *c; c++)
			printf("%02x", (unsigned char)*c);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "list")) {
		list();
		return 0;
	}
	for (size_t i = 0; i < NR_NAMES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			live(i);
		if (pid < 0 || waitpid(pid, NULL, 0) < 0)
			return 1;
	}
	return 0;
}
