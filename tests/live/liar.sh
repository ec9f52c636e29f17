#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# liar.sh: state files that lie. The sensor's --host-root is a directory in which runtimes and engines keep what they know of real
# containers; of some it is replaced by what no runtime writes (deep, long to parse, cut off, of wrong types, with ids that are paths, too big, FIFOs,
# devices, links to the host's files, out of the root and in circles). For each reason to refuse a file, a sensor of its own: it goes on, an
# escape from another container meanwhile is told as fast as ever, whom the file lies about is known by the cgroup alone, or as
# whatever else is true tells, and a counter says why files were refused, and nothing else. The controls are the same files as they should be:
# each container is then named as they say.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" liar

# What the counter is called ("none": nothing is refused), the lie, and whose files it is tried with.
lies='
none       honest     runc crun docker podman containerd
none       out        runc
invalid    deep       runc crun docker podman containerd
invalid    slow       runc crun docker podman containerd
invalid    truncated  runc crun docker podman containerd
invalid    empty      runc crun
invalid    types      runc crun docker
invalid    utf8       runc docker
invalid    traversal  runc docker
invalid    other      runc docker
too_big    huge       runc crun docker podman containerd
too_big    big        runc crun
not_a_file fifo       runc crun docker podman containerd
not_a_file device     runc
not_a_file directory  runc docker
link       zero       runc crun docker podman containerd
link       shadow     runc docker
link       to-fifo    runc
link       circle     runc
'
node=$work/node           # the sensor's host root
elsewhere=$work/elsewhere # where the runtimes really keep their state: not below it

# start NAME RUNTIME ROOT CGROUP COMMAND [FEATURE...]: a container whose state is in ROOT, by the name FULL of its cgroup
start() {
	local name=$1 runtime=$2 root=$3 full=$4 command=$5 dir
	shift 5
	dir=$(bundle "$name")
	mkdir -p "$dir"
	spec "$command; exec act pause" "$@" | jq -c --arg r "$work/rootfs" --arg c "/warder-test/$id/$full" \
		'.linux.cgroupsPath = $c | .root = {path: $r, readonly: true}' >"$dir/config.json"
	echo "$runtime $root $full" >>"$work/started"
	oci "$runtime" --root "$root" run -d --bundle "$dir" --pid-file "$dir/pid" "$full" >"$dir/log" 2>&1 && return
	fail "$name starts: $(head -c 300 "$dir/log")"
	return 1
}

end_all() {
	local runtime root full
	while read -r runtime root full; do
		oci "$runtime" --root "$root" delete -f "$full" >/dev/null 2>&1
	done < <(cat "$work/started" 2>/dev/null)
	rm -f "$work/started"
}

# with_bundle BUNDLE STATE: what runc says of a container, with another bundle
with_bundle() {
	jq -c --arg b "bundle=$1" '.config.labels |= map(if startswith("bundle=") then $b else . end)' "$2"
}

# claim LAYOUT NAME FULL: what is written of a container ($claim), and in which $file below the root; where an engine's file is found by
# the runtime's, that one too ($state, $state_file)
claim() {
	local layout=$1 name=$2 full=$3 bundle
	state='' state_file=
	case $layout in
	runc) file=$node/run/runc/$full/state.json claim=$(<"$elsewhere/$full/state.json") ;;
	crun) file=$node/run/crun/$full/status claim=$(<"$elsewhere/$full/status") ;;
	docker)
		file=$node/var/lib/docker/containers/$full/config.v2.json
		claim='{"ID":"'$full'","Name":"/shop","Config":{"Image":"shop:1"},"State":{"Running":true}}'
		;;
	podman)
		bundle=/srv/$name/overlay-containers/$full/userdata
		file=$node/srv/$name/overlay-containers/containers.json
		claim='[{"id":"'$full'","metadata":"{\"name\":\"shop\",\"image-name\":\"shop:1\"}"}]'
		state_file=$node/run/runc/$full/state.json state=$(with_bundle "$bundle" "$elsewhere/$full/state.json")
		;;
	containerd)
		bundle=/run/containerd/io.containerd.runtime.v2.task/k8s.io/$full
		file=$node$bundle/config.json
		claim=$(jq -c '.annotations = {"io.kubernetes.cri.container-name": "shop", "io.kubernetes.cri.sandbox-name": "shop-0",
			"io.kubernetes.cri.sandbox-namespace": "shop"}' "$(bundle "$name")/config.json")
		state_file=$node/run/containerd/runc/k8s.io/$full/state.json state=$(with_bundle "$bundle" "$elsewhere/$full/state.json")
		;;
	esac
}

# place FILE: the draft, as a whole
place() {
	mkdir -p "${1%/*}"
	mv "$work/draft" "$1"
}

# lie KIND FILE FULL CLAIM: the file that says CLAIM about FULL, or what is there instead
lie() {
	local kind=$1 file=$2 full=$3 claim=$4 dir=${2%/*} draft=$work/draft
	case $kind in
	honest | out) printf %s "$claim" >"$draft" ;;
	deep) head -c 200000 /dev/zero | tr '\0' '[' >"$draft" ;;
	slow) { printf '[{}'; head -c 160K /dev/zero | sed 's/\x00\x00/,{}/g'; printf ']'; } >"$draft" ;;
	truncated) printf %s "${claim:0:$((${#claim} / 2))}" >"$draft" ;;
	empty) : >"$draft" ;;
	types) jq -c 'walk(if type == "string" or type == "number" then [.] else . end)' <<<"$claim" >"$draft" ;;
	utf8) LC_ALL=C sed 's/: *"/:"\xff/' <<<"$claim" >"$draft" ;;
	traversal) printf %s "${claim//$full/..\/..\/..\/etc}" >"$draft" ;;
	other) printf %s "${claim//\"$full\"/\"$id-other\"}" >"$draft" ;;
	huge) { printf %s "$claim"; head -c 2M /dev/zero | tr '\0' ' '; } >"$draft" ;;
	big) { printf %s "$claim"; head -c 300K /dev/zero | tr '\0' ' '; } >"$draft" ;;
	fifo) mkfifo "$draft" ;;
	device) mknod "$draft" c 1 5 ;;
	directory) mkdir "$draft" ;;
	zero) ln -s /dev/zero "$draft" ;;
	shadow) ln -s /etc/shadow "$draft" ;;
	to-fifo) mkfifo "$draft" && place "$file.fifo" && ln -s "${file##*/}.fifo" "$draft" ;;
	circle) ln -s "${dir##*/}" "$draft" ;;
	esac || fail "$kind: the lie is not made"
	case $kind in
	circle) place "$dir" ;;
	out) # all that it says is true
		place "$work/outside/$full/${file##*/}"
		ln -s "$work/outside/$full" "$draft"
		place "$dir"
		;;
	*) place "$file" ;;
	esac
}

# liar KIND LAYOUT: a container, what is written of it, and what it must be called: NAME FULL CALLED RUNTIME RESOLUTION
liar() {
	local kind=$1 layout=$2 name=$1-$2 runtime=runc full called resolution=RUNTIME as=$2
	full=$id-$name
	case $layout in
	crun) runtime=crun ;;
	docker | podman | containerd) full=$(echo "$full" | sha256sum | cut -d ' ' -f 1) ;;
	esac
	start "$name" $runtime "$elsewhere" "$full" "act nothing liar-$name" || return
	claim "$layout" "$name" "$full"
	lie "$kind" "$file" "$full" "$claim"
	if [ "$state" ]; then
		printf %s "$state" >"$work/draft"
		place "$state_file"
	fi
	called=$full
	if [ "$kind" = honest ]; then
		[ ${#full} != 64 ] || called=shop
		[ "$layout" != containerd ] || resolution=KUBERNETES
	elif [ "$layout" != podman ] && [ "$layout" != containerd ]; then # of those the runtime's state is true
		resolution=CGROUP_ONLY as=
	fi
	echo "$name $full $called $resolution $as" >>"$work/liars"
}

# told NAME FULL CALLED RESOLUTION RUNTIME: how many events are about the container, how many of them say something else than that or less,
# and whether one says it
told() {
	jq -rn --arg mark "liar-$1" --arg full "$2" --arg called "$3" --arg resolution "$4" --arg runtime "${5:-}" '
		[inputs | select((.process_exec.args.utf8? // "" | contains($mark)) or
			((.actor.workload.cgroup_path? // .identity.workload.cgroup_path?) // "" | endswith("/" + $full)))
			| (.actor.workload // .identity.workload)] |
		[length, ([.[] | select(((.resolution == "CGROUP_ONLY" and .container.name == $full and .container.runtime == null) or
			(.resolution == $resolution and .container.name == $called and (.container.runtime // "") == $runtime)) | not)] | length),
			any(.[]; .resolution == $resolution and .container.name == $called)] | join(" ")' "$events"
}

all_told() {
	local name rest
	while read -r name rest; do
		# shellcheck disable=SC2086 # words
		[[ $(told "$name" $rest) = *" true" ]] || return
	done <"$work/liars"
}

# counted REASON: the last heartbeat has refused files of this reason, one for each lie at least, and of no other
counted() {
	jq -e -n --arg reason "$1" --argjson lies "$(wc -l <"$work/liars")" '[inputs | select(.type == "HEARTBEAT")] |
		last.heartbeat.state_files // {} | if $reason == "none" then . == {} else keys == [$reason] and (.[$reason] | tonumber) >= $lies end' \
		"$events" >/dev/null
}

escaped() {
	jq -e -n --arg n "$id-escape" 'any(inputs; .type == "FINDING" and .finding.technique == "M09" and
		.actor.workload.container.name == $n)' "$events" >/dev/null
}

# try REASON
try() {
	local reason=$1 counter kind layouts layout name rest n wrong right start took
	rm -rf "$node/run" "$node/srv" "$node/var"
	: >"$work/liars"
	events=$work/$reason.ndjson
	sensor_start --host-root "$node"
	while read -r counter kind layouts; do
		[ "$counter" = "$reason" ] || continue
		for layout in $layouts; do
			liar "$kind" "$layout"
		done
	done <<<"$lies"
	mkdir -p "$node/run/runc"
	start=${EPOCHREALTIME/./}
	start escape runc "$node/run/runc" "$id-escape" "act open-tree / etc/hostname" caps=SYS_ADMIN
	until_true "$DEADLINE" escaped
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	check "$reason: an escape meanwhile is told $took ms after its container is asked for (2000)" [ $took -le 2000 ]
	until_true 5 all_told
	check "$reason: the sensor goes on" kill -0 "$sensor"
	while read -r name rest; do
		# shellcheck disable=SC2086 # words
		read -r n wrong right < <(told "$name" $rest)
		check "$name: is '$(cut -d ' ' -f 2- <<<"$rest")' in the end, and never anybody else: $n events, $wrong wrong" \
			[ "$n:$wrong:$right" = "$((n > 0 ? n : 1)):0:true" ]
	done <"$work/liars"
	end_all
	check "SIGTERM ends the sensor with 0" sensor_stop
	check "$reason: that is what was refused: $(jq -c 'select(.type == "HEARTBEAT").heartbeat.state_files' "$events" | tail -n 1)" counted "$reason"
}

trap 'end_all; cleanup' EXIT
mkdir -p "$node/proc" "$elsewhere"
mounted --bind /proc "$node/proc"
for reason in none invalid too_big not_a_file link; do
	try $reason
done
finish
