// Package e2e runs paddock against real Podman, systemd and llama.cpp in the lab of tests/lab. Its tests need root, take
// the lab for themselves while they run, and are built with the tag e2e:
//
//	go test -tags e2e,containers_image_openpgp,exclude_graphdriver_btrfs ./tests/e2e
//
// They fail, and never skip, where the lab cannot be made.
package e2e
