package kube

import "strings"

const (
	carRoot  = "/modelcar" // where the modelcar sees the volume that it shares with the server
	carLinks = "links"     // the folder of that volume which the server sees as its models
	carReady = carRoot + "/ready"
)

// car is a container of the model's image that runs beside the server, before it: KServe's modelcar as a sidecar of Kubernetes
// (1.29), which starts the server when the startup probe is content. Nothing is copied: the server reaches the files through
// links into the root of the car's process, which it may follow as it is of the same user and has no more capabilities. Each entry
// has a link of its own, since a container cannot have one link at /models.
func (r *renderer) car(folder string) container {
	script := strings.NewReplacer("FOLDER", shellWord(folder), "LINKS", carRoot+"/"+carLinks, "READY", carReady).Replace(
		`set -e; mkdir -p LINKS; cd FOLDER; for f in * .[!.]*; do [ ! -e "$f" ] || ln -sfn "/proc/$$/root"FOLDER/"$f" LINKS/; done; : >READY; exec sleep infinity`)
	return container{
		Name: "modelcar", Image: r.spec.Model, ImagePullPolicy: pullPolicy, RestartPolicy: "Always",
		Command:         literals([]string{"sh", "-c", script}),
		StartupProbe:    &probe{Exec: &execute{Command: []string{"test", "-e", carReady}}, PeriodSeconds: 1, TimeoutSeconds: 5, FailureThreshold: 60},
		Resources:       &requirements{Limits: map[string]string{"cpu": "100m", "memory": "32Mi"}},
		SecurityContext: r.security(),
		VolumeMounts:    []mount{{Name: modelVolume, MountPath: carRoot}},
	}
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
