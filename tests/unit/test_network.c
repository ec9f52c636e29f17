// SPDX-License-Identifier: Apache-2.0
/* Whose an address is: how one is written, what /proc shows of them, who is told to have it, and what that means for a finding. */
#include "identity_fixture.h"

#include "../golden/build.h"
#include "detect.h"
#include "network.h"

#define SECOND 1000000000ull

extern const struct detector detect_network;

static struct address at(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), 0);
	return a;
}

static void test_addresses(void **state)
{
	static const char *const texts[] = {"10.0.0.1", "0.0.0.0", "255.255.255.255", "fd00::1", "2001:db8::ff00:42:8329",
					    "::1",      "::"};
	static const char *const metadata[] = {"169.254.169.254", "fd00:ec2::254", "168.63.129.16",  "100.100.100.200",
					       "fd20:ce::254",    "169.254.170.2", "169.254.170.23", "::ffff:169.254.169.254"};
	static const char *const others[] = {"169.254.169.253", "10.0.0.1", "fd00:ec2::253", "::a9fe:a9fe"};
	char out[ADDRESS_TEXT];
	struct address a;

	(void)state;
	for (size_t i = 0; i < N(texts); i++)
		assert_string_equal(address_text(at(texts[i]), out), texts[i]);
	assert_string_equal(address_text(at("::ffff:10.0.0.1"), out), "10.0.0.1");
	assert_int_equal(address_parse("10.0.0", &a), -EINVAL);
	assert_int_equal(address_parse("host", &a), -EINVAL);
	for (size_t i = 0; i < N(metadata); i++)
		assert_true(address_is_metadata(at(metadata[i])));
	for (size_t i = 0; i < N(others); i++)
		assert_false(address_is_metadata(at(others[i])));
	assert_true(address_is_loopback(at("127.8.9.10")) && address_is_loopback(at("::1")));
	assert_false(address_is_loopback(at("128.0.0.1")) || address_is_loopback(at("::7f00:1")));
	assert_true(address_is_local(at("fe80::1")) && address_is_local(at("febf::1")) && address_is_local(at("::")));
	assert_false(address_is_local(at("fec0::1")) || address_is_local(at("169.254.1.1")));
}

/* What a kernel 6.1 wrote for lo and one interface with two addresses; each is in two tables. */
#define FIB(address)                                                                                                           \
	"Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 10.0.0.0/24 2 0 2\n"            \
	"        |-- 10.0.0.0\n           /24 link UNICAST\n        |-- " address "\n           /32 host LOCAL\n"              \
	"        |-- 10.0.0.255\n           /32 link BROADCAST\n     +-- 127.0.0.0/8 2 0 2\n        +-- 127.0.0.0/31 1 0 0\n"  \
	"           |-- 127.0.0.0\n              /8 host LOCAL\n           |-- 127.0.0.1\n              /32 host LOCAL\n"      \
	"Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- " address "\n        /32 host LOCAL\n"
#define INET6(digits)                                                                                                          \
	"00000000000000000000000000000001 01 80 10 80       lo\n"                                                              \
	"fe80000000000000e8f1fcfffe2d7a04 02 40 20 80     eth0\n" digits " 02 40 00 80     eth0\n"

static unsigned int parsed(int (*parse)(FILE *f, struct addresses *to), const char *text, unsigned int max,
			   struct address *list, int want)
{
	struct addresses to = {.list = list, .max = max};
	FILE *f = fmemopen((void *)text, strlen(text), "r");

	assert_int_equal(parse(f, &to), want);
	fclose(f);
	return to.n;
}

static void test_fib(void **state)
{
	static const struct {
		const char *text;
		unsigned int n;
	} rows[] = {
		{FIB("10.0.0.7"), 1},
		{FIB("10.0.0.7") FIB("10.0.0.8"), 2},
		{"\n", 0},
		{"|-- 10.0.0.7\n", 0},
		{"/32 host LOCAL\n", 0},
		{"|-- 10.0.0.7\n/24 host LOCAL\n", 0}, /* all of a network taken for local: no address of its own */
		{"|-- 10.0.0.7\n/32 host LOCAL tos 0\n", 0},
		{"|-- 10.0.0\n/32 host LOCAL\n", 0},
		{"|-- 10.0.0.7\n|-- 999.0.0.1\n/32 host LOCAL\n", 0},
		{"|-- 10.0.0.7.8.9.10.11.12.13\n/32 host LOCAL\n", 0},
		{"     |-- 0.0.0.0\n /32 host LOCAL\n", 0},
	};
	struct address list[4];

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		if (parsed(addresses_parse_fib, rows[i].text, 4, list, 0) != rows[i].n)
			fail_msg("row %zu", i);
	assert_int_equal(parsed(addresses_parse_fib, FIB("10.0.0.7") FIB("10.0.0.8"), 1, list, -E2BIG), 1);
	assert_true(address_is(list[0], at("10.0.0.7")));
}

static void test_inet6(void **state)
{
	static const char *const bad[] = {
		"\n", "fd00 02 40 00 80 eth0\n", "FD000000000000000000000000000007 02 40 00 80 eth0\n",
		"fd0000000000000000000000000000070 02 40 00 80 eth0\n", "fd000000000000000000000000000007"};
	struct address list[4];

	(void)state;
	assert_int_equal(parsed(addresses_parse_inet6, INET6("fd000000000000000000000000000007"), 4, list, 0), 1);
	assert_true(address_is(list[0], at("fd00::7")));
	for (size_t i = 0; i < N(bad) - 1; i++)
		assert_int_equal(parsed(addresses_parse_inet6, bad[i], 4, list, 0), 0);
	assert_int_equal(parsed(addresses_parse_inet6, INET6("fd000000000000000000000000000007"), 0, list, -E2BIG), 0);
}

static void test_environ(void **state)
{
	static const char good[] = "PATH=/bin\0KUBERNETES_SERVICE_HOST=10.96.0.1\0HOME=/";
	static const char six[] = "KUBERNETES_SERVICE_HOST=fd00:96::1";
	static const char name[] = "KUBERNETES_SERVICE_HOST=kubernetes.default";
	static const char none[] = "PATH=/bin\0XKUBERNETES_SERVICE_HOST=10.96.0.1\0KUBERNETES_SERVICE_HOST";
	struct address a;

	(void)state;
	assert_int_equal(environ_parse_api(good, sizeof(good) - 1, &a), 0);
	assert_true(address_is(a, at("10.96.0.1")));
	assert_int_equal(environ_parse_api(six, sizeof(six) - 1, &a), 0);
	assert_true(address_is(a, at("fd00:96::1")));
	assert_int_equal(environ_parse_api(name, sizeof(name) - 1, &a), -EINVAL);
	assert_int_equal(environ_parse_api(none, sizeof(none) - 1, &a), -ENOENT);
	assert_int_equal(environ_parse_api("", 0, &a), -ENOENT);
}

/* The node as /proc shows it: a process in a network namespace, with one address. */
static void process(struct node *n, unsigned int pid, unsigned int net_ns, const char *fib)
{
	char path[64], link[32];

	snprintf(path, sizeof(path), "proc/%u/net/fib_trie", pid);
	puts_at(n, path, fib);
	snprintf(path, sizeof(path), "proc/%u/ns", pid);
	make_dir(n, path);
	snprintf(path, sizeof(path), "proc/%u/ns/net", pid);
	snprintf(link, sizeof(link), "net:[%u]", net_ns);
	link_at(n, path, link);
}

static void test_reading(void **state)
{
	struct address list[4];
	struct addresses to = {.list = list, .max = 4};
	struct node *n = *state;

	process(n, 100, 4026532100, FIB("10.0.0.7"));
	puts_at(n, "proc/100/net/if_inet6", INET6("fd000000000000000000000000000007"));
	assert_int_equal(identity_addresses(&n->id, 100, 4026532100, &to), 0);
	assert_int_equal(to.n, 2);
	assert_int_equal(identity_addresses(&n->id, 100, 4026532101, &to), -ESTALE);
	assert_int_equal(to.n, 0);
	assert_int_equal(identity_addresses(&n->id, 101, 4026532100, &to), -ESTALE);
	assert_int_equal(identity_addresses(&n->id, 101, 0, &to), -ENOENT);
	unlink_at(n, "proc/100/net/fib_trie");
	assert_int_equal(identity_addresses(&n->id, 100, 0, &to), 0);
	assert_int_equal(to.n, 1);
}

/* Whose it is */

static struct build rec;
static struct network net;
static struct state st;
static uint64_t now;

static void seal(uint64_t id, const char *name, unsigned int pid, unsigned int net_ns, bool host)
{
	struct view view;

	build_seal(&rec, id, name, now += SECOND);
	build_record(&rec)->actor.pid = pid;
	build_record(&rec)->actor.net_ns = net_ns;
	if (host)
		((struct wd_container_seal *)build_body(&rec))->shared_ns = 1u << NS_NET;
	state_take(&st, build_record(&rec), &view);
	network_sealed(&net, &st, id);
}

static void end(uint64_t id)
{
	struct wd_container_end *e = build_start(&rec, WD_CONTAINER_END);
	struct view view;

	e->container_id = id;
	build_record(&rec)->boot_ns = now += SECOND;
	state_take(&st, build_record(&rec), &view);
	network_ended(&net, &st, id);
}

static const struct network_record *asks(uint64_t origin, unsigned int net_ns, const char *peer, unsigned int port)
{
	static struct network_record out;
	struct wd_net_connect *c = build_start(&rec, WD_NET_CONNECT);
	struct address a = at(peer);

	build_record(&rec)->origin = origin;
	build_record(&rec)->boot_ns = now += SECOND;
	c->peer_high = a.high;
	c->peer_low = a.low;
	c->port = port;
	c->net_ns = net_ns;
	network_resolve(&net, &st, build_record(&rec), &out);
	return &out;
}

static void expect(const struct network_record *r, enum wd_net_target target, enum wd_kind kind, uint64_t owner)
{
	assert_int_equal(r->body.target, target);
	assert_int_equal(r->head.owner_kind, kind);
	assert_int_equal(r->head.owner, owner);
	assert_int_equal(r->head.len, sizeof(*r));
}

static void begin(struct node *n)
{
	now = 0;
	assert_int_equal(state_init(&st, &n->id), 0);
	assert_int_equal(network_init(&net), 0);
	process(n, 1, 1000, FIB("10.0.0.1"));
	process(n, 100, 1100, FIB("10.0.0.100"));
	process(n, 101, 1100, FIB("10.0.0.100"));
	process(n, 200, 1200, FIB("10.0.0.200"));
	seal(5, "pause", 100, 1100, false);
	seal(6, "web", 101, 1100, false);
	seal(7, "db", 200, 1200, false);
	seal(8, "agent", 300, 1000, true);
}

static void finish(void)
{
	network_destroy(&net);
	state_destroy(&st);
}

static void test_owners(void **state)
{
	begin(*state);
	expect(asks(7, 1200, "10.0.0.100", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 6);
	expect(asks(5, 1100, "10.0.0.200", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 7);
	expect(asks(8, 1000, "10.0.0.200", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 7);
	expect(asks(5, 1100, "10.0.0.100", 80), WD_NET_TARGET_OWN, WD_OWNER_CONTAINER, 5);
	expect(asks(5, 1100, "10.0.0.1", 80), WD_NET_TARGET_NODE, WD_OWNER_HOST, 0);
	expect(asks(5, 1100, "127.0.0.1", 80), WD_NET_TARGET_OWN, WD_OWNER_CONTAINER, 5);
	expect(asks(5, 1100, "10.0.0.3", 80), WD_NET_TARGET_UNSPECIFIED, WD_KIND_UNSPECIFIED, 0);
	expect(asks(5, 1100, "169.254.169.254", 80), WD_NET_TARGET_METADATA, WD_KIND_UNSPECIFIED, 0);
	/* another container of the pod stands for it; then nobody has it */
	end(6);
	expect(asks(7, 1200, "10.0.0.100", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 5);
	end(5);
	expect(asks(7, 1200, "10.0.0.100", 80), WD_NET_TARGET_UNSPECIFIED, WD_KIND_UNSPECIFIED, 0);
	finish();
}

/* An address that a container sets on an interface of its own is the node's, or another's, all the same. */
static void test_claims(void **state)
{
	struct node *n = *state;

	begin(n);
	network_tick(&net, &st, now += SECOND);
	process(n, 400, 1400, FIB("10.0.0.1") FIB("10.0.0.200") FIB("10.0.0.40"));
	seal(9, "liar", 400, 1400, false);
	network_tick(&net, &st, now += SECOND);
	expect(asks(5, 1100, "10.0.0.40", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 9);
	expect(asks(5, 1100, "10.0.0.1", 80), WD_NET_TARGET_NODE, WD_OWNER_HOST, 0);
	expect(asks(5, 1100, "10.0.0.200", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 7);
	finish();
}

/* Addresses that come late, and that change hands. */
static void test_changes(void **state)
{
	struct node *n = *state;

	begin(n);
	expect(asks(7, 1200, "10.0.0.101", 80), WD_NET_TARGET_UNSPECIFIED, WD_KIND_UNSPECIFIED, 0);
	process(n, 101, 1100, FIB("10.0.0.101"));
	now += 31 * SECOND;
	expect(asks(7, 1200, "10.0.0.101", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 6);
	expect(asks(7, 1200, "10.0.0.100", 80), WD_NET_TARGET_UNSPECIFIED, WD_KIND_UNSPECIFIED, 0);
	/* its process is gone: what was known stays */
	unlink_at(n, "proc/101/ns/net");
	now += 31 * SECOND;
	expect(asks(7, 1200, "10.0.0.101", 80), WD_NET_TARGET_CONTAINER, WD_OWNER_CONTAINER, 6);
	finish();
}

/* The API server's address is what a pod was told; who is no pod may tell what it likes. */
static void test_api(void **state)
{
	static const char environ[] = "A=b\0KUBERNETES_SERVICE_HOST=10.96.0.1", other[] = "KUBERNETES_SERVICE_HOST=10.96.0.2";
	struct node *n = *state;
	struct state_container *c;

	begin(n);
	put(n, "proc/101/environ", environ, sizeof(environ));
	put(n, "proc/200/environ", other, sizeof(other));
	expect(asks(7, 1200, "10.96.0.1", 443), WD_NET_TARGET_UNSPECIFIED, WD_KIND_UNSPECIFIED, 0);
	c = table_get(&st.containers, 6);
	snprintf(c->workload.pod_ns, sizeof(c->workload.pod_ns), "shop");
	expect(asks(7, 1200, "10.96.0.1", 443), WD_NET_TARGET_API, WD_KIND_UNSPECIFIED, 0);
	expect(asks(6, 1100, "10.96.0.1", 443), WD_NET_TARGET_API, WD_KIND_UNSPECIFIED, 0);
	expect(asks(6, 1100, "10.96.0.2", 443), WD_NET_TARGET_UNSPECIFIED, WD_KIND_UNSPECIFIED, 0);
	finish();
}

static void test_ports(void **state)
{
	begin(*state);
	for (unsigned int i = 1; i <= 40; i++)
		assert_int_equal(asks(7, 1200, "10.0.0.100", 1000 + i)->body.ports, i < NETWORK_PORTS ? i : NETWORK_PORTS);
	assert_int_equal(asks(5, 1100, "10.0.0.200", 80)->body.ports, 1); /* another's are its own */
	assert_int_equal(asks(5, 1100, "10.0.0.200", 80)->body.ports, 1);
	now += 61 * SECOND;
	assert_int_equal(asks(7, 1200, "10.0.0.100", 80)->body.ports, 1);
	assert_int_equal(asks(7, 1200, "127.0.0.1", 80)->body.ports, 0);
	finish();
}

/* What it is to be told */

static struct workload pod(const char *ns, const char *name)
{
	struct workload w = {.resolution = RESOLVED_KUBERNETES, .pod = "p", .bundle = "/run/b"};

	snprintf(w.pod_ns, sizeof(w.pod_ns), "%s", ns);
	snprintf(w.name, sizeof(w.name), "%s", name);
	return w;
}

/* The severity of a connection; 0 where it is no finding. */
static int severity(const struct workload *actor, const struct workload *owner, enum wd_net_target target, unsigned int port)
{
	struct wd_net_connect *c = build_start(&rec, WD_NET_CONNECT);
	struct view view = {.rec = build_record(&rec), .body = c, .actor = actor, .owner = owner};
	struct verdict v = {0};

	c->target = target;
	c->protocol = 6;
	c->port = port;
	c->peer_low = at("10.0.0.1").low;
	build_record(&rec)->owner_kind = owner ? WD_OWNER_CONTAINER : WD_OWNER_HOST;
	return detect_network.judge(&view, &v) ? (int)v.severity : 0;
}

static void test_kubelet(void **state)
{
	struct workload agent = pod("monitoring", "prometheus"), bare = pod("shop", "web"), unread = bare,
			alone = {.resolution = RESOLVED_RUNTIME};

	(void)state;
	snprintf(agent.account, sizeof(agent.account), "prometheus");
	unread.bundle[0] = 0;
	assert_int_equal(severity(&agent, NULL, WD_NET_TARGET_NODE, 10250), WARDER__V1__SEVERITY__LOW);
	assert_int_equal(severity(&unread, NULL, WD_NET_TARGET_NODE, 10250), WARDER__V1__SEVERITY__LOW);
	assert_int_equal(severity(&bare, NULL, WD_NET_TARGET_NODE, 10250), WARDER__V1__SEVERITY__MEDIUM);
	assert_int_equal(severity(&alone, NULL, WD_NET_TARGET_NODE, 10250), WARDER__V1__SEVERITY__MEDIUM);
	assert_int_equal(severity(&agent, NULL, WD_NET_TARGET_NODE, 10255), WARDER__V1__SEVERITY__HIGH);
}

static void test_etcd(void **state)
{
	struct workload api = pod("kube-system", "kube-apiserver"), named_so = pod("shop", "kube-apiserver"),
			other = pod("kube-system", "web"), unsure = api;

	(void)state;
	unsure.resolution = RESOLVED_CGROUP;
	assert_int_equal(severity(&api, &other, WD_NET_TARGET_NODE, 2379), WARDER__V1__SEVERITY__INFORMATIONAL);
	assert_int_equal(severity(&named_so, &other, WD_NET_TARGET_NODE, 2379), WARDER__V1__SEVERITY__HIGH);
	assert_int_equal(severity(&other, &api, WD_NET_TARGET_NODE, 2379), WARDER__V1__SEVERITY__HIGH);
	assert_int_equal(severity(&unsure, &other, WD_NET_TARGET_NODE, 2379), WARDER__V1__SEVERITY__HIGH);
}

static void test_trust(void **state)
{
	struct workload low = pod("a", "low"), high = pod("b", "high"), none = pod("c", "none");

	(void)state;
	snprintf(low.trust, sizeof(low.trust), "low");
	snprintf(high.trust, sizeof(high.trust), "high");
	high.rank = 1;
	assert_int_equal(severity(&low, &high, WD_NET_TARGET_CONTAINER, 80),
			 WARDER__V1__SEVERITY__LOW); /* and mix.c adds one */
	assert_int_equal(severity(&high, &low, WD_NET_TARGET_CONTAINER, 80), WARDER__V1__SEVERITY__INFORMATIONAL);
	assert_int_equal(severity(&low, &high, WD_NET_TARGET_CONTAINER, 53), WARDER__V1__SEVERITY__INFORMATIONAL);
	assert_int_equal(severity(&low, &low, WD_NET_TARGET_CONTAINER, 80), 0);
	assert_int_equal(severity(&low, &none, WD_NET_TARGET_CONTAINER, 80), 0);
	assert_int_equal(severity(&none, &none, WD_NET_TARGET_CONTAINER, 80), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_fib),
		cmocka_unit_test(test_inet6),
		cmocka_unit_test(test_environ),
		cmocka_unit_test_setup_teardown(test_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_api, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
		cmocka_unit_test(test_kubelet),
		cmocka_unit_test(test_etcd),
		cmocka_unit_test(test_trust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
