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
	all, unreadable := i.List()
	i.warn(unreadable) // one that is in the pod starts anew with it, but is not waited for
	services := []string{in.PodService()}
	for _, m := range membersOf(in.Pod, all) {
		services = append(services, m.Service)
	}
	return i.Systemctl.Restart(ctx, services...)
}

// front is what must be started before a service that starts on demand; none for another one. Without its proxy nobody needs the service,
// and systemd would stop it again. A socket that was asked too often while the service could not be started listens no more (Result=
// trigger-limit-hit), and systemd may start none of them before it has forgotten that.
func (i *Installer) front(ctx context.Context, in *Installed) ([]string, error) {
	socket, proxy := in.Socket(), in.proxy()
	if socket == "" || proxy == "" {
		return nil, nil
	}
	state, err := i.Systemctl.State(ctx, socket)
	if err != nil || state.Active != "failed" {
		return []string{proxy}, err
	}
	return []string{socket, proxy}, i.Systemctl.ResetFailed(ctx, socket, proxy, in.Service)
}
