package kube

import (
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

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
	volumes := slices.Concat(r.scratch(), r.secrets(&server))
	return []object{
		{APIVersion: "serving.kserve.io/v1alpha1", Kind: "ServingRuntime", Metadata: meta{Name: r.spec.Name}, Spec: servingRuntime{
			SupportedModelFormats: []modelFormat{format}, Containers: []container{server}, Volumes: volumes,
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
