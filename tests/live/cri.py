#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cri.py SOCKET DIR pod NAMESPACE NAME UID NODE|POD   a pod on the host's network or its own, in the host's pid namespace; prints its id
cri.py SOCKET DIR container POD NAMESPACE NAME UID NODE|POD CONTAINER IMAGE COMMAND...   a container in it; prints its id
cri.py SOCKET DIR status CONTAINER                  prints JSON: what the runtime itself says of it
cri.py SOCKET DIR stop POD                          ends and removes it

What a kubelet asks a container runtime for, as far as the tests need it. DIR has what protoc makes of cri.proto."""
import json
import os
import sys

import grpc

sys.path.insert(0, sys.argv[2])
import cri_pb2 as cri  # noqa: E402

channel = grpc.insecure_channel("unix://" + sys.argv[1])


def call(method, request, answer):
    return channel.unary_unary("/runtime.v1.RuntimeService/" + method, request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=answer.FromString)(request, timeout=60)


def labels(namespace, name, uid):
    return {"io.kubernetes.pod.namespace": namespace, "io.kubernetes.pod.name": name, "io.kubernetes.pod.uid": uid}


def cgroup_parent(uid):
    """A pod's cgroup, as the kubelet calls it by each of its drivers."""
    if os.environ.get("WARDER_CGROUPS") == "systemd":
        return "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod%s.slice" % uid.replace("-", "_")
    return "/kubepods/besteffort/pod" + uid


def sandbox_config(namespace, name, uid, network):
    host = cri.NamespaceOption(network=cri.NamespaceMode.Value(network), pid=cri.NODE)
    linux = cri.LinuxPodSandboxConfig(cgroup_parent=cgroup_parent(uid),
                                      security_context=cri.LinuxSandboxSecurityContext(namespace_options=host))
    return cri.PodSandboxConfig(metadata=cri.PodSandboxMetadata(name=name, uid=uid, namespace=namespace),
                                labels=dict(labels(namespace, name, uid), app="shop-front"), linux=linux)


def pod(namespace, name, uid, network):
    request = cri.RunPodSandboxRequest(config=sandbox_config(namespace, name, uid, network))
    print(call("RunPodSandbox", request, cri.RunPodSandboxResponse).pod_sandbox_id)


def container(sandbox, namespace, name, uid, network, container_name, image, *command):
    security = cri.LinuxContainerSecurityContext(capabilities=cri.Capability(add_capabilities=["SYS_PTRACE"]),
                                                 namespace_options=cri.NamespaceOption(
                                                     network=cri.NamespaceMode.Value(network), pid=cri.NODE))
    config = cri.ContainerConfig(metadata=cri.ContainerMetadata(name=container_name), image=cri.ImageSpec(image=image),
                                 command=command, linux=cri.LinuxContainerConfig(security_context=security),
                                 labels=dict(labels(namespace, name, uid), **{"io.kubernetes.container.name": container_name}))
    request = cri.CreateContainerRequest(pod_sandbox_id=sandbox, config=config,
                                         sandbox_config=sandbox_config(namespace, name, uid, network))
    made = call("CreateContainer", request, cri.CreateContainerResponse).container_id
    call("StartContainer", cri.ContainerId(container_id=made), cri.Nothing)
    print(made)


def status(made):
    s = call("ContainerStatus", cri.ContainerId(container_id=made), cri.ContainerStatusResponse).status
    print(json.dumps({"id": s.id, "name": s.metadata.name, "image": s.image.image, "digest": s.image_ref, "pod": s.labels["io.kubernetes.pod.name"],
                      "namespace": s.labels["io.kubernetes.pod.namespace"], "uid": s.labels["io.kubernetes.pod.uid"]}))


def stop(sandbox):
    call("StopPodSandbox", cri.PodSandboxId(pod_sandbox_id=sandbox), cri.Nothing)
    call("RemovePodSandbox", cri.PodSandboxId(pod_sandbox_id=sandbox), cri.Nothing)


try:
    {"pod": pod, "container": container, "status": status, "stop": stop}[sys.argv[3]](*sys.argv[4:])
except grpc.RpcError as error:
    sys.exit("%s: %s" % (error.code(), error.details()))
