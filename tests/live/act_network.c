// SPDX-License-Identifier: Apache-2.0
/* Connections and datagrams from one principal to another. Nobody says a word: what counts is who knocks where. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "act.h"

/* An address of either family with a port. Returns its length, 0 for none. */
static socklen_t name_of(const char *address, int port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (void *)out;
	struct sockaddr_in *four = (void *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, address, &six->sin6_addr) != 1)
		return 0;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return sizeof(*six);
}

static int open_socket(const char *address, const char *port, int type, struct sockaddr_storage *name, socklen_t *len)
{
	*len = name_of(address, atoi(port), name);
	if (!*len) {
		errno = EINVAL;
		return -1;
	}
	return socket(name->ss_family, type | SOCK_CLOEXEC, 0);
}

/* Takes what comes and never answers: a connection is made by the kernel alone. */
static int act_listen(char **arg)
{
	struct sockaddr_storage name;
	const int one = 1;
	socklen_t len;

	for (char **port = arg + 1; *port; port++) {
		int fd = open_socket(arg[0], *port, SOCK_STREAM, &name, &len);

		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, (int[]){16}, sizeof(int));
		if (fd < 0 || bind(fd, (struct sockaddr *)&name, len) || listen(fd, 128))
			return fail(*port);
	}
	printf("ok net-listen: %d\n", getpid());
	fflush(stdout);
	sleep(FOREVER);
	return 0;
}

/* wait: the call returns with the end; async: it is polled for; fastopen: it is a send that connects */
static int connect_how(const char *how, int fd, const struct sockaddr_storage *name, socklen_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;

	if (!strcmp(how, "fastopen"))
		return sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)name, len) == 1 ? 0 : -1;
	if (!strcmp(how, "async"))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (!connect(fd, (struct sockaddr *)name, len))
		return 0;
	if (errno != EINPROGRESS || poll(&p, 1, DEADLINE_MS) != 1)
		return -1;
	len = sizeof(error);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = error;
	return error ? -1 : 0;
}

static int act_connect(char **arg)
{
	struct sockaddr_storage name;
	socklen_t len;

	for (char **port = arg + 2; *port; port++) {
		int fd = open_socket(arg[1], *port, SOCK_STREAM, &name, &len);

		if (fd < 0 || connect_how(arg[0], fd, &name, len))
			return fail(*port);
		close(fd);
	}
	snprintf(proof, sizeof(proof), "%s answers", arg[1]);
	return 0;
}

/* Each of COUNT ports from FIRST on is tried, and refuses. */
static int act_knock(char **arg)
{
	struct sockaddr_storage name;
	char port[8];
	socklen_t len;

	for (int i = 0; i < atoi(arg[2]); i++) {
		int fd;

		snprintf(port, sizeof(port), "%d", atoi(arg[1]) + i);
		fd = open_socket(arg[0], port, SOCK_STREAM, &name, &len);
		if (fd < 0 || !connect(fd, (struct sockaddr *)&name, len) || errno != ECONNREFUSED)
			return fail(port);
		close(fd);
	}
	snprintf(proof, sizeof(proof), "%s refused %s", arg[0], arg[2]);
	return 0;
}

static int act_send(char **arg)
{
	struct sockaddr_storage name;
	socklen_t len;
	int fd = open_socket(arg[1], arg[2], SOCK_DGRAM, &name, &len);
	bool loose = !strcmp(arg[0], "loose");

	if (fd < 0 || (!loose && connect(fd, (struct sockaddr *)&name, len)))
		return fail("connect");
	if (sendto(fd, "x", 1, 0, loose ? (struct sockaddr *)&name : NULL, loose ? len : 0) != 1)
		return fail("sendto");
	snprintf(proof, sizeof(proof), "a byte to %s", arg[1]);
	return 0;
}

/* clang-format off */
const struct act network_acts[] = {
	{"net-listen", 2, act_listen, "", "ADDRESS PORT...", "listens with TCP and says nothing"},
	{"net-connect", 3, act_connect, "M43 M50 O01 O03 O04 O05 O17 X14", "wait|async|fastopen ADDRESS PORT...", "connects with TCP"},
	{"net-knock", 3, act_knock, "X14", "ADDRESS FIRST COUNT", "tries ports that are closed"},
	{"net-send", 3, act_send, "X14", "connected|loose ADDRESS PORT", "sends a byte with UDP"},
	{0},
};
/* clang-format on */
