package workload

// DefaultHost is the address that a server is reached at unless told otherwise.
const DefaultHost = "127.0.0.1"

// DefaultPort is the port that a server is reached at unless told otherwise.
const DefaultPort = 8080

// Options say how to serve a model. nil means the zero value, whose meaning each field states; Image alone is required.
type Options struct {
	// Name is the name of the container and the unit; "" derives one from the model's, see DeriveName.
	Name string
	// Source is the name to mount the files from, as the store has it; "" is the model's own mount source. A service gives
	// the name that pins the digest. It has no meaning for files bound from the host.
	Source string
	// Image is the server's container image, one whose entry point is llama-server. Required.
	Image string
	// CtxSize is the size of the prompt context in tokens; 0 leaves it to the server.
	CtxSize int
	// Host is the IP literal to be reached at; "" is DefaultHost.
	Host string
	// Port is the port to be reached at; 0 is DefaultPort.
	Port int
	// Network is the container's network in Podman's words; "" is the engine's default.
	Network string
	// Env is passed to the container in this order.
	Env []EnvVar
	// ServerArgs come after every argument of ours, so that they win. --host and --port are refused among them: the engine
	// could not know of them.
	ServerArgs []string
}
