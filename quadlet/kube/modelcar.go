package kube

import (
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

const (
	carRoot  = "/modelcar" // where the modelcar sees the volume that it shares with the server
	carLinks = "links"     // the folder of that volume which the server sees as its models
	carReady = carRoot + "/ready"
)

// car is a container of the model's image that runs beside the server, before it: KServe's modelcar as a sidecar of Kubernetes
// (1.29), which starts the server when the startup probe is content. Nothing is copied: the server reaches the files through
// links into the root of the car's process, which it may follow as it is of the same user and has no more capabilities. Each entry
// has a link of its own, since a container cannot have one link at /models.
func (r *renderer) car(folder string) container {
	script := strings.NewReplacer("FOLDER", shellWord(folder), "LINKS", carRoot+"/"+carLinks, "READY", carReady).Replace(
		`set -e; mkdir -p LINKS; cd FOLDER; for f in * .[!.]*; do [ ! -e "$f" ] || ln -sfn "/proc/$$/root"FOLDER/"$f" LINKS/; done; : >READY; exec sleep infinity`)
	return container{
		Name: "modelcar", Image: r.spec.Model, ImagePullPolicy: pullPolicy, RestartPolicy: "Always",
		Command:         literals([]string{"sh", "-c", script}),
		StartupProbe:    &probe{Exec: &execute{Command: []string{"test", "-e", carReady}}, PeriodSeconds: 1, TimeoutSeconds: 5, FailureThreshold: 60},
		Resources:       &requirements{Limits: map[string]string{"cpu": "100m", "memory": "32Mi"}},
		SecurityContext: r.security(),
		VolumeMounts:    []mount{{Name: modelVolume, MountPath: carRoot}},
	}
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// kserveRoot is where KServe puts the model, always.
const kserveRoot = "/mnt/models"

// kserve is a runtime for this one model, and a service that uses it. KServe's own runtimes know neither llama.cpp's server nor
// the arguments of the model's publisher.
func (r *renderer) kserve() []object {
	format := modelFormat{Name: "gguf"}
	if r.spec.Runtime == workload.VLLM {
		format.Name = "safetensors"
	}
	scheme := "oci://"
	if r.opts.Volume == Image {
		scheme = "oci+native://"
	}
	server := r.server("kserve-container", moved(r.spec.Args))
	return []object{
		{APIVersion: "serving.kserve.io/v1alpha1", Kind: "ServingRuntime", Metadata: meta{Name: r.spec.Name}, Spec: servingRuntime{
			SupportedModelFormats: []modelFormat{format}, Containers: []container{server}, Volumes: r.scratch(),
		}},
		{APIVersion: "serving.kserve.io/v1beta1", Kind: "InferenceService", Metadata: meta{
			// Knative, the other mode, has neither startup probes nor more than a few minutes for a start
			Name: r.spec.Name, Annotations: with(r.annotations(), "serving.kserve.io/deploymentMode", "RawDeployment"),
		}, Spec: inferenceService{Predictor: predictor{Model: servedModel{
			ModelFormat: format, Runtime: r.spec.Name, StorageURI: scheme + r.spec.Model,
		}}}},
	}
}

// moved returns the arguments with every path of the model where KServe puts it: an argument that is one, or NAME=PATH.
func moved(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		name, p, named := strings.Cut(a, "=")
		if !named {
			name, p = "", a
		} else {
			name += "="
		}
		if rest, ok := strings.CutPrefix(p, workload.ModelRoot); ok && (rest == "" || rest[0] == '/') {
			a = name + kserveRoot + rest
		}
		out[i] = a
	}
	return out
}

func with(m map[string]string, key, value string) map[string]string {
	m[key] = value
	return m
}
