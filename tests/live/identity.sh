#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# identity.sh: an escape attempt from a container of each engine (M34, with the host's pid namespace and SYS_PTRACE; M09 by ctr), real ones
# with roots of their own, and of runc and crun alone (M09): the finding names the container as the engine itself does. CRI-O is not
# packaged: its files are a unit test's. The control: a container of each engine that touches its own files only is seen and named, and no
# finding. Each of them is what its engine told the runtime to make (seal audit). Then a sensor starts when 100 containers run
# (WARDER_RUNNERS): it knows them all within two seconds, and none is a finding. With WARDER_CGROUPS=systemd, which takes a machine
# where systemd is process 1, cgroups are made and named by systemd for the same engines.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" identity

image=warder.test/act:1
runners=${WARDER_RUNNERS:-100}
# of podman's runtimes crun puts a leaf below systemd's scope, but is no good where cgroups are of both versions (lib.sh)
podman_runtime=runc
[ "$cgroups" = cgroupfs ] || podman_runtime=crun
export CONTAINERS_CONF=$work/podman/containers.conf CONTAINERS_STORAGE_CONF=$work/podman/storage.conf

# archive NAME FILE: an image with the suite's root file system, as docker, podman and containerd take it
archive() {
	local dir=$work/image layer config
	mkdir -p "$dir"
	tar -C "$work/rootfs" -cf "$dir/layer.tar" .
	layer=$(sha256sum "$dir/layer.tar" | cut -d ' ' -f 1)
	jq -nc --arg l "sha256:$layer" '{architecture: "amd64", os: "linux", created: "2024-01-01T00:00:00Z",
		config: {Env: ["PATH=/bin"], Cmd: ["/bin/act", "pause"]}, rootfs: {type: "layers", diff_ids: [$l]},
		history: [{created: "2024-01-01T00:00:00Z"}]}' >"$dir/config.json"
	config=$(sha256sum "$dir/config.json" | cut -d ' ' -f 1)
	mv "$dir/config.json" "$dir/$config.json"
	jq -nc --arg c "$config.json" --arg n "$1" '[{Config: $c, RepoTags: [$n], Layers: ["layer.tar"]}]' >"$dir/manifest.json"
	tar -C "$dir" -cf "$2" manifest.json "$config.json" layer.tar
}

# due NAME ID WHAT-THE-ENGINE-SAYS: a finding about container ID must come, with these fields of its workload and a cgroup of the driver's.
# It says so at once: a guest that says nothing for long is taken for dead.
due() {
	echo "     $1: container $2"
	jq -c --arg what "$1" --arg id "$2" --arg driver "$cgroups" '{what: $what, id: $id, said: (. + {driver: $driver})}' <<<"$3" >>"$work/due"
}

# control NAME ID
control() {
	echo "     $1: container $2 as control"
	echo "$1 $2" >>"$work/controls"
}

# --- runc and crun alone -------------------------------------------------------------------------------------------------

runtimes_all() {
	local runtime
	for runtime in $(runtimes); do
		container "$runtime" "$runtime" caps=SYS_ADMIN -- act open-tree / etc/hostname , || continue
		due "$runtime" "$id-$runtime" "$(oci "$runtime" state "$id-$runtime" |
			jq --arg r "${runtime%-v1}" '{name: .id, runtime: $r, image: null, pod: null}')"
		container "$runtime-own" "$runtime" -- act open /etc/hostname , || continue
		control "$runtime" "$id-$runtime-own"
	done
}

runtimes_end() {
	local runtime
	for runtime in "$work"/containers/*/runtime; do
		[ ! -e "$runtime" ] || container_stop "$(basename "${runtime%/runtime}")"
	done
}

# --- docker --------------------------------------------------------------------------------------------------------------

docker_all() {
	local made
	if ! dockerd_start; then
		skip "docker: dockerd is not installed or does not start"
		return
	fi
	export DOCKER_HOST=unix://$docker_socket
	docker load -qi "$work/image.tar" >/dev/null
	made=$(docker run -d --network none --pid host --cap-add SYS_PTRACE --name "$id-docker" $image \
		act open "/proc/$holder/root$secret" , pause)
	due docker "$made" "$(docker inspect "$made" |
		jq '.[0] | {name: .Name[1:], runtime: "docker", image: .Config.Image, digest: .Image}')"
	control docker "$(docker run -d --network none $image act open /etc/hostname , pause)"
}

docker_end() {
	docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1
}

# --- podman, and a pod of its ------------------------------------------------------------------------------------------------

pod_man() {
	podman --root "$work/podman/root" --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" --storage-driver overlay \
		--cgroup-manager $cgroups --events-backend file --runtime $podman_runtime "$@" 9>&-
}

podman_says() {
	pod_man inspect "$1" | jq '.[0] | {name: .Name, runtime: "podman", image: .ImageName, digest: ("sha256:" + .Image)}'
}

podman_all() {
	local made pod
	if ! command -v podman >/dev/null; then
		skip "podman: not installed"
		return
	fi
	mkdir -p "$work/podman"
	# the limits that it raises by default take a capability that not every machine has
	printf '[containers]\ndefault_ulimits = []\nnetns = "none"\nlog_driver = "k8s-file"\n[engine]\ninfra_image = "%s"\n' $image >"$CONTAINERS_CONF"
	printf '[storage]\ndriver = "overlay"\nrunroot = "%s/run"\ngraphroot = "%s/root"\n' "$work/podman" "$work/podman" >"$CONTAINERS_STORAGE_CONF"
	pod_man load -qi "$work/image.tar" >/dev/null
	made=$(pod_man run -d --ulimit host --network none --pid host --cap-add SYS_PTRACE --name "$id-podman" $image \
		act open "/proc/$holder/root$secret" , pause)
	due podman "$made" "$(podman_says "$made")"
	control podman "$(pod_man run -d --ulimit host --network none $image act open /etc/hostname , pause)"
	pod=$(pod_man pod create --infra-image $image --infra-command "act pause" --network none --name "$id-pod")
	made=$(pod_man run -d --pod "$pod" --ulimit host --network none --pid host --cap-add SYS_PTRACE --name "$id-in-pod" $image \
		act open "/proc/$holder/root$secret" , pause)
	due podman-pod "$made" "$(podman_says "$made" | jq --arg p "$pod" '. + {pod: {name: $p[:12], uid: $p}}')"
}

podman_end() {
	[ ! -e "$work/podman" ] || pod_man rm -fa -t 0 >/dev/null 2>&1
	[ ! -e "$work/podman" ] || pod_man pod rm -fa >/dev/null 2>&1
}

# --- containerd: ctr, and a pod of two by CRI --------------------------------------------------------------------------------

containerd_start() {
	local dir=$work/containerd
	command -v containerd >/dev/null || return
	mkdir -p "$dir"
	cat >"$dir/config.toml" <<-END
		version = 2
		root = "$dir/root"
		state = "$dir/state"
		[grpc]
		  address = "$dir/socket"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "$image"
		  restrict_oom_score_adj = true
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		    runtime_type = "io.containerd.runc.v2"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		      SystemdCgroup = $([ "$cgroups" = systemd ] && echo true || echo false)
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "/usr/lib/cni"
		    conf_dir = "$dir/cni"
	END
	mkdir -p "$dir/cni"
	jq -n --arg d "$dir/ipam" '{cniVersion: "1.0.0", name: "warder-test", plugins: [{type: "bridge", bridge: "warder-test0", isGateway: true,
		ipam: {type: "host-local", dataDir: $d, ranges: [[{subnet: "10.98.0.0/24"}]]}}]}' >"$dir/cni/10-test.conflist"
	# in a network namespace of its own, which is where the pods' bridge is
	background setsid unshare -n containerd -c "$dir/config.toml" </dev/null >"$dir/log" 2>&1
	until_true "$DEADLINE" ctr -a "$dir/socket" version >/dev/null 2>&1
}

ct() {
	ctr -a "$work/containerd/socket" "$@" 9>&-
}

# ctr_cgroup NAME: flags for its cgroup, which is called as its id otherwise
ctr_cgroup() {
	[ "$cgroups" = cgroupfs ] || echo --runc-systemd-cgroup --cgroup "system.slice:ctr:$1"
}

# shellcheck disable=SC2046 # words
ctr_all() {
	ct images import "$work/image.tar" >/dev/null
	ct run -d $(ctr_cgroup "$id-ctr") --label app=shop-back --cap-add CAP_SYS_ADMIN $image "$id-ctr" act open-tree / etc/hostname , pause
	due ctr "$id-ctr" "$(jq -n --arg n "$id-ctr" --arg i $image --arg d "$(ct images ls "name==$image" | awk 'NR == 2 { print $3 }')" \
		'{name: $n, runtime: "containerd", image: $i, digest: $d, app: "shop-back"}')"
	ct run -d $(ctr_cgroup "$id-ctr-own") $image "$id-ctr-own" act open /etc/hostname , pause
	control ctr "$id-ctr-own"
}

cri() {
	"$python" "$here/cri.py" "$work/containerd/socket" "$work/cri" "$@"
}

cri_all() {
	local pod uid network
	mkdir -p "$work/cri"
	if ! protoc -I "$here" --python_out="$work/cri" cri.proto || ! "$python" -c 'import grpc' 2>/dev/null; then
		skip "CRI: python3-grpcio is not installed"
		return
	fi
	ct -n k8s.io images import "$work/image.tar" >/dev/null
	for network in NODE POD; do
		uid=1b2c3d4e-0000-1111-2222-33334444555${#network}
		pod=$(cri pod shop "$id-$network" $uid $network) || { fail "CRI: no pod: $pod $(tail -n 2 "$work/containerd/log")"; return; }
		echo "$pod" >>"$work/cri/pods"
		cri_pod "$pod" "$id-$network" $uid $network
	done
	control cri "$(cri container "$pod" shop "$id-POD" $uid POD quiet $image act open /etc/hostname , pause)"
	control cri-sandbox "$pod"
}

# cri_pod POD NAME UID NETWORK: two containers in it
cri_pod() {
	local name made
	for name in app side; do
		made=$(cri container "$1" shop "$2" "$3" "$4" $name $image act open "/proc/$holder/root$secret" , pause)
		due "cri-$4-$name" "$made" "$(cri status "$made" |
			jq '{name, image, digest, runtime: "containerd", pod: {name: .pod, namespace, uid}, app: "shop-front"}')"
	done
}

containerd_end() {
	local name
	while read -r name; do
		cri stop "$name" 2>/dev/null
	done < <(cat "$work/cri/pods" 2>/dev/null)
	[ -e "$work/containerd/socket" ] || return
	for name in "$id-ctr" "$id-ctr-own"; do
		ct task kill -s 9 "$name" 2>/dev/null
		until_true 5 ct task rm "$name" >/dev/null 2>&1
		ct container rm "$name" 2>/dev/null
	done
}

# --- what came ---------------------------------------------------------------------------------------------------------------

# came LINE: what is due has come with its names
came() {
	jq -e -n --argjson due "$1" -f "$work/match.jq" "$events" >/dev/null
}

named() {
	local line
	while read -r line; do
		came "$line" || return
	done <"$work/due"
}

# is_named ID: some event has its names from a runtime
is_named() {
	[ "$1" ] && jq -e -n --arg id "$1" 'any(inputs; (.identity.workload // .actor.workload) |
		.container.id? == $id and .container.runtime != null)' "$events" >/dev/null
}

judge_names() {
	local line what id
	cat >"$work/match.jq" <<-'END'
		any(inputs | select(.type == "FINDING" and (.finding.technique | IN("M34", "M09")) and .actor.workload.container.id == $due.id)
		| .actor.workload as $w
		| ($w.container | {name, runtime, driver: (if $w.cgroup_path | contains(".scope") then "systemd" else "cgroupfs" end)}
			+ (if .image then {image: .image.ref, digest: .image.digest} else {} end)
			+ (if $w.pod then {pod: $w.pod} else {} end)
			+ (if $w.labels then {app: ([$w.labels[] | select(.name == "app").value] | first)} else {} end)) as $is
		| $due.said | to_entries | all(. as {key: $k, value: $v} | $is[$k] == $v); .)
	END
	until_true "$DEADLINE" named
	while read -r line; do
		what=$(jq -r .what <<<"$line") id=$(jq -r .id <<<"$line")
		if came "$line"; then
			pass "$what: the finding says $(jq -c .said <<<"$line")"
		else
			fail "$what: not $(jq -c .said <<<"$line"), but $(jq -c --arg id "$id" \
				'select(.type == "FINDING") | .actor.workload | select(.container.id == $id)' "$events" | tail -n 1)"
		fi
	done <"$work/due"
	while read -r what id; do
		check "$what: the container that touched its own files is named" is_named "$id"
		line=$(jq -r --arg id "$id" 'select(.type == "FINDING" and .actor.workload.container.id == $id and
			(.severity | IN("MEDIUM", "HIGH", "CRITICAL"))) | .finding.technique' "$events" | head -n 1)
		check "$what: and no finding is about it $line" [ -z "$line" ]
	done <"$work/controls"
}

# --- what they may do ----------------------------------------------------------------------------------------------------------

# postured ID: the specification that its engine gave the runtime was found, and the container is what that says
postured() {
	jq -e -n --arg id "$1" 'any(inputs | select(.type == "POSTURE") | .posture;
		.workload.container.id == $id and .promised and .differences == null)' "$events" >/dev/null
}

judge_postures() {
	local what id
	while read -r what id; do
		until_true 5 postured "$id"
		check "$what: is what its engine told the runtime to make, rated $(jq -r --arg id "$id" 'select(.type == "POSTURE") | .posture |
			select(.workload.container.id == $id) | .level' "$events" | tail -n 1)" postured "$id"
	done < <(jq -r '[.what, .id] | join(" ")' "$work/due"; cat "$work/controls")
}

# --- a sensor that starts when containers run already --------------------------------------------------------------------------

# those that are named by now
known() {
	grep -oE "\"name\":\"$id-run[0-9]+\",\"runtime\":\"r" "$events" | sort -u | wc -l
}

all_known() {
	[ "$(known)" = "$runners" ]
}

restart() {
	local n start took found
	for ((n = 0; n < runners; n++)); do
		container "run$n" runc || return
	done
	events=$work/again.ndjson
	sensor_start
	start=${EPOCHREALTIME/./}
	until_true 30 all_known
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	check "restart: $(known) of $runners containers that ran already are named, $took ms after the sensor is ready (2000)" \
		[ $took -le 2000 ]
	check "restart: all of them" all_known
	sleep 3
	found=$(jq -r 'select(.type == "FINDING") | .message' "$events" | head -n 3)
	check "restart: none of them is a finding $found" [ -z "$found" ]
	check "SIGTERM ends the sensor with 0" sensor_stop
}

# --- a runtime that is asked and is no good --------------------------------------------------------------------------------------

# counted COUNTER: the last heartbeat has it, and nothing was answered
counted() {
	jq -e -n --arg c "$1" '[inputs | select(.type == "HEARTBEAT")] | last.heartbeat.runtime |
		(.[$c] // "0" | tonumber) > 0 and .answered == null' "$events" >/dev/null
}

escaped() {
	jq -e -n --arg n "$id-$1" 'any(inputs; .type == "FINDING" and .finding.technique == "M09" and
		.actor.workload.container.name == $n)' "$events" >/dev/null
}

# stranger NAME: a container that no runtime's state tells of, with an id as an engine's
stranger() {
	local dir
	dir=$(bundle "$1")
	mkdir -p "$dir"
	name=$1 spec "exec act pause" | jq -c --arg r "$work/rootfs" --arg p "/warder-test/$id/$(echo "$1" | sha256sum | cut -d ' ' -f 1)" '.linux.cgroupsPath = $p | .root.path = $r' >"$dir/config.json"
	oci runc --root "$work/elsewhere" run -d --bundle "$dir" --pid-file "$dir/pid" "$id-$1" >"$dir/log" 2>&1 || fail "$1 starts: $(cat "$dir/log")"
}

# bad_runtime KIND: its answers are counted, and what else happens is told as fast as ever
bad_runtime() {
	local socket=$work/bad-$1 start took counter=invalid
	[ "$1" != hang ] || counter=late
	[ "$1" != error ] || counter=failed
	background "$python" "$here/cri_server.py" "$socket" "$1" >"$work/bad-$1.out" 2>&1
	until_true "$DEADLINE" grep -q ready "$work/bad-$1.out" || { skip "a runtime that is no good ($1): python3-grpcio is not installed"; return; }
	events=$work/bad-$1.ndjson
	sensor_start --cri "$socket"
	stranger "stranger-$1"
	sleep 2
	start=${EPOCHREALTIME/./}
	container "escape-$1" runc caps=SYS_ADMIN -- act open-tree / etc/hostname ,
	until_true "$DEADLINE" escaped "escape-$1"
	took=$(((${EPOCHREALTIME/./} - start) / 1000))
	check "a runtime that is no good ($1): an escape meanwhile is told $took ms after its container is asked for (2000)" [ $took -le 2000 ]
	sleep 3
	oci runc --root "$work/elsewhere" delete -f "$id-stranger-$1" >/dev/null 2>&1
	check "SIGTERM ends the sensor with 0" sensor_stop
	check "a runtime that is no good ($1): counted as $counter: $(jq -c 'select(.type == "HEARTBEAT").heartbeat.runtime' "$events" | tail -n 1)" \
		counted "$counter"
}

engines_end() {
	runtimes_end
	podman_end
	docker_end
	containerd_end
}

trap 'engines_end; cleanup' EXIT
touch "$work/due" "$work/controls"
host_secret
archive $image "$work/image.tar"
sensor_start --cri "$work/containerd/socket" # which is not there yet
runtimes_all
docker_all
podman_all
if containerd_start; then
	ctr_all
	cri_all
else
	skip "containerd: not installed, or it does not start"
fi
judge_names
judge_postures
engines_end
check "SIGTERM ends the sensor with 0" sensor_stop
if [ "$cgroups" = cgroupfs ]; then
	restart
	for kind in hang big garbage error; do
		bad_runtime $kind
	done
else
	skip "a sensor that starts when containers run, runtimes that are no good: who makes the cgroups is nothing to them"
fi
finish
