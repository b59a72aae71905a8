package workload

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/gpu"
)

// DefaultHost is the address that a server is reached at unless told otherwise.
const DefaultHost = "127.0.0.1"

// DefaultPort is the port that a server is reached at unless told otherwise.
const DefaultPort = 8080

// Options say how to serve a model. nil means the zero value, whose meaning each field states; Image alone is required.
type Options struct {
	// Name is the name of the container and the unit; "" derives one from the model's, see DeriveName.
	Name string
	// Source is the name of the model, as the store has it, that its files are mounted from, unless they were unpacked to an
	// artifact of their own; "" is the model's own. A service gives the name that pins the digest.
	Source string
	// Runtime is the program that serves the model; "" is Auto.
	Runtime Runtime
	// Image is the container image of llama.cpp, one whose entry point is llama-server. Required.
	Image string
	// VLLMImage is the container image of vLLM, one whose entry point is its server; "" if there is none.
	VLLMImage string
	// Params are what the model's publisher wants llama-server told; nil if nothing. vLLM reads the like from the model.
	Params *Params
	// CtxSize is the size of the prompt context in tokens; 0 leaves it to the server.
	CtxSize int
	// Host is the IP literal to be reached at; "" is DefaultHost.
	Host string
	// Port is the port to be reached at; 0 is DefaultPort.
	Port int
	// Network is the container's network in Podman's words; "" is the engine's default.
	Network string
	// Pod is the pod that the container is in, as in Spec; "" is none.
	Pod string
	// Access is what the container is given of the host's accelerators.
	Access gpu.Access
	// Memory and CPUs limit the container, as in Spec.
	Memory int64
	CPUs   float64
	// Secrets are given to the container. APIKeySecret is one with the key that the server's clients must have; "" for none.
	Secrets      []Secret
	APIKeySecret string
	// Env is passed to the container in this order.
	Env []EnvVar
	// ServerArgs come after every argument of ours, so that they win. --host and --port are refused among them: the engine
	// could not know of them.
	ServerArgs []string
}

// Validate says what is wrong with options, whatever the model, naming the input: all that Spec.Validate says of what they
// give, a negative CtxSize, and an address among the ServerArgs.
func (o *Options) Validate() error {
	if o.Name != "" {
		if err := validName(o.Name); err != nil {
			return err
		}
	}
	if o.Port != 0 {
		if err := validPort(o.Port); err != nil {
			return err
		}
	}
	if o.CtxSize < 0 {
		return fmt.Errorf("context size %d: it must not be negative", o.CtxSize)
	}
	errs := []error{
		validRuntime(o.Runtime), validImage(o.Image), validText("image", o.Image), validText("image", o.VLLMImage),
		validHost(o.Host), validEnv(o.Env), validText("network", o.Network), validAccess(&o.Access),
		validPod(o.Pod, o.Name, o.Network), validLimits(o.Memory, o.CPUs), validSecrets(o.secrets(o.Runtime), o.Env),
	}
	if o.VLLMImage != "" {
		errs = append(errs, validImage(o.VLLMImage))
	}
	for _, a := range o.ServerArgs {
		errs = append(errs, validServerArg(a))
	}
	return first(errs)
}

// secrets are all that the server of a runtime is given.
func (o *Options) secrets(r Runtime) []Secret {
	if o.APIKeySecret == "" {
		return o.Secrets
	}
	return append(slices.Clone(o.Secrets), Secret{Name: o.APIKeySecret, Env: keyVariable(r)})
}

func validServerArg(a string) error {
	if flag, _, _ := strings.Cut(a, "="); flag == "--host" || flag == "--port" {
		return fmt.Errorf("server argument %s: the address is not the server's to choose; set the host and the port of the service", a)
	}
	return validText("server argument", a)
}

// SecretNames are the names of the secrets that the options give.
func (o *Options) SecretNames() []string {
	var names []string
	for _, s := range o.secrets(o.Runtime) {
		names = append(names, s.Name)
	}
	return names
}
