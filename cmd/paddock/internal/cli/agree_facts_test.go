package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"go.yaml.in/yaml/v3"
)

// facts are what every text that a workload is rendered to must agree on.
type facts struct {
	Name, Image string
	Args, Env   []string
	Mounts      []string // "DESTINATION = SOURCE"
	Port        string   // "9000 to 8080"
	Pod         string
	GPU         map[string]int // how many of a resource
	Memory      int64
	CPUs        float64
	Health      string   // "8080/health"
	Hardening   []string // what a container cannot do
}

var healthURL = regexp.MustCompile(`http://[^ ]*:([0-9]+)(/[a-z]+)`)

// flagsOf reads what podman run or docker run is told.
func flagsOf(argv []string) (*facts, error) {
	f := &facts{GPU: map[string]int{}}
	for i := 2; i < len(argv); i++ {
		flag := argv[i]
		switch {
		case !strings.HasPrefix(flag, "--"):
			f.Image, f.Args = flag, argv[i+1:]
			slices.Sort(f.Hardening)
			return f, nil
		case slices.Contains([]string{"--rm", "--detach"}, flag):
			continue
		case flag == "--read-only":
			f.Hardening = append(f.Hardening, "root")
			continue
		}
		i++
		if err := f.flag(flag, argv[i]); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("there is no image")
}

func (f *facts) flag(flag, value string) (err error) {
	switch flag {
	case "--name":
		f.Name = value
	case "--env":
		f.Env = append(f.Env, value)
	case "--mount":
		var m string
		if m, err = mountFact(value); err == nil {
			f.Mounts = append(f.Mounts, m)
		}
	case "--pod":
		f.Pod = value
	case "--publish":
		f.Port = portFact(value)
	case "--device":
		f.device(value)
	case "--memory":
		f.Memory, err = units.RAMInBytes(value)
	case "--cpus":
		f.CPUs, err = strconv.ParseFloat(value, 64)
	case "--health-cmd":
		f.Health = healthFact(value)
	case "--cap-drop", "--security-opt":
		f.Hardening = append(f.Hardening, hardeningFact(value))
	case "--label", "--pull", "--network", "--secret", "--tmpfs", "--health-interval", "--health-timeout", "--health-start-period", "--health-retries",
		"--health-startup-cmd", "--health-startup-interval", "--health-startup-timeout":
	default:
		err = fmt.Errorf("nobody knows %s", flag)
	}
	return err
}

func hardeningFact(word string) string {
	switch strings.ToLower(word) {
	case "all":
		return "capabilities"
	case "no-new-privileges":
		return "privileges"
	}
	return word
}

func (f *facts) device(name string) { class, _, _ := strings.Cut(name, "="); f.GPU[class]++ }

func portFact(publish string) string {
	parts := strings.Split(publish, ":") // an address of IPv6 has more of them
	return parts[len(parts)-2] + " to " + parts[len(parts)-1]
}

func healthFact(command string) string {
	m := healthURL.FindStringSubmatch(command)
	if m == nil {
		return command
	}
	return m[1] + m[2]
}

// mountFact reads a value of --mount.
func mountFact(value string) (string, error) {
	fields, err := csv.NewReader(strings.NewReader(value)).Read()
	if err != nil {
		return "", err
	}
	m := map[string]string{}
	for _, field := range fields {
		key, v, _ := strings.Cut(field, "=")
		switch key {
		case "target":
			key = "destination"
		case "image-subpath":
			key, v = "subpath", "/"+v
		}
		m[key] = v
	}
	return fmt.Sprintf("%s = %s %s", m["destination"], m["type"], strings.TrimSpace(m["source"]+" "+m["subpath"]+m["digest"]+m["title"])), nil
}

// unitOf reads a .container file, by the rules of Quadlet and systemd.
func unitOf(text string) (*facts, error) {
	f := &facts{GPU: map[string]int{}}
	section := ""
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		key, value, ok := strings.Cut(l, "=")
		if !ok {
			section = l
			continue
		}
		if section != "[Container]" {
			continue
		}
		if err := f.setting(key, value); err != nil {
			return nil, err
		}
	}
	slices.Sort(f.Hardening)
	return f, nil
}

func (f *facts) setting(key, value string) error {
	one := unexpanded(value)
	switch key {
	case "Image":
		f.Image = one
	case "Exec":
		f.Args = unitWords(value)
	case "PodmanArgs":
		words := unitWords(value)
		for i := 0; i+1 < len(words); i += 2 {
			if err := f.flag(words[i], words[i+1]); err != nil {
				return err
			}
		}
	case "DropCapability", "NoNewPrivileges", "ReadOnly":
		f.Hardening = append(f.Hardening, map[string]string{"DropCapability": "capabilities", "NoNewPrivileges": "privileges", "ReadOnly": "root"}[key])
	case "Environment", "Mount":
		return f.flag(map[string]string{"Environment": "--env", "Mount": "--mount"}[key], unitWords(value)[0])
	case "Pod":
		f.Pod = strings.TrimSuffix(one, ".pod")
	case "ContainerName", "PublishPort", "AddDevice", "HealthCmd":
		return f.flag(map[string]string{"ContainerName": "--name", "PublishPort": "--publish", "AddDevice": "--device", "HealthCmd": "--health-cmd"}[key], one)
	}
	return nil
}

func unexpanded(s string) string { return strings.NewReplacer("%%", "%", "$$", "$").Replace(s) }

// unitWords splits as Quadlet does: at blanks, with C's escapes between double quotes.
func unitWords(s string) []string {
	var words []string
	var b strings.Builder
	quoted, open := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
			b.WriteByte(s[i])
		case c == '"':
			quoted, open = !quoted, true
		case c == ' ' && !quoted:
			words, open = append(words, unexpanded(b.String())), false
			b.Reset()
		default:
			b.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, unexpanded(b.String()))
	}
	return words
}

// documents reads YAML documents.
func documents(text string) ([]map[string]any, error) {
	var all []map[string]any
	d := yaml.NewDecoder(strings.NewReader(text))
	for {
		var doc map[string]any
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, doc)
	}
}
