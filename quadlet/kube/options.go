package kube

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/gpu"
)

// Form is what objects are made.
type Form string

// The forms.
const (
	Deployment Form = "deployment" // a Deployment and a Service
	KServe     Form = "kserve"     // a ServingRuntime and an InferenceService
)

// Forms returns every Form.
func Forms() []Form { return []Form{Deployment, KServe} }

// Volume is how the model comes to the server.
type Volume string

// The volumes.
const (
	// Image is an image volume of an image that carries the model: of KServe's form a storageUri of oci+native (KServe 0.20).
	Image Volume = "image"
	// Artifact is an image volume of an artifact: CRI-O 1.33 and later mount its files by their titles, containerd and Podman refuse
	// it, and so has KServe no form of it.
	Artifact Volume = "artifact"
	// Modelcar is a container of the model's image, which must have a shell, in the pod (KServe, "Modelcars"): of KServe's form a
	// storageUri of oci, which the settings of the cluster may make an image volume of.
	Modelcar Volume = "modelcar"
)

// Volumes returns every Volume.
func Volumes() []Volume { return []Volume{Image, Artifact, Modelcar} }

// Options say what is rendered. nil means the zero value.
type Options struct {
	// Form is what objects are made; "" is Deployment.
	Form Form
	// Volume is how the model comes to the server; "" is Image, and of KServe's form Modelcar.
	Volume Volume
	// Model is what a person calls the model; "" is the Spec's, which pins the digest.
	Model string
	// GPU is the resource that accelerators are requested by; the zero Resource follows from the Spec's Access.
	GPU Resource
	// User is the user ID that the containers run as; 0 leaves it to their images, and to the cluster.
	User int64
}

// filled returns the options with what "" stands for.
func (o *Options) filled(model string) (*Options, error) {
	f := Options{}
	if o != nil {
		f = *o
	}
	if f.Form == "" {
		f.Form = Deployment
	}
	if f.Volume == "" {
		f.Volume = Image
		if f.Form == KServe {
			f.Volume = Modelcar
		}
	}
	if f.Model == "" {
		f.Model = model
	}
	switch {
	case !slices.Contains(Forms(), f.Form):
		return nil, fmt.Errorf("form %q: it must be %s", f.Form, either(Forms()))
	case !slices.Contains(Volumes(), f.Volume):
		return nil, fmt.Errorf("volume %q: it must be %s", f.Volume, either(Volumes()))
	case f.Form == KServe && f.Volume == Artifact:
		return nil, fmt.Errorf("volume %s: KServe mounts images only", f.Volume)
	case f.User < 0:
		return nil, fmt.Errorf("user %d: it must not be negative", f.User)
	}
	return &f, nil
}

// either lists words for people: "a, b or c".
func either[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// nonRoot is the user ID that images without root use (distroless, "nonroot").
const nonRoot = 65532

// DefaultUser returns the user ID that the server of a workload can run as. llama.cpp's needs nothing of root, on the processor or
// NVIDIA's devices, which everybody may use. It returns 0, which leaves it to the image, for vLLM, which looks itself up among the
// users of its image, and for devices that belong to groups of the node's, which no device plugin gives a pod.
func DefaultUser(spec *workload.Spec) int64 {
	if spec.Runtime == workload.VLLM || spec.Access.Passed() && spec.Access.Kind != gpu.NVIDIA {
		return 0
	}
	return nonRoot
}
