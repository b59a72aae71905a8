// Package compose renders a workload to a file that docker compose and podman compose read (the Compose specification). It is pure.
package compose
