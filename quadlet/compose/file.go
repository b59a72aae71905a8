package compose

// The file, as far as it is made here. The order of the fields is that of the text.

type file struct {
	Name     string             `yaml:"name"`
	Services map[string]service `yaml:"services"`
	Networks map[string]network `yaml:"networks,omitempty"`
}

type service struct {
	Image         string              `yaml:"image"`
	ContainerName string              `yaml:"container_name"`
	PullPolicy    string              `yaml:"pull_policy"`
	Restart       string              `yaml:"restart"`
	Command       []string            `yaml:"command,omitempty"`
	Environment   []string            `yaml:"environment,omitempty"`
	Labels        []string            `yaml:"labels"`
	Ports         []string            `yaml:"ports,omitempty"`
	NetworkMode   string              `yaml:"network_mode,omitempty"`
	Networks      map[string]struct{} `yaml:"networks,omitempty"`
	Volumes       []volume            `yaml:"volumes"`
	Devices       []string            `yaml:"devices,omitempty"`
	GroupAdd      []string            `yaml:"group_add,omitempty"`
	Deploy        *deploy             `yaml:"deploy,omitempty"`
	MemLimit      string              `yaml:"mem_limit,omitempty"`
	CPUs          string              `yaml:"cpus,omitempty"`
	ReadOnly      bool                `yaml:"read_only"`
	Tmpfs         []string            `yaml:"tmpfs"`
	CapDrop       []string            `yaml:"cap_drop"`
	SecurityOpt   []string            `yaml:"security_opt"`
	Healthcheck   *healthcheck        `yaml:"healthcheck,omitempty"`
}

type volume struct {
	Type     string `yaml:"type"`
	Source   string `yaml:"source"`
	Target   string `yaml:"target"`
	ReadOnly bool   `yaml:"read_only,omitempty"`
	Bind     *bind  `yaml:"bind,omitempty"`
	Image    *image `yaml:"image,omitempty"`
}

type bind struct {
	CreateHostPath bool   `yaml:"create_host_path"`
	SELinux        string `yaml:"selinux,omitempty"`
}

type image struct {
	Subpath string `yaml:"subpath"`
}

type deploy struct {
	Resources struct {
		Reservations struct {
			Devices []device `yaml:"devices"`
		} `yaml:"reservations"`
	} `yaml:"resources"`
}

type device struct {
	Driver       string   `yaml:"driver"`
	Count        string   `yaml:"count,omitempty"`
	DeviceIDs    []string `yaml:"device_ids,omitempty"`
	Capabilities []string `yaml:"capabilities"`
}

type healthcheck struct {
	Test          []string `yaml:"test"`
	Interval      string   `yaml:"interval"`
	Timeout       string   `yaml:"timeout"`
	StartPeriod   string   `yaml:"start_period"`
	StartInterval string   `yaml:"start_interval,omitempty"`
	Retries       int      `yaml:"retries"`
}

type network struct {
	External bool `yaml:"external"`
}
