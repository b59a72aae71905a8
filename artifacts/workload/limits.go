package workload

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// minMemory is the least that Docker takes for a limit (moby, daemon/daemon_unix.go, linuxMinMemory).
const minMemory = 6 << 20

// Secret is a secret of Podman's, by name: what is in it never passes through paddock.
type Secret struct {
	Name string
	// Env is the environment variable that has it; "" if it is a file.
	Env string
	// File is where the container sees it as a file, a name below /run/secrets or an absolute path; "" is its name. It has no
	// meaning beside Env.
	File string
}

// ParseSecret reads NAME[,type=mount|env][,target=WHERE], as podman run --secret does. Of a variable without a target the name is
// the secret's own.
func ParseSecret(text string) (Secret, error) {
	name, rest, more := strings.Cut(text, ",")
	kind, target := "mount", ""
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ",")
		switch key, value, _ := strings.Cut(option, "="); {
		case key == "type" && (value == "mount" || value == "env"):
			kind = value
		case key == "target" && value != "":
			target = value
		default:
			return Secret{}, fmt.Errorf("secret %q: %q is neither type=mount, type=env nor target=WHERE", text, option)
		}
	}
	s := Secret{Name: name, File: target}
	if kind == "env" {
		s = Secret{Name: name, Env: target}
		if target == "" {
			s.Env = name
		}
	}
	return s, s.validate()
}

// validate refuses what Podman refuses of a name (common, pkg/secrets), and what would be taken for something else.
func (s *Secret) validate() error {
	const longest = 253
	if s.Name == "" || len(s.Name) > longest || strings.HasPrefix(s.Name, "-") || strings.ContainsAny(s.Name, ",/= ") {
		return fmt.Errorf("secret %q: a name must be of 1 to %d characters, not begin with a dash, and have no comma, slash, space or =", s.Name, longest)
	}
	if s.Env != "" && !validEnvName(s.Env) {
		return fmt.Errorf("secret %s: %q is no name of an environment variable", s.Name, s.Env)
	}
	if strings.Contains(s.File, ",") || s.File == ModelRoot || isBelowModelRoot(s.File) {
		return fmt.Errorf("secret %s: it cannot be a file at %q", s.Name, s.File)
	}
	return first([]error{validText("secret", s.Name), validText("secret's file", s.File)})
}

// keyVariable is where a runtime looks for the key that its clients must have (llama.cpp, common/arg.cpp, --api-key; vLLM,
// vllm/envs.py). Neither asks for it at /health.
func keyVariable(r Runtime) string {
	if r == VLLM {
		return "VLLM_API_KEY"
	}
	return "LLAMA_API_KEY"
}

// validSecrets refuses a variable that is set twice: which of the two wins is nobody's rule.
func validSecrets(secrets []Secret, env []EnvVar) error {
	for i := range secrets {
		s := &secrets[i]
		if err := s.validate(); err != nil {
			return err
		}
		twice := slices.ContainsFunc(env, func(e EnvVar) bool { return e.Name == s.Env }) ||
			slices.ContainsFunc(secrets[:i], func(o Secret) bool { return o.Env == s.Env })
		if s.Env != "" && twice {
			return fmt.Errorf("secret %s: the environment variable %s is set already", s.Name, s.Env)
		}
	}
	return nil
}

func validLimits(memory int64, cpus float64) error {
	if memory != 0 && memory < minMemory {
		return fmt.Errorf("memory %s: a limit must not be below %s", MemoryText(memory), MemoryText(minMemory))
	}
	if math.IsNaN(cpus) || math.IsInf(cpus, 0) || cpus < 0 || cpus != 0 && cpus < 0.01 {
		return fmt.Errorf("processors %s: a limit must be a number of at least 0.01", CPUsText(cpus))
	}
	return nil
}

// MemoryText is a number of bytes in the words of --memory, in the largest unit that divides it: "4g", "1536m".
func MemoryText(bytes int64) string {
	unit := 0
	for ; bytes != 0 && bytes%1024 == 0 && unit < 3; unit++ {
		bytes /= 1024
	}
	return strconv.FormatInt(bytes, 10) + string("bkmg"[unit])
}

// CPUsText is a number of processors in the words of --cpus: "1.5".
func CPUsText(cpus float64) string { return strconv.FormatFloat(cpus, 'f', -1, 64) }
