#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# inventory.sh: what a node is made of and open to, what really runs in its containers and how far an operator trusts each, compared with
# what the node's own programs, docker and this suite know.
#
# Programs: one of the image, a new one, one on a volume and one in memory are told apart, for runc's, crun's and docker's containers (the
# control is the first). Trust: the same access (X02) between containers of one level and of two. Known escapes: an act (M02) that fits one that
# this node is open to names it, and one that it is not open to is not named.
# `warder top`: its plain lines name a container and count its events; on a terminal it is drawn, follows keys and ends.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" inventory

policy=$work/policy.yaml
table=$work/cves.json

# in_stream FILTER [ARG...]: some event fits
in_stream() {
	local filter=$1
	shift
	jq -e -n "$@" "any(inputs; $filter)" "$events" >/dev/null
}

# --- the node ----------------------------------------------------------------------------------------------------------------

# says COMPONENT: its version as the program itself has it; nothing where it is not here
says() {
	case $1 in
	runc) runc --version | sed -n 's/^runc version \([0-9.]*\).*/\1/p' ;;
	crun) crun --version | sed -n 's/^crun version \([0-9.]*\).*/\1/p' ;;
	containerd) containerd --version | sed -n 's/^containerd [^ ]* \([0-9.]*\).*/\1/p' ;;
	docker) dockerd --version | sed -n 's/^Docker version \([0-9.]*\).*/\1/p' ;;
	podman) podman --version | sed -n 's/^podman version \([0-9.]*\).*/\1/p' ;;
	kernel) uname -r | sed 's/[^0-9.].*//' ;;
	esac 2>/dev/null
}

judge_node() {
	local name version
	until_true "$DEADLINE" in_stream '.type == "NODE_FACTS"'
	for name in kernel runc crun containerd docker podman; do
		version=$(says $name)
		if [ ! "$version" ]; then
			skip "$name is not installed"
			continue
		fi
		check "the node's $name is $version" in_stream '.type == "NODE_FACTS" and any(.node_facts.components[]; .name == $n and .version == $v)' \
			--arg n $name --arg v "$version"
	done
	check "the table is the one that was given" in_stream '.type == "NODE_FACTS" and .node_facts.table == "2000-01-01" and .node_facts.rows == 3'
	check "and the node is open to the one row of it that has no fix" \
		in_stream '.type == "NODE_FACTS" and [.node_facts.cves[].id] == ["CVE-2000-0001"]'
}

# --- containers and their programs ---------------------------------------------------------------------------------------------

# inventory: what `warder inventory` says of a container ("from path" a line), sorted
inventory() {
	"$WARDER" inventory --json | jq -r --arg n "$1" 'select(.type == "INVENTORY" and .inventory.workload.container.name == $n) |
		.inventory.executables[] | (.from // "FROM_UNSPECIFIED") + " " + .path.utf8' | sort
}

is_inventory() {
	inventory "$1" >"$work/is"
	[ "$(cat "$work/is")" = "$2" ]
}

# programs NAME FULLNAME [PROGRAM]: its programs are told apart (one in memory has no name, and PROGRAM is of its image too)
programs() {
	local want
	want=$(printf '%s\n' "FROM_CHANGED /tmp/tool" "FROM_IMAGE /bin/act" "FROM_MEMORY /" "FROM_MOUNT /data/tool" ${3:+"FROM_IMAGE $3"} | sort)
	until_true "$DEADLINE" is_inventory "$2" "$want"
	check "$1: its programs come from: $(tr '\n' ',' <"$work/is")" is_inventory "$2" "$want"
}

acts_of='plant /bin/act /tmp/tool 755 , execute /tmp/tool , plant /bin/act /data/tool 755 , execute /data/tool , exec-memfd'

dockers() {
	local name=$id-docker
	if ! dockerd_start; then
		skip "docker: dockerd is not installed or does not start"
		return
	fi
	export DOCKER_HOST=unix://$docker_socket
	tar -C "$work/rootfs" -c . | docker import -c 'ENV PATH=/bin' - inventory:1 >/dev/null
	# shellcheck disable=SC2086 # words
	docker run -d --network none -v "$work/volume:/data" --name "$name" inventory:1 act $acts_of , pause >/dev/null
	programs docker "$name"
	"$WARDER" inventory >"$work/table"
	check "docker: the table has it, with its image's digest" \
		grep -qE "^$name +docker +privileged +untrusted +inventory:1 +$(docker inspect -f '{{.Image}}' "$name" | cut -c 8-19) +4$" "$work/table"
	check "docker: the image's registry gives its trust" in_stream '(.posture.workload // .identity.workload) | .container.name? == $n and .trust == "untrusted"' \
		--arg n "$name"
	check "docker: the table of programs per image has what it executed" grep -qE '^inventory:1 +1 +/tmp/tool$' "$work/table"
	docker rm -f "$name" >/dev/null
}

# --- trust ---------------------------------------------------------------------------------------------------------------------

write_policy() {
	cat >"$policy" <<-END
		trust:
		  levels: [untrusted, standard]
		  default: $1
		  rules:
		    - level: untrusted
		      registries: docker.io
		    - level: untrusted
		      runtimes: [crun]
	END
}

# severity NAME TECHNIQUE
severity() {
	jq -r --arg n "$id-$1" --arg t "$2" 'select(.type == "FINDING" and .finding.technique == $t and .actor.workload.container.name == $n) | .severity' \
		"$events" | head -n 1
}

is_found() {
	[ "$(severity "$1" "$2")" ]
}

trusts() {
	local name
	container victim runc -- "echo x >/etc/victim"
	container near runc "pid=$(container_pid victim)"
	container far crun "pid=$(container_pid victim)"
	for name in near far; do
		inside $name act open /proc/1/root/etc/victim >>"$(bundle $name)/log" 2>&1
		acts $name ok
		until_true "$DEADLINE" is_found $name X02
	done
	check "X02 within a level is HIGH" [ "$(severity near X02)" = HIGH ]
	check "X02 from the untrusted into a standard container is CRITICAL" [ "$(severity far X02)" = CRITICAL ]
	check "the finding names both levels" in_stream '.type == "FINDING" and .finding.technique == "X02" and
		.actor.workload.trust == "untrusted" and .owner.workload.trust == "standard"'
	check "this node mixes levels, and that is told" until_true "$DEADLINE" in_stream '.type == "TRUST_MIX" and .trust_mix.mixed and
		([.trust_mix.levels[].name] == ["untrusted", "standard"])'
}

said() {
	grep -qF "$1" "$work/sensor.err"
}

reloads() {
	echo 'trust: {lebels: [a]}' >"$policy"
	kill -HUP "$sensor"
	check "SIGHUP with a wrong policy: says where, and goes on with the old one" \
		until_true "$DEADLINE" said "$policy:1:9: 'lebels' is no key of trust; these are: levels, default, rules; the policy before it goes on"
	container before runc
	check "SIGHUP with a wrong policy: the old one still gives levels" until_true "$DEADLINE" \
		in_stream '.type == "POSTURE" and .posture.workload.container.name == $n and .posture.workload.trust == "standard"' --arg n "$id-before"
	write_policy untrusted
	kill -HUP "$sensor"
	until_true "$DEADLINE" said "policy $policy: read again"
	container after runc
	check "SIGHUP with another policy: it holds" until_true "$DEADLINE" \
		in_stream '.type == "POSTURE" and .posture.workload.container.name == $n and .posture.workload.trust == "untrusted"' --arg n "$id-after"
	check "the node is told to mix no more" until_true "$DEADLINE" \
		in_stream '.type == "TRUST_MIX" and (.trust_mix.mixed | not) and [.trust_mix.levels[].name] == ["untrusted"]'
}

# refused CODE WORDS CMD...
refused() {
	local code=$1 words=$2 is=0
	shift 2
	timeout "$DEADLINE" "$@" >"$work/refused" 2>&1 || is=$?
	check "${*##*/} ends with $code: $(head -n 1 "$work/refused")" eval "[ $is = $code ] && grep -qF \"$words\" '$work/refused'"
}

# --- known escapes -----------------------------------------------------------------------------------------------------------------

escapes() {
	container open runc hostpid caps=all
	inside open act setns-pidfd "$holder" "$secret" >>"$(bundle open)/log" 2>&1
	acts open ok
	until_true "$DEADLINE" is_found open M02
	check "M02 names the known escape that this node is open to, and no other" in_stream '.type == "FINDING" and .finding.technique == "M02" and
		([.finding.cves[]? | [.id, .component, .title]] == [["CVE-2000-0001", "kernel", "a test"]])'
	check "X02 names none" in_stream '.type == "FINDING" and .finding.technique == "X02" and .finding.cves == null'
}

# --- top ---------------------------------------------------------------------------------------------------------------------------

tops() {
	local name=$id-busy
	container busy runc
	(
		for _ in $(seq 40); do
			inside busy act execute /bin/act
			sleep 0.1
		done
	) >>"$(bundle busy)/log" 2>&1 &
	local acting=$!
	"$WARDER" top --interval 1 --count 3 >"$work/top"
	wait $acting
	check "top: a block of plain lines each interval" [ "$(grep -c '^node ' "$work/top")" = 3 ]
	check "top: each names the container" [ "$(grep -cE " $name( |$)" "$work/top")" = 3 ]
	check "top: its events are counted, and so many a second" awk -v n="$name" \
		'$7 == n { if ($1 > 0) rated = 1; if (seen && $2 > seen) grows = 1; seen = $2 } END { exit !(rated && grows) }' "$work/top"
	"$here/screen.py" "$name" "$WARDER" top --interval 0.5 >"$work/screen" 2>&1
	check "top: on a terminal it is drawn, follows keys and ends: $(head -n 1 "$work/screen")" [ ! -s "$work/screen" ]
}

refused 2 "is no interval" "$WARDER" top --interval 0
refused 2 "is no count" "$WARDER" top --count -1
refused 5 "'warder run' must be running" "$WARDER" top
refused 5 "'warder run' must be running" "$WARDER" inventory
host_secret
mkdir "$work/volume"
write_policy standard
cat >"$table" <<-'END'
	{"dated": "2000-01-01", "cves": [
	  {"id": "CVE-2000-0001", "component": "kernel", "title": "a test", "fixed": ["999.0"], "techniques": ["M02"], "source": "https://example.org"},
	  {"id": "CVE-2000-0002", "component": "kernel", "title": "a test", "fixed": ["2.6.1"], "techniques": ["M02"], "source": "https://example.org"},
	  {"id": "CVE-2000-0003", "component": "kernel", "title": "a test", "introduced": "999.0", "fixed": ["999.1"], "techniques": ["M02"], "source": "https://example.org"}]}
END
echo 'trust: {levels: 9}' >"$work/good.yaml"
echo '{"dated": "x", "cves": [{}]}' >"$work/bad.json"
printf 'trust:\n  levels: [a]\n  rules:\n    - level: b\n      images: x\n' >"$work/bad.yaml"
check "warder check: a good policy" "$WARDER" check "$work/good.yaml"
refused 3 "bad.yaml:4:7: 'b' is none" "$WARDER" check "$work/bad.yaml"
refused 3 "bad.yaml:4:7: 'b' is none" "$WARDER" run -c "$work/bad.yaml"
refused 3 "No such file" "$WARDER" check "$work/none.yaml"
refused 3 "row 1 of 'cves'" "$WARDER" run --cves "$work/bad.json"
sensor_start -c "$policy" --cves "$table"
judge_node
for runtime in $(runtimes); do
	mkdir -p "$work/volumes/$runtime"
	container "$runtime-programs" "$runtime" "bind=$work/volumes/$runtime:/data" -- "act $acts_of"
	acts "$runtime-programs" ok 5
	programs "$runtime" "$id-$runtime-programs" /bin/busybox
done
dockers
tops
trusts
escapes
sleep 11 # between two reports of a node's mix
reloads
check "SIGTERM ends the sensor with 0" sensor_stop
check "its socket is gone" [ ! -e /run/warder.sock ]
finish
