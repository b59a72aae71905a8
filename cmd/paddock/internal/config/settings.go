package config

import (
	"fmt"
	"slices"
	"strconv"
)

// Setting is one setting as text, for people to look at.
type Setting struct {
	Key    string `json:"key"`    // "serve.port"
	Value  string `json:"value"`  // "" if empty
	Origin string `json:"origin"` // "default", a file, "PADDOCK_PORT", "--port"
	// Variable is the environment variable that sets it: "PADDOCK_PORT".
	Variable string `json:"variable"`
}

// setting is one setting as files and the environment know it.
type setting struct {
	key  string // table.key in files
	env  string // environment variable
	toml func(raw any, origin string) error
	text func(s, origin string) error
	show func() (value, origin string)
}

// All returns every setting, in the order of the documentation.
func (c *Config) All() []Setting {
	var all []Setting
	for _, s := range c.settings() {
		value, origin := s.show()
		all = append(all, Setting{Key: s.key, Value: value, Origin: origin, Variable: s.env})
	}
	return all
}

// settings binds every key to its place in c.
func (c *Config) settings() []setting {
	return slices.Concat([]setting{
		textSetting("engine.name", "PADDOCK_ENGINE", &c.Engine.Name),
		textSetting("store.dir", "PADDOCK_STORE_DIR", &c.Store.Dir),
		intSetting("pull.jobs", "PADDOCK_JOBS", &c.Pull.Jobs),
		boolSetting("pull.local", "PADDOCK_LOCAL", &c.Pull.Local),
		intSetting("pull.stall_timeout", "PADDOCK_STALL_TIMEOUT", &c.Pull.StallTimeout),
		textSetting("serve.runtime", "PADDOCK_RUNTIME", &c.Serve.Runtime),
		textSetting("serve.image", "PADDOCK_IMAGE", &c.Serve.Image),
		textSetting("serve.vllm_image", "PADDOCK_VLLM_IMAGE", &c.Serve.VLLMImage),
		textSetting("serve.build", "PADDOCK_BUILD", &c.Serve.Build),
		textSetting("serve.gpu", "PADDOCK_GPU", &c.Serve.GPU),
		textSetting("serve.host", "PADDOCK_HOST", &c.Serve.Host),
		intSetting("serve.port", "PADDOCK_PORT", &c.Serve.Port),
		intSetting("serve.ctx_size", "PADDOCK_CTX_SIZE", &c.Serve.CtxSize),
		textSetting("serve.network", "PADDOCK_NETWORK", &c.Serve.Network),
		textSetting("quadlet.restart", "PADDOCK_RESTART", &c.Quadlet.Restart),
	}, c.Images.settings())
}

func textSetting(key, env string, v *Value[string]) setting {
	return setting{
		key: key, env: env, text: v.put,
		toml: func(raw any, origin string) error {
			s, ok := raw.(string)
			if !ok {
				return wrongType(raw, "a string")
			}
			return v.put(s, origin)
		},
		show: func() (string, string) { return v.Value, v.Origin },
	}
}

func intSetting(key, env string, v *Value[int]) setting {
	return setting{
		key: key, env: env,
		toml: func(raw any, origin string) error {
			n, ok := raw.(int64)
			if !ok || int64(int(n)) != n {
				return wrongType(raw, "an integer")
			}
			return v.put(int(n), origin)
		},
		text: func(s, origin string) error {
			n, err := strconv.Atoi(s)
			if err != nil {
				return fmt.Errorf("%q is no integer", s)
			}
			return v.put(n, origin)
		},
		show: func() (string, string) { return strconv.Itoa(v.Value), v.Origin },
	}
}

func boolSetting(key, env string, v *Value[bool]) setting {
	return setting{
		key: key, env: env,
		toml: func(raw any, origin string) error {
			b, ok := raw.(bool)
			if !ok {
				return wrongType(raw, "a boolean")
			}
			return v.put(b, origin)
		},
		text: func(s, origin string) error {
			b, err := strconv.ParseBool(s)
			if err != nil {
				return fmt.Errorf("%q is neither true nor false", s)
			}
			return v.put(b, origin)
		},
		show: func() (string, string) { return strconv.FormatBool(v.Value), v.Origin },
	}
}

func wrongType(raw any, want string) error {
	is := fmt.Sprintf("%T", raw)
	switch raw.(type) {
	case string:
		is = "a string"
	case int64:
		is = "an integer"
	case float64:
		is = "a float"
	case bool:
		is = "a boolean"
	case map[string]any:
		is = "a table"
	case []any, []map[string]any:
		is = "an array"
	}
	return fmt.Errorf("want %s, got %s", want, is)
}
