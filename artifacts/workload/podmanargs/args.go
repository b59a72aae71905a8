package podmanargs

import (
	"encoding/csv"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// Mount returns the value of --mount, and of Quadlet's Mount=, for one file of a model: an artifact's layer as exactly the
// file at its destination (Podman 5.6 and later), a file of the host, read-only and labelled for sharing on SELinux, or a
// folder of an image (Podman 5.3 and later), which is read-only unless told otherwise.
// Commas and quotes are quoted as CSV, as Podman reads it (pkg/specgenutil, FindMountType).
func Mount(s *workload.Spec, m *workload.FileMount) (string, error) {
	if m.HostPath != "" {
		return CSV("type=bind", "source="+m.HostPath, "destination="+m.Destination, "readonly=true", "relabel=shared")
	}
	if m.ImagePath != "" {
		return CSV("type=image", "source="+s.Artifact(), "destination="+m.Destination, "subpath="+m.ImagePath)
	}
	selector := "digest=" + m.Digest.String()
	if m.Title != "" {
		selector = "title=" + m.Title
	}
	return CSV("type=artifact", "source="+s.Artifact(), selector, "destination="+m.Destination)
}

// KeepGroups is the value of --group-add, and of Quadlet's GroupAdd=, that leaves the process of an ordinary user in the groups
// that may use device nodes. crun can do it, runc cannot.
const KeepGroups = "keep-groups"

// HostMount is Mount for a path of the host that is seen at the same place, read-only. It is not relabelled: it is not ours.
func HostMount(path string) (string, error) {
	return CSV("type=bind", "source="+path, "destination="+path, "readonly=true")
}

// CSV joins fields to one record without a line end.
func CSV(fields ...string) (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.Write(fields); err != nil {
		return "", fmt.Errorf("quoting %q: %w", fields, err)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return "", fmt.Errorf("quoting %q: %w", fields, err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// Publish returns the value of --publish, and of Quadlet's PublishPort=; "" if nothing is to be published.
func Publish(s *workload.Spec) string {
	if !s.Published() {
		return ""
	}
	host, port := s.Address()
	return net.JoinHostPort(host, strconv.Itoa(port)) + ":" + strconv.Itoa(workload.ContainerPort)
}

// PodPublish returns the value of --publish, and of Quadlet's PublishPort=, by which the pod publishes a container in it.
func PodPublish(s *workload.Spec) string {
	host, port := s.Address()
	return net.JoinHostPort(host, strconv.Itoa(port)) + ":" + strconv.Itoa(port)
}

// Limits returns the flags that limit what a container takes, those of podman run and docker run alike.
func Limits(s *workload.Spec) []string {
	var args []string
	if s.Memory > 0 {
		args = append(args, "--memory", workload.MemoryText(s.Memory))
	}
	if s.CPUs > 0 {
		args = append(args, "--cpus", workload.CPUsText(s.CPUs))
	}
	return args
}

// Secrets returns the values of --secret, and of Quadlet's Secret=.
func Secrets(s *workload.Spec) []string {
	var values []string
	for _, secret := range s.Secrets {
		value := secret.Name
		switch {
		case secret.Env != "":
			value += ",type=env,target=" + secret.Env
		case secret.File != "":
			value += ",target=" + secret.File
		}
		values = append(values, value)
	}
	return values
}

// Labels returns the labels of a container, "name=value": by them paddock finds its own containers, and a person the model.
func Labels(s *workload.Spec) []string {
	labels := []string{"org.paddock.model=" + s.Model}
	if s.ModelDigest != "" {
		labels = append(labels, "org.paddock.digest="+s.ModelDigest.String())
	}
	return labels
}
