package quadlet

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// UnitOptions say for what host a unit is rendered.
type UnitOptions struct {
	// PodmanVersion is the host's. Every key that is emitted is known since 5.4; mounts of an artifact need 5.6. Required.
	PodmanVersion podmanargs.Version
	// Rootless is a service of a user, not of the system.
	Rootless bool
	// Paddock is the absolute path of the paddock program, run before each start. Required.
	Paddock string
	// Environment is given to paddock there, "NAME=VALUE". nil is none.
	Environment []string
	// EnsureArgs come between `paddock ensure` and the name of the model.
	EnsureArgs []string
	// Restart is systemd's Restart=, one of its words (systemd.service(5)); "" is on-failure.
	Restart string
	// AutoUpdate lets podman-auto-update(1) move the server's image; its name must be a registry's, without a digest.
	AutoUpdate bool
	// OnDemand makes the service start when it is asked for; nil when the machine starts.
	OnDemand *OnDemand
	// With are the Kinds of units that are to go with the service; nil is none.
	With []string
	// Origin is the reference that the model came by, where its name says nothing to a registry; Install are the flags by which the
	// same unit is made again. Both are for Installed.
	Origin  string
	Install []string
	// Model is what a person calls the model, for the description and for List; "" is the Spec's, which pins the digest.
	Model string
}

// ownSection is the section that holds what List reports. Quadlet and systemd ignore sections that begin with X-.
const ownSection = "X-Paddock"

// startMargin is what a start may take beyond the time that the model is given to load.
const startMargin = 300 * time.Second

// frame is what a .container file must say of the units that go with it.
type frame struct {
	// listen is the address that the service is reached at by its socket; "" if it starts with the machine.
	listen string
	// image is the server's, where the Spec has the unit of it.
	image  string
	beside []string
}

// render renders a workload to the text of one .container file.
func render(spec *workload.Spec, opts *UnitOptions, in *frame) ([]byte, error) {
	model := opts.Model
	if model == "" {
		model = spec.Model
	}
	u := &unit{}
	u.section("Unit")
	u.text("Description", "Model server for "+model)
	if in.listen != "" {
		u.fixed("StopWhenUnneeded", "true")
	}
	u.section("Container")
	if slices.Contains(opts.With, "volume") {
		u.words("Environment", "XDG_CACHE_HOME="+cacheDir) // before what a person says, which wins
		u.arg("Volume", spec.Name+".volume:"+cacheDir)
	}
	if err := container(u, spec); err != nil {
		return nil, err
	}
	if opts.AutoUpdate {
		u.fixed("AutoUpdate", "registry")
	}
	u.section("Service")
	service(u, spec, opts)
	if in.listen == "" {
		u.section("Install")
		if opts.Rootless {
			u.fixed("WantedBy", "default.target")
		} else {
			u.fixed("WantedBy", "multi-user.target default.target")
		}
	}
	u.section(ownSection)
	u.text("Model", model)
	u.text("Source", spec.Model)
	u.text("Digest", spec.ModelDigest.String())
	if opts.Origin != "" {
		u.text("Origin", opts.Origin)
	}
	if spec.Pod != "" {
		u.text("Pod", spec.Pod)
		u.text("Publish", podmanargs.PodPublish(spec))
	}
	if in.image != spec.Image {
		u.text("Image", in.image)
	}
	if in.listen != "" {
		u.text("Listen", in.listen)
	}
	u.list("Install", opts.Install)
	u.list("Beside", in.beside)
	return u.buf.Bytes(), u.err
}

func container(u *unit, spec *workload.Spec) error {
	u.arg("Image", spec.Image)
	u.arg("ContainerName", spec.Name)
	for i := range spec.Mounts {
		mount, err := podmanargs.Mount(spec, &spec.Mounts[i])
		if err != nil {
			return err
		}
		u.words("Mount", mount)
	}
	if err := access(u, spec); err != nil {
		return err
	}
	if spec.Pod != "" {
		u.arg("Pod", spec.Pod+podExtension)
	}
	if spec.Network != "" {
		u.arg("Network", spec.Network)
	}
	if publish := podmanargs.Publish(spec); publish != "" {
		u.arg("PublishPort", publish)
	}
	for _, e := range spec.Env {
		u.words("Environment", e.Name+"="+e.Value)
	}
	for _, s := range podmanargs.Secrets(spec) {
		u.words("Secret", s)
	}
	if limits := podmanargs.Limits(spec); limits != nil {
		u.words("PodmanArgs", limits...) // Memory= is newer than 5.4, and there is none for processors
	}
	for _, l := range podmanargs.Labels(spec) {
		u.words("Label", l)
	}
	u.fixed("DropCapability", "all")
	u.fixed("NoNewPrivileges", "true")
	u.fixed("ReadOnly", "true")
	health(u, spec.Health)
	if len(spec.Args) > 0 {
		u.words("Exec", spec.Args...)
	}
	return nil
}

// access gives the container the accelerators that were chosen.
func access(u *unit, spec *workload.Spec) error {
	for _, d := range spec.Devices() {
		u.words("AddDevice", d)
	}
	for _, path := range spec.Access.Mounts {
		mount, err := podmanargs.HostMount(path)
		if err != nil {
			return err
		}
		u.words("Mount", mount)
	}
	if spec.Access.KeepGroups {
		u.fixed("GroupAdd", podmanargs.KeepGroups)
	}
	if spec.Access.LabelDisable {
		u.fixed("SecurityLabelDisable", "true")
	}
	return nil
}

// health makes the service active when the server answers, and not when its process runs. The startup check finds that out
// soon; the other one then watches at its own pace.
func health(u *unit, h workload.Health) {
	if h.Command == "" {
		return
	}
	u.arg("HealthCmd", h.Command)
	u.fixed("HealthInterval", h.Interval.String())
	u.fixed("HealthTimeout", h.Timeout.String())
	u.fixed("HealthStartPeriod", h.StartPeriod.String())
	u.fixed("HealthRetries", strconv.Itoa(h.Retries))
	if h.StartupInterval > 0 {
		u.arg("HealthStartupCmd", h.Command)
		u.fixed("HealthStartupInterval", h.StartupInterval.String())
		u.fixed("HealthStartupTimeout", h.Timeout.String())
	}
	u.fixed("Notify", "healthy")
}

// service writes the [Service] section. The time to start is given to each command by itself (measured: a Pre command of 10 s and
// a start of 14 s pass with TimeoutStartSec=16), and a repair that is cut short goes on at the next attempt.
func service(u *unit, spec *workload.Spec, opts *UnitOptions) {
	for _, e := range opts.Environment {
		u.words("Environment", e)
	}
	pre := slices.Concat([]string{opts.Paddock, "ensure"}, opts.EnsureArgs, []string{spec.Model})
	u.words("ExecStartPre", pre...)
	u.fixed("Restart", cmp.Or(opts.Restart, "on-failure"))
	u.fixed("RestartSec", "5")
	u.fixed("TimeoutStartSec", strconv.Itoa(int((spec.Health.StartPeriod+startMargin)/time.Second)))
}
