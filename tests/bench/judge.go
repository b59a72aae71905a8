package main

import (
	"fmt"
	"time"
)

// check is one promise of the project, and what was measured.
type check struct {
	What   string  `json:"what"`
	Got    float64 `json:"got"`
	Want   float64 `json:"want"`
	Unit   string  `json:"unit"`
	AtMost bool    `json:"atMost"` // else: at least
	OK     bool    `json:"ok"`
}

// judge compares what was measured with what is promised. What was not measured is not judged.
func (r *report) judge() []check {
	var all []check
	add := func(what string, got, want float64, unit string, atMost bool) {
		ok := got >= want
		if atMost {
			ok = got <= want
		}
		all = append(all, check{what, got, want, unit, atMost, ok})
	}
	if us, them := r.row(direct, paddock), r.row(direct, podman); us != nil && them != nil {
		add("wall time, of podman's", ratio(us.Wall, them.Wall), 0.6, "x", true)
		add("CPU time, of podman's", ratio(us.CPU, them.CPU), 1, "x", true)
	}
	if us := r.row(capped, paddock); us != nil {
		for _, name := range []string{podman, "skopeo oci:", "oras"} {
			if them := r.row(capped, name); them != nil {
				add("capped connections, faster than "+name, ratio(them.Wall, us.Wall), 6, "x", false)
			}
		}
	}
	if us, them := r.row(pushing, paddock), r.row(pushing, podman); us != nil && them != nil {
		add("push, wall time of podman's", ratio(us.Wall, them.Wall), 1, "x", true)
	}
	worst := int64(0)
	for _, row := range r.Rows {
		if row.Peer == paddock {
			worst = max(worst, row.Memory)
		}
	}
	if worst > 0 {
		add(fmt.Sprintf("peak memory, %.3g GiB", gib(r.Size)), mib(worst), 64, "MiB", true)
	}
	if r.Huge != nil {
		add(fmt.Sprintf("peak memory, %.3g GiB", gib(r.Huge.Size)), mib(r.Huge.Memory), 64, "MiB", true)
		add(fmt.Sprintf("lock held, %.3g GiB", gib(r.Huge.Size)), ms(r.Huge.Lock), 50, "ms", true)
	}
	if r.Again != nil {
		add("lock held", ms(r.Again.Lock), 50, "ms", true)
		add("second pull, requests", float64(r.Again.Requests), 3, "", true)
		add("second pull, blob bytes", float64(r.Again.BlobBytes), 0, "", true)
	}
	if r.Small != nil {
		add("paddock version", ms(r.Small.Version), 20, "ms", true)
		add(fmt.Sprintf("paddock ls, %d models", r.Small.Models), ms(r.Small.Ls), 100, "ms", true)
	}
	return all
}

// row finds a row; nil if there is none.
func (r *report) row(scenario, peer string) *row {
	for i := range r.Rows {
		if r.Rows[i].Scenario == scenario && r.Rows[i].Peer == peer {
			return &r.Rows[i]
		}
	}
	return nil
}

func (r *report) missed() int {
	n := 0
	for _, c := range r.Checks {
		if !c.OK {
			n++
		}
	}
	return n
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
func ms(d time.Duration) float64       { return d.Seconds() * 1000 }
func mib(n int64) float64              { return float64(n) / (1 << 20) }
func gib(n int64) float64              { return float64(n) / (1 << 30) }
