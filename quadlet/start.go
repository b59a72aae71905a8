package quadlet

import "context"

// Start starts a service anew and returns when it answers. One in a pod is started together with the pod and all that is in it: a pod
// publishes the ports that it was started with. Of one that starts on demand the socket is started, and what ran is stopped.
func (i *Installer) Start(ctx context.Context, in *Installed) error {
	if socket := in.Socket(); socket != "" {
		if err := i.Systemctl.Stop(ctx, in.Service); err != nil {
			return err
		}
		return i.Systemctl.Restart(ctx, socket)
	}
	if in.Pod == "" {
		return i.Systemctl.Restart(ctx, in.Service)
	}
	all, err := i.List()
	if err != nil {
		return err
	}
	services := []string{in.PodService()}
	for _, m := range membersOf(in.Pod, all) {
		services = append(services, m.Service)
	}
	return i.Systemctl.Restart(ctx, services...)
}
