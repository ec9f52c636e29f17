#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# churn.sh: WARDER_CHURN (1,000) containers that live for some 50 ms, started as fast as the machine can, by runc and by crun in turns.
# Each executes a command that has its number as an argument, and every event of it is held against that: it must be named as that
# container, or be marked as known by its cgroup alone; none is another's, none the host's. What the sensor needs of memory stays.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" churn

count=${WARDER_CHURN:-1000}
jobs=${WARDER_CHURN_JOBS:-4}

# prepare: one bundle for all; what differs is the cgroup's path and the argument
prepare() {
	local name=template
	mkdir -p "$(bundle template)" "$work/bundles"
	spec "exec act nothing NUMBER" | jq -c --arg r "$work/rootfs" '.root = {path: $r, readonly: true} |
		.process.args = ["/bin/sh", "-c", "sleep 0.05; exec act nothing number-NUMBER"]' >"$work/template.json"
	rm -r "$(bundle template)"
}

# one NUMBER: in the foreground; runs in a process of its own (xargs)
one() {
	local number=$1 runtime=runc dir
	[ $((number % 2)) = 0 ] || runtime=crun
	dir=$work/bundles/$number
	mkdir "$dir"
	sed "s/number-NUMBER/number-$number/; s/$id-template/$id-n$number/" "$work/template.json" >"$dir/config.json"
	oci "$runtime" run --bundle "$dir" "$id-n$number" >"$dir/log" 2>&1 || echo "$number $(head -c 200 "$dir/log")" >>"$work/refused"
	rm -r "$dir"
}

memory() {
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$sensor/status"
}

run() {
	seq "$1" "$2" | xargs -P "$jobs" -I N bash -c 'one N'
}

# The events of the sensor about commands that have a number, one a line: the number, then who it is about. An event that came without a name
# got it by an IDENTITY event afterwards, or did not.
judge_churn() {
	"$python" - "$events" "$id" "$count" <<-'END'
		import json, re, sys
		events, own, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
		seen, wrong, host, named, late, marked = set(), [], 0, 0, 0, 0
		first, names = {}, {}
		for line in open(events):
		    event = json.loads(line)
		    if event["type"] == "IDENTITY":
		        workload = event["identity"]["workload"]
		        names[workload["origin_id"]] = workload["container"]["name"]
		        continue
		    if event["type"] != "PROCESS_EXEC":
		        continue
		    number = re.search(r"act nothing number-(\d+)$", event["process_exec"].get("args", {}).get("utf8", "").replace("\0", " ").strip())
		    if not number:
		        continue
		    workload = event["actor"]["workload"]
		    if not workload.get("origin_id"):
		        host += 1
		        continue
		    want = "%s-n%s" % (own, number.group(1))
		    name, cgroup = workload.get("container", {}).get("name", "nobody"), workload.get("cgroup_path", "")
		    seen.add(int(number.group(1)))
		    if not cgroup.endswith("/" + want) or name not in (want, cgroup.split("/")[-1]):
		        wrong.append("%s is %s (%s)" % (want, name, cgroup))
		    elif workload["resolution"] == "RUNTIME":
		        named += 1
		    else:
		        first[workload["origin_id"]] = want
		for origin, want in first.items():
		    if origin not in names:
		        marked += 1
		    elif names[origin] == want:
		        late += 1
		    else:
		        wrong.append("%s was then called %s" % (want, names[origin]))
		print(len(seen), named, late, marked, len(wrong), host, "; ".join(wrong[:3]))
	END
}

all_came() {
	[ "$(judge_churn | cut -d ' ' -f 1)" = "$1" ]
}

prepare
export -f one oci
export work id hybrid cgroups DEADLINE
sensor_start --budget 0
start=$SECONDS
run 1 $((count / 4))
settled=$(memory)
run $((count / 4 + 1)) "$count"
took=$((SECONDS - start))
refused=$(wc -l 2>/dev/null <"$work/refused" || echo 0)
check "$((count - refused)) of $count containers ran, in $took s $(head -n 1 "$work/refused" 2>/dev/null)" [ "$refused" = 0 ]
until_true "$DEADLINE" all_came "$count"
sleep 1
total=$(memory)
grown=$((total - settled))
read -r seen named late marked wrong host text < <(judge_churn)
check "each of them has its event: $seen of $count" [ "$seen" = "$count" ]
check "of their commands' events $named are named at once; of the containers $late later, $marked are marked as known by their cgroup alone; $wrong wrong $text" [ "$wrong" = 0 ]
check "none is the host's: $host" [ "$host" = 0 ]
# some 4 kB each that is remembered, of at most 4,096; what a container's end leaves goes with the next ones
check "memory grew by $grown kB between a quarter and all of them (4 for each, and 512)" [ $grown -le $((count * 3 / 4 * 4 + 512)) ]
check "memory is $total kB, within the sensor's limit (40960)" [ "$total" -le 40960 ]
found=$(jq -r 'select(.type == "FINDING" and (.severity | IN("MEDIUM", "HIGH", "CRITICAL"))) | .message' "$events" | head -n 3)
check "none is a finding $found" [ -z "$found" ]
lost=$(jq -s '[.[] | select(.type == "LOST").lost.counts[].records | tonumber] | add // 0' "$events")
check "nothing was lost: $lost" [ "$lost" = 0 ]
check "SIGTERM ends the sensor with 0" sensor_stop
finish
