//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestInterruptedPull: a failed or killed pull leaves no entry and no foreign file in Podman's store; the next one completes.
func TestInterruptedPull(t *testing.T) {
	reg := startRegistry(t, nil)
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			name := reg.Addr + "/m/big-" + who.name + ":1"
			digest := pushTitled(t, reg, name, big(t, 256<<20))
			for _, signal := range []string{"INT", "KILL", "TERM"} {
				// the signal comes as soon as bytes have arrived
				r := who.Run(t, "bash", "-c", fmt.Sprintf(
					`paddock pull -q --tls-verify=false %s & p=$!
					until [ -n "$(find %s -type f -size +0c 2>/dev/null)" ] || ! kill -0 $p 2>/dev/null; do :; done
					kill -%s $p 2>/dev/null; wait $p; echo "exit $?"`, name, stagingDir(t, who), signal))
				if signal == "INT" && !strings.Contains(r.Stdout, "exit 130") && !strings.Contains(r.Stdout, "exit 0") {
					t.Errorf("SIGINT: %s%s", r.Stdout, r.Stderr)
				}
				if strings.Contains(r.Stdout, "exit 0") {
					who.MustRun(t, "paddock", "rm", name) // it was quicker than the signal
					continue
				}
				if podmanHas(t, who, name) {
					t.Errorf("after %s the name is there", signal)
				}
				assertStoreWhole(t, who)
			}
			if out := who.MustRun(t, "paddock", "pull", "--tls-verify=false", name); !strings.Contains(out, digest) {
				t.Errorf("the pull after the kills printed %q", out)
			}
			assertStoreVerified(t, who)
			if left := strings.TrimSpace(who.MustRun(t, "sh", "-c", "find "+stagingDir(t, who)+" -type f -size +0c 2>/dev/null || :")); left != "" {
				t.Errorf("left in staging: %s", left)
			}
			who.MustRun(t, "paddock", "rm", name)
		})
	}
}

// TestSoak: 50 processes of paddock and podman pull, remove and list for a bounded number of rounds; the store stays whole.
func TestSoak(t *testing.T) {
	reg := startRegistry(t, nil)
	root := asRoot(t)
	var names []string
	for i := range 6 {
		name := fmt.Sprintf("%s/m/soak%d:1", reg.Addr, i)
		// two models share all their blobs, so that one's removal meets the other's pull
		pushModelPackAs(t, reg, name, single(t), fmt.Sprint(i/2))
		names = append(names, name)
	}
	script := `
names=(` + strings.Join(names, " ") + `)
end=$((SECONDS + 15)); bad=/tmp/soak.bad; rm -f $bad
worker() {
	RANDOM=$1
	while [ $SECONDS -lt $end ]; do
		n=${names[RANDOM % ${#names[@]}]}
		case $((RANDOM % 6)) in
		0 | 1) paddock pull -q --tls-verify=false $n ;;
		2) paddock rm --ignore $n ;;
		3) podman artifact pull -q --tls-verify=false $n ;;
		4) podman artifact rm $n || :; continue ;;
		5) podman artifact ls >/dev/null && paddock ls >/dev/null ;;
		esac >/dev/null 2>/tmp/soak.err.$1 || { echo "worker $1: $(cat /tmp/soak.err.$1)" >>$bad; }
	done
}
for w in $(seq 50); do worker $w & done; wait
if [ -s $bad ]; then sort $bad | uniq -c | sort -rn | head -20; exit 1; fi`
	r := root.Run(t, "bash", "-c", script)
	if r.Code != 0 {
		t.Errorf("commands failed during the soak:\n%s%s", r.Stdout, r.Stderr)
	}
	root.MustRun(t, "podman", "artifact", "ls")
	assertStoreVerified(t, root)
	for _, n := range names {
		root.MustRun(t, "paddock", "pull", "-q", "--tls-verify=false", n)
	}
	assertStoreVerified(t, root)
	root.MustRun(t, "paddock", "rm", "--all")
	if left := root.MustRun(t, "sh", "-c", "ls -A "+storeDir(t, root)+"/blobs/sha256"); strings.TrimSpace(left) != "" {
		t.Errorf("blobs left after everything was removed: %s", left)
	}
}
