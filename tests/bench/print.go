package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	var tools []string
	for _, name := range slices.Sorted(maps.Keys(r.Machine.Versions)) {
		tools = append(tools, name+" "+r.Machine.Versions[name])
	}
	fmt.Fprintf(w, "%d cores of %s, Linux %s\n%s\na blob of %.3g GiB\n\n", r.Machine.Cores, r.Machine.CPU, r.Machine.Kernel,
		strings.Join(tools, ", "), gib(r.Size))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "scenario\tpeer\twall s\tCPU s\tregistry CPU s\tpeak MiB\tMiB on the wire\trequests\trounds\tx paddock\t\n")
	for i := range r.Rows {
		r.printRow(t, &r.Rows[i])
	}
	if r.Huge != nil {
		fmt.Fprintf(t, "%.3g GiB\t%s\t%.2f\t%.2f\t\t%.0f\t\t\t1\t\t\n", gib(r.Huge.Size), paddock, r.Huge.Wall.Seconds(), r.Huge.CPU.Seconds(), mib(r.Huge.Memory))
	}
	fmt.Fprint(t, "\npromise\tmeasured\twanted\t\t\n")
	for _, c := range r.Checks {
		sign, verdict := "at least", "ok"
		if c.AtMost {
			sign = "at most"
		}
		if !c.OK {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%.3g %s\t%s %g %s\t%s\t\n", c.What, c.Got, c.Unit, sign, c.Want, c.Unit, verdict)
	}
	return t.Flush()
}

func (r *report) printRow(t io.Writer, row *row) {
	wire, requests := "", ""
	if row.Requests > 0 {
		wire, requests = fmt.Sprintf("%.1f", mib(row.Bytes)), fmt.Sprint(row.Requests)
	}
	times := ""
	if us := r.row(row.Scenario, paddock); us != nil {
		times = fmt.Sprintf("%.2f", ratio(row.Wall, us.Wall))
	}
	fmt.Fprintf(t, "%s\t%s\t%.2f\t%.2f\t%.2f\t%.0f\t%s\t%s\t%d\t%s\t\n", row.Scenario, row.Peer, row.Wall.Seconds(), row.CPU.Seconds(),
		row.RegistryCPU.Seconds(), mib(row.Memory), wire, requests, row.Rounds, times)
}
