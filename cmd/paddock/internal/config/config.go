// Package config reads paddock's settings. Later ones win: defaults, containers/paddock.conf under /usr/share, /etc and
// the user's configuration folder (each with its paddock.conf.d), PADDOCK_* environment variables, flags. Each value
// knows where it came from.
//
// Files are TOML, and read strictly: a key that is unknown or of another type is an error that names file and line.
package config

// originDefault is the origin of a value that nobody set.
const originDefault = "default"

// Config holds the settings.
type Config struct {
	Engine  Engine
	Store   Store
	Pull    Pull
	Serve   Serve
	Images  Images
	Quadlet Quadlet
	// Files are the files that were read, in the order in which they were.
	Files []string
}

// Engine is the table [engine].
type Engine struct {
	// Name is "podman", "docker", or "" for the first of the two that is there.
	Name Value[string]
}

// Store is the table [store].
type Store struct {
	// Dir is the absolute path of the folder that models are kept in for Docker, and for Podman before 5.6; "" for
	// /var/lib/paddock as root, and paddock in the user's data folder otherwise.
	Dir Value[string]
}

// Pull is the table [pull].
type Pull struct {
	// Jobs is how many connections may be open at once; 0 for a default chosen by measurement.
	Jobs Value[int]
	// Local says whether blobs that other tools on the machine have fetched are used.
	Local Value[bool]
	// StallTimeout is how many seconds a server may be silent before a request is given up and made again, at most 15; 0 for 15.
	StallTimeout Value[int]
}

// Serve is the table [serve].
type Serve struct {
	// Runtime is the program that serves a model: "auto", "llama.cpp" or "vllm".
	Runtime Value[string]
	// Image is the container image of llama.cpp, VLLMImage that of vLLM; "" for the one that suits the accelerator.
	Image     Value[string]
	VLLMImage Value[string]
	// Build is the build of llama.cpp, as "b6123", whose published image is used; "" for the newest.
	Build Value[string]
	// GPU are the accelerators to use, in the words of --gpu.
	GPU Value[string]
	// Host is the address to listen on, and Port the port: 1 to 65535.
	Host Value[string]
	Port Value[int]
	// CtxSize is the context size in tokens; 0 for what the model and the memory allow.
	CtxSize Value[int]
	// Network is the container's network in Podman's words; "" for the engine's default.
	Network Value[string]
}

// Quadlet is the table [quadlet].
type Quadlet struct {
	// Restart is systemd's Restart= of a generated service (systemd.service(5)).
	Restart Value[string]
}

// Default returns the settings that hold when nobody says otherwise.
func Default() *Config {
	return &Config{
		Engine: Engine{Name: byDefault("", oneOf("", "podman", "docker"))},
		Store:  Store{Dir: byDefault("", folder)},
		Pull:   Pull{Jobs: byDefault(0, within(0, 256)), Local: byDefault(true, nil), StallTimeout: byDefault(0, within(0, 15))},
		Serve: Serve{
			Runtime:   byDefault("auto", oneOf("auto", "llama.cpp", "vllm")),
			Image:     byDefault("", image),
			VLLMImage: byDefault("", image),
			Build:     byDefault("", build),
			GPU:       byDefault("auto", accelerators),
			Host:      byDefault("127.0.0.1", address),
			Port:      byDefault(8080, within(1, 65535)),
			CtxSize:   byDefault(0, within(0, 1<<30)),
			Network:   byDefault[string]("", nil),
		},
		Images:  defaultImages(),
		Quadlet: Quadlet{Restart: byDefault("on-failure", oneOf(RestartWords()...))},
	}
}

// RestartWords are those of systemd's Restart= (systemd.service(5)).
func RestartWords() []string {
	return []string{"no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"}
}

func byDefault[T any](value T, check func(T) error) Value[T] {
	return Value[T]{Value: value, Origin: originDefault, check: check}
}
