package kube

import (
	"math"
	"strings"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// health asks the server whether it is well, without a program in the container. Podman, which has nobody to ask from outside,
// runs curl there, as the images of llama.cpp and vLLM have it (podman, pkg/specgen/generate/kube, probeToHealthConfig).
func health(period, timeout, failures int) *probe {
	return &probe{
		HTTPGet:       &httpGet{Path: "/health", Port: workload.ContainerPort},
		PeriodSeconds: period, TimeoutSeconds: timeout, FailureThreshold: failures,
	}
}

// seconds are the whole seconds that hold a duration, at least 1, which is the least that Kubernetes takes.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// literals is literal for each word.
func literals(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = literal(w)
	}
	return out
}

// literal protects a text of args, command and env from what Kubernetes does to it: "$(NAME)" becomes the value of a variable,
// and "$$" a dollar sign (apimachinery's third_party/forked/golang/expansion). Any other dollar sign stays as it is, since Podman
// expands nothing, and what needs no protection is to be the same for both.
func literal(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '$' && i+1 < len(s) && (s[i+1] == '$' || s[i+1] == '(') {
			b.WriteByte('$')
		}
	}
	return b.String()
}
