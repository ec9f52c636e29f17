#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# network.sh: connections and datagrams of real containers of runc and crun to the node, to each other and to a cloud's metadata, each
# over a real link (veth) from a network namespace of its own. crun's containers are trusted less than runc's. The
# controls go to what is the container's own, to its equals and to those below it, and to where metrics agents go (B32).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" network
. "$here/rows.sh"
. "$here/daemons.sh"

# Reserved for tests of networks (RFC 2544), so nobody's here: 198.18.0.1 the node, .0.2 and .0.3 the victims, the containers from .1.1 on.
techniques="
m43 M43 host NET                        | net-connect wait NODE 2375
m43tls M43 host NET                     | net-connect async NODE 2376
o03 O03 host NET                        | net-connect wait NODE 10250
o04 O04 host NET                        | net-connect fastopen NODE 10255
o04figures O04 host NET                 | net-connect async NODE 10249
o05 O05 host NET                        | net-connect wait NODE 2379
o05six O05 host NET                     | net-connect wait NODE6 2379
o05mapped O05 host NET                  | net-connect wait ::ffff:NODE 2379
o01 O01 host NET                        | net-connect wait NODE 6443
o17 O17 any NET                         | net-connect wait 169.254.169.254 80
m50 M50 host hostnet                    | net-connect wait 127.0.0.1 10248
m50six M50 host hostnet                 | net-connect wait ::1 7777
o05loopback O05 host hostnet            | net-connect wait 127.0.0.1 2379
m50container M50 any hostnet            | net-connect wait 127.0.0.1 LOOPBACK
o03hostnet O03 host hostnet             | net-connect wait 127.0.0.1 10250
"

# to the other runtime's victim, which is trusted more, or less
across="
x14 X14 any NET                         | net-connect wait OTHER 8080
x14async X14 any NET                    | net-connect async OTHER 8080
x14udp X14 any NET                      | net-send connected OTHER 5555
"

# where each datagram is seen
datagrams="
x14loose X14 any NET                    | net-send loose OTHER 5555
"

# what they weigh, by a container that is trusted less, and by one that is trusted more where that is another matter
severities="m43 M43 HIGH
m43tls M43 MEDIUM
o03 O03 MEDIUM
o03hostnet O03 LOW
o04 O04 HIGH
o04figures O04 LOW
o05 O05 HIGH
o01 O01 INFORMATIONAL
o17 O17 LOW
m50 M50 LOW
m50container M50 MEDIUM INFORMATIONAL
x14 X14 MEDIUM INFORMATIONAL
knock X14 MEDIUM
closed O04 LOW"

policy() {
	cat <<-END
		trust:
		  levels: [low, high]
		  rules:
		    - {level: low, runtimes: [crun]}
		    - {level: high, runtimes: [runc]}
	END
}

# at PID CMD...: in the network namespace of PID
at() {
	local pid=$1
	shift
	nsenter -t "$pid" -n -- "$@"
}

# holder: a host process in a network namespace of its own, which is $!
holder() {
	background unshare -n "$ACT" pause >/dev/null 2>&1
	until_true "$DEADLINE" apart "$!"
}

apart() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ] && at "$1" ip link set lo up
}

# switch: a bridge in a network namespace of its own, $switch, that the node and all containers are linked to
switch() {
	holder
	switch=$!
	at "$switch" ip link add br0 type bridge || die "no bridge: $(uname -r)"
	at "$switch" ip link set br0 up
	ip link add "$id.n" type veth peer name node netns "$switch" || die "no veth: $(uname -r)"
	at "$switch" ip link set node master br0 up
	address "$$" "$id.n" 0.1
}

# address PID DEVICE HOST: 198.18.HOST
address() {
	at "$1" ip addr add "198.18.$3/16" dev "$2"
	[ ! -e /proc/net/if_inet6 ] || at "$1" ip addr add "fd18::${3/./:}/64" dev "$2" nodad
	at "$1" ip link set "$2" up
}

# net HOST: a network namespace with that address; its holder's pid is $net
net() {
	holder
	net=$!
	at "$net" ip link add eth0 type veth peer name "p${1/./-}" netns "$switch"
	at "$switch" ip link set "p${1/./-}" master br0 up
	address "$net" eth0 "$1"
	at "$net" ip route add 169.254.169.254 via 198.18.0.2
}

# next: the same with the next free one, 1.$n
next() {
	n=$(($(<"$work/next") + 1))
	echo "$n" >"$work/next"
	net "1.$n"
}

other() {
	[ "$1" = runc ] && echo "$crun" || echo runc
}

missing() {
	[ "$1" != "${1/NODE6/}" ] && [ ! -e /proc/net/if_inet6 ] && echo "this kernel has no IPv6"
}

fill() {
	local words=$2
	if [ "$words" = NET ]; then
		next >&2
		echo "net=$net"
		return
	fi
	words=${words//NODE6/fd18::0:1}
	words=${words//NODE/198.18.0.1}
	words=${words//OTHER/$(victim_of "$(other "$1")")}
	words=${words//EQUAL/$(victim_of "$1")}
	words=${words//OWN/198.18.1.${n:-}}
	echo "${words//LOOPBACK/$([ "$1" = runc ] && echo 7001 || echo 7002)}"
}

victim_of() {
	[ "$1" = runc ] && echo 198.18.0.2 || echo 198.18.0.3
}

hooked() {
	jq -e --arg h "$1" 'any(.hooks[]; .hook == $h and .tier != "none" and .tier != "sysexit")' "$work/coverage.json" >/dev/null 2>&1
}

# victim RUNTIME: in a network namespace of its own that has the metadata's address too
victim() {
	net "$([ "$1" = runc ] && echo 0.2 || echo 0.3)" 2>/dev/null
	at "$net" ip addr add 169.254.169.254/32 dev lo
	container "$1-victim" "$1" "net=$net" -- "(act net-listen 0.0.0.0 80 8080 &)"
	acts "$1-victim" ok
	expect_none "$1-victim"
}

# severity NAME TECHNIQUE
severity() {
	events_of FINDING "$1" | jq -rs --arg t "$2" '[.[] | select(.finding.technique == $t) | .severity] | unique | join(" ")'
}

# flows NAME TARGET: where it went to, of a kind, and whose that is
flows() {
	events_of NET_CONNECT "$1" | jq -r --arg t "$2" 'select(.net_connect.target == $t) |
		"\(.net_connect.peer):\(.net_connect.port) \(.owner.kind // "-") \(.owner.workload.container.name // "-")"' | sort -u | tr '\n' ' '
}

attacks() {
	local name
	rows "$1" "$techniques"
	expect "$1-m50container" M50 SUCCEEDED container loopback
	rows "$1" "$across"
	for name in x14 x14async x14udp; do
		expect "$1-$name" X14 SUCCEEDED container "$(other "$1")-victim"
	done
	if hooked net_send; then rows "$1" "$datagrams"; else skip "$1: x14loose: datagrams without a connect: no hook here"; fi
}

# quiet RUNTIME: a container's own affairs, its equals, and services that nobody is kept from
quiet() {
	local name=$1-quiet words
	next
	container "$name" "$1" "net=$net" -- "(act net-listen 0.0.0.0 2375 10255 2379 9000 &)"
	acts "$name" ok
	for words in "wait OWN 2375 10255 2379" "wait 127.0.0.1 10255 9000" "wait EQUAL 8080" "async EQUAL 8080" "wait NODE 7777"; do
		# shellcheck disable=SC2046 # words
		inside "$name" act net-connect $(fill "$1" "$words") >>"$(bundle "$name")/log" 2>&1
	done
	acts "$name" ok 6
	expect_none "$name"
	expect_without "$name" M43 M50 O03 O04 O05 O17 X14
}

# own RUNTIME: in the host's network, with itself
own() {
	local name=$1-own port=7011
	[ "$1" = runc ] || port=7012
	container "$name" "$1" hostnet -- "(act net-listen 127.0.0.1 $port &)"
	acts "$name" ok
	inside "$name" act net-connect wait 127.0.0.1 $port >>"$(bundle "$name")/log" 2>&1
	acts "$name" ok 2
	expect_none "$name"
	expect_without "$name" M50
}

# knocks RUNTIME: port after port of its equal, which refuses; and one or two, which says nothing
knocks() {
	local words
	for words in "knock 20000 40" "few 20000 4"; do
		# shellcheck disable=SC2086 # words
		set -- "$1" $words
		next
		container "$1-$2" "$1" "net=$net" &&
			inside "$1-$2" act net-knock "$(fill "$1" EQUAL)" "$3" "$4" >>"$(bundle "$1-$2")/log" 2>&1
		acts "$1-$2" ok
	done
	expect "$1-knock" X14 DENIED container "$1-victim"
	expect_none "$1-few"
	expect_without "$1-few" X14
	# a closed port of the control plane is a question
	container "$1-closed" "$1" "net=$net" && inside "$1-closed" act net-knock "$(fill "$1" NODE)" 4194 1 >>"$(bundle "$1-closed")/log" 2>&1
	acts "$1-closed" ok
	expect "$1-closed" O04 DENIED host
	expect_none "$1-closed"
}

echo 0 >"$work/next"
switch
policy >"$work/policy.yaml"
daemon node net-listen :: 2375 2376 2379 6443 7777 10248 10249 10250 10255 >/dev/null
sensor_start -c "$work/policy.yaml" --wait-names 5000 # a guest is slow
runtimes=$(runtimes)
runtimes=${runtimes% crun-v1}
crun=crun
[[ $runtimes != *crun-v1* ]] || crun=crun-v1
victim runc
victim "$crun"
# who listens on the node's loopback and is a container
container loopback runc hostnet -- "(act net-listen 127.0.0.1 7001 7002 &)"
acts loopback ok
for runtime in $runtimes; do
	attacks "$runtime"
	quiet "$runtime"
	own "$runtime"
	knocks "$runtime"
done
verdict
if [ "$WARDER" != none ]; then
	while read -r name technique low high; do
		for runtime in $runtimes; do
			want=$low
			[ "$runtime" = runc ] && want=${high:-$low}
			got=$(severity "$runtime-$name" "$technique")
			check "$runtime-$name: $technique is $want: $got" [ "$got" = "$want" ]
		done
	done <<<"$severities"
	for runtime in $runtimes; do
		check "$runtime-quiet: its equal's flow has both names: $(flows "$runtime-quiet" NET_TARGET_CONTAINER)" \
			grep -q "^[0-9.]*:8080 OWNER_CONTAINER $id-$runtime-victim " <<<"$(flows "$runtime-quiet" NET_TARGET_CONTAINER)"
		check "$runtime-quiet: the node's is the host's: $(flows "$runtime-quiet" NET_TARGET_NODE)" \
			grep -q "^[0-9.]*:7777 OWNER_HOST - " <<<"$(flows "$runtime-quiet" NET_TARGET_NODE)"
		check "$runtime-quiet: and its own are its own: $(flows "$runtime-quiet" NET_TARGET_OWN)" \
			grep -q "127.0.0.1:9000 OWNER_CONTAINER $id-$runtime-quiet " <<<"$(flows "$runtime-quiet" NET_TARGET_OWN)"
	done
fi
finish
