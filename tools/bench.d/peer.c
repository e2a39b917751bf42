/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peer.c - load one program of an object file, attach it, and keep it until standard input ends.
 *
 *         peer FILE.bpf.o PROGRAM
 *
 * Prints the program's id, by which the kernel's program statistics are found, once it is attached.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static int attach_only(struct bpf_object *obj, const char *name, struct bpf_program **out)
{
	struct bpf_program *p;

	*out = NULL;
	bpf_object__for_each_program(p, obj) {
		bool wanted = !strcmp(bpf_program__name(p), name);

		bpf_program__set_autoload(p, wanted);
		if (wanted)
			*out = p;
	}
	if (!*out)
		return -ENOENT;
	return bpf_object__load(obj);
}

static int print_id(const struct bpf_program *p)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int ret = bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size);

	if (ret)
		return ret;
	printf("%u\n", info.id);
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	struct bpf_object *obj = NULL;
	struct bpf_link *link = NULL;
	struct bpf_program *p = NULL;
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: peer FILE.bpf.o PROGRAM\n");
		return 2;
	}
	obj = bpf_object__open_file(argv[1], NULL);
	ret = obj ? attach_only(obj, argv[2], &p) : -errno;
	if (!ret) {
		link = bpf_program__attach(p);
		ret = link ? print_id(p) : -errno;
	}
	if (ret)
		fprintf(stderr, "peer: cannot attach '%s' of '%s': %s\n", argv[2], argv[1], strerror(-ret));
	while (!ret && getchar() != EOF)
		;
	bpf_link__destroy(link);
	bpf_object__close(obj);
	return ret ? 1 : 0;
}
