package quadlet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// podExtension is that of Quadlet's units of pods.
const podExtension = ".pod"

// podUnit renders the unit of a pod, which publishes the ports of the services in it. The pod is called as its unit is, and not
// "systemd-" and that, which is Quadlet's way, and stays when its last container ends, which may be to start again: a service bound to a
// pod that goes while it restarts is not started.
func podUnit(pod string, members []*Installed) ([]byte, error) {
	u := &unit{}
	u.section("Unit")
	u.text("Description", "Model servers of the pod "+pod)
	u.section("Pod")
	u.arg("PodName", pod)
	for _, m := range members {
		u.arg("PublishPort", m.Publish)
	}
	u.words("PodmanArgs", "--exit-policy", "continue")
	if u.err != nil {
		return nil, fmt.Errorf("rendering the unit of the pod %s: %w", pod, u.err)
	}
	return u.buf.Bytes(), nil
}

// markedPod puts before the unit of a pod that it is ours.
func markedPod(unit []byte) []byte {
	return append([]byte(ownMark+" It is of the services in the pod, and written anew when one of them comes, changes or goes.\n"), unit...)
}

// podEdits are what it takes to have the pods that the services need when one of that name says what in says; nil if it goes.
func (i *Installer) podEdits(name string, in *Installed) ([]edit, error) {
	pods, err := i.pods()
	if err != nil {
		return nil, err
	}
	if in != nil && in.Pod != "" && !slices.Contains(pods, in.Pod) {
		pods = append(pods, in.Pod)
	}
	if len(pods) == 0 {
		return nil, nil
	}
	members, unreadable := i.others(name)
	if in != nil {
		members = append(members, in)
	}
	slices.SortFunc(members, func(a, b *Installed) int { return strings.Compare(a.Name, b.Name) })
	var edits []edit
	for _, pod := range pods {
		e := edit{path: i.path(pod + podExtension)}
		if of := membersOf(pod, members); len(of) > 0 {
			unit, err := podUnit(pod, of)
			if err != nil {
				return nil, err
			}
			e.after = markedPod(unit)
		}
		edits = append(edits, e)
	}
	edits, err = before(edits)
	edits = slices.DeleteFunc(edits, func(e edit) bool { return !e.changes() })
	if err != nil || unreadable == nil {
		return edits, err
	}
	return i.known(edits, name, in, unreadable)
}

// pods are the pods whose units are ours.
func (i *Installer) pods() ([]string, error) {
	entries, err := os.ReadDir(i.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("listing units: %w", err)
	}
	var pods []string
	for _, e := range entries {
		pod, ok := strings.CutSuffix(e.Name(), podExtension)
		if !ok || ValidateName(pod) != nil {
			continue
		}
		_, err := readOwn(filepath.Join(i.Dir, e.Name()))
		switch {
		case errors.Is(err, ErrForeign), errors.Is(err, artifacts.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			pods = append(pods, pod)
		}
	}
	return pods, nil
}

func membersOf(pod string, services []*Installed) []*Installed {
	return slices.DeleteFunc(slices.Clone(services), func(s *Installed) bool { return s.Pod != pod })
}

// together fails if a service cannot be beside the others for the sake of a pod; in is nil if only its name is known.
func (i *Installer) together(ctx context.Context, name string, in *Installed) error {
	others, unreadable := i.others(name)
	if unreadable != nil && in != nil && in.Pod != "" && i.mayMiss(in.Pod, name) {
		return unreadable
	}
	i.warn(unreadable)
	for _, o := range others {
		if o.Pod != "" && (name == o.Pod || name == o.Pod+"-infra") {
			return fmt.Errorf("the pod %s, which %s is in, needs that name; choose another one", o.Pod, o.Name)
		}
	}
	if in == nil || in.Pod == "" {
		return nil
	}
	for _, o := range others {
		if o.Name == in.Pod || o.Name == in.Pod+"-infra" {
			return fmt.Errorf("the pod %s cannot be called so: there is a service %s; choose another name for the pod", in.Pod, o.Name)
		}
		if o.Pod == in.Pod && hostPort(o.Publish) == hostPort(in.Publish) {
			return fmt.Errorf("port %s is that of %s, and the servers of the pod %s share one network; choose another port", hostPort(in.Publish), o.Name, in.Pod)
		}
	}
	return i.free(ctx, in.Pod+podExtension)
}

// PodService is the service of the pod that a service is in; "" if it is in none.
func (in *Installed) PodService() string {
	if in.Pod == "" {
		return ""
	}
	return in.Pod + kinds()[podExtension].suffix + ".service"
}
