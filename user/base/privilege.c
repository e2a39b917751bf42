/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privilege.c - capabilities by their two system calls, users by the password database.
 */
#define _GNU_SOURCE
#include "base/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fmt.h"

#ifndef CAP_PERFMON /* headers older than 5.8 */
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

uint64_t capability_effective(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

bool capability_has(int number)
{
	return capability_effective() >> number & 1;
}

bool capability_can_record(void)
{
	return capability_has(CAP_SYS_ADMIN) || (capability_has(CAP_BPF) && capability_has(CAP_PERFMON));
}

int capability_drop_all(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(e, -errno, "cannot drop the capabilities");
	return 0;
}

static void fill(struct identity *id, const struct passwd *pw)
{
	snprintf(id->name, sizeof(id->name), "%s", pw ? pw->pw_name : "");
	snprintf(id->home, sizeof(id->home), "%s", pw ? pw->pw_dir : "");
}

void identity_self(struct identity *id)
{
	memset(id, 0, sizeof(*id));
	id->uid = geteuid();
	id->gid = getegid();
	fill(id, getpwuid(id->uid));
}

void identity_caller(struct identity *id)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	uint64_t u, g;

	identity_self(id);
	/* Only root is believed what sudo said: anybody can set a variable. */
	if (!id->uid && uid && gid && !parse_u64(uid, 0, UINT32_MAX - 1, &u, NULL) &&
	    !parse_u64(gid, 0, UINT32_MAX - 1, &g, NULL)) {
		id->uid = (uid_t)u;
		id->gid = (gid_t)g;
	}
	fill(id, getpwuid(id->uid));
}

int identity_named(struct identity *id, const char *user, struct err *e)
{
	const struct passwd *pw = getpwnam(user);
	uint64_t uid;

	if (!pw && !parse_u64(user, 0, UINT32_MAX - 1, &uid, NULL))
		pw = getpwuid((uid_t)uid);
	if (!pw)
		return err_set(e, -ENOENT, "there is no user '%s' - 'getent passwd' lists them", user);
	memset(id, 0, sizeof(*id));
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	fill(id, pw);
	return 0;
}

bool identity_differs(const struct identity *id)
{
	return id->uid != geteuid() || id->uid != getuid() || id->gid != getegid();
}

int identity_become(const struct identity *id, struct err *e)
{
	if (!identity_differs(id))
		return 0;
	if ((id->name[0] ? initgroups(id->name, id->gid) : setgroups(1, &id->gid)) < 0 ||
	    setresgid(id->gid, id->gid, id->gid) < 0 || setresuid(id->uid, id->uid, id->uid) < 0)
		return err_sys(e, -errno, "cannot become user %u", id->uid);
	if (id->uid && !setuid(0))
		return err_set(e, -EPERM, "user %u could become root again", id->uid);
	return 0;
}

void identity_environment(const struct identity *id)
{
	if (id->name[0]) {
		setenv("USER", id->name, 1);
		setenv("LOGNAME", id->name, 1);
	}
	if (id->home[0])
		setenv("HOME", id->home, 1);
}
