//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// problem is one finding of paddock doctor --format json.
type problem struct {
	Kind, Name, Digest, Path string
	Mended                   bool
}

// doctor runs paddock doctor without regard to the age of files, and returns what it found.
func doctor(t *testing.T, in place, args ...string) ([]problem, Result) {
	t.Helper()
	r := in.Run(t, append([]string{"paddock", "doctor", "--age=0", "--format=json"}, args...)...)
	var found []problem
	if err := json.Unmarshal([]byte(r.Stdout), &found); err != nil {
		t.Fatalf("paddock doctor %s: exit %d, %v\n%s%s", strings.Join(args, " "), r.Code, err, r.Stdout, r.Stderr)
	}
	return found, r
}

func kindsOf(found []problem) []string {
	var kinds []string
	for _, p := range found {
		kinds = append(kinds, p.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// patient is a store with two models, of which tests break the second. They share no blob.
type patient struct {
	place
	reg       registry
	dir       string
	good, bad string
}

// TestDoctor: doctor finds what real tools and accidents do to the store, changes nothing by itself, and --fix mends it, so
// that Podman works again; the other model stays as it is. An ordinary user, whose store differs in where it is, has one of them.
func TestDoctor(t *testing.T) {
	reg := startRegistry(t, nil)
	for _, who := range everyone(t) {
		for _, c := range []struct {
			name  string
			spoil func(*testing.T, *patient)
			want  []string
			ls    bool // podman artifact ls works nevertheless
		}{
			{"killed podman pull", killPodmanPull, []string{"dead-upload"}, true},
			{"tag moved by podman", movePodmanTag, []string{"unnamed"}, false},
			{"manifest deleted", deleteManifest, []string{"no-manifest", "orphan"}, false},
			{"orphan", addOrphan, []string{"orphan"}, true},
		} {
			if who.name != "root" && c.name != "manifest deleted" {
				continue
			}
			t.Run(who.name+"/"+c.name, func(t *testing.T) {
				p := newPatient(t, who, reg)
				c.spoil(t, p)
				if r := p.Run(t, "podman", "artifact", "ls"); (r.Code == 0) != c.ls {
					t.Errorf("podman artifact ls before: exit %d, %s", r.Code, r.Stderr)
				}
				before := p.files(t)
				found, r := doctor(t, who)
				if r.Code != 1 || !slices.Equal(kindsOf(found), c.want) {
					t.Fatalf("exit %d, found %+v, want %v\n%s", r.Code, found, c.want, r.Stderr)
				}
				if after := p.files(t); after != before {
					t.Errorf("doctor without --fix changed\n%s\nto\n%s", before, after)
				}
				mended, r := doctor(t, who, "--fix")
				if r.Code != 0 || len(mended) < len(found) {
					t.Errorf("--fix: exit %d, %+v of %+v\n%s", r.Code, mended, found, r.Stderr)
				}
				for _, m := range mended {
					if !m.Mended {
						t.Errorf("not mended: %+v", m)
					}
				}
				p.healthy(t)
			})
		}
	}
}

// TestDoctorDamaged: bytes that are lost cannot be mended, are said, and come back by the command that the hint names.
func TestDoctorDamaged(t *testing.T) {
	reg := startRegistry(t, nil)
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			p := newPatient(t, who, reg)
			blob := p.layer(t, p.bad)
			p.MustRun(t, "truncate", "-s", "10", p.dir+"/"+blobFile(blob))
			found, r := doctor(t, who, "--fix")
			if r.Code != 1 || len(found) != 1 || found[0].Kind != "damaged" || found[0].Name != p.bad || found[0].Mended {
				t.Fatalf("exit %d, %+v\n%s", r.Code, found, r.Stderr)
			}
			if !strings.Contains(r.Stderr, "paddock ensure "+p.bad) {
				t.Errorf("no hint in %s", r.Stderr)
			}
			p.MustRun(t, "paddock", "ensure", "--tls-verify=false", p.bad)
			p.healthy(t)
		})
	}
}

// newPatient pulls both models anew.
func newPatient(t *testing.T, who place, reg registry) *patient {
	t.Helper()
	p := &patient{place: who, reg: reg, good: reg.Addr + "/m/good-" + who.name + ":1", bad: reg.Addr + "/m/bad-" + who.name + ":1"}
	pushModelPack(t, reg, p.good, split(t))
	pushTitled(t, reg, p.bad, single(t))
	for _, name := range []string{p.good, p.bad} {
		p.MustRun(t, "paddock", "pull", "-q", "--tls-verify=false", name)
	}
	p.dir = storeDir(t, who)
	t.Cleanup(func() { p.Run(t, "paddock", "rm", "--all") })
	return p
}

// files lists the store: names, sizes, inodes and times of change.
func (p *patient) files(t *testing.T) string {
	t.Helper()
	return p.MustRun(t, "sh", "-c", "find "+p.dir+" -type f ! -name index.lock -printf '%P %s %i %C@\\n' | sort")
}

// layer is the digest of a model's first file.
func (p *patient) layer(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(p.MustRun(t, "paddock", "inspect", "--format", "{{(index .Files 0).Digest}}", name))
}

// healthy checks that doctor, Podman and our own reading of the store agree that nothing is wrong, and that the good model
// is there.
func (p *patient) healthy(t *testing.T) {
	t.Helper()
	if found, r := doctor(t, p.place); r.Code != 0 || len(found) > 0 {
		t.Errorf("afterwards: exit %d, %+v", r.Code, found)
	}
	if !podmanHas(t, p.place, p.good) {
		t.Errorf("podman does not show %s", p.good)
	}
	p.MustRun(t, "podman", "artifact", "inspect", p.good)
	assertStoreVerified(t, p.place)
}

// midway runs a pull in the background, and stops it when a file that find sees by the given words has bytes. $p is the
// process; with its children, in one of which a rootless Podman works, it is $all. pull.out is what it said.
const midway = `set -e; cd "$(mktemp -d)"; all=; trap 'kill -KILL $all 2>/dev/null || :; rm -rf "$PWD"' EXIT
%s >pull.out 2>&1 & p=$!
until [ -n "$(find %s -size +0c 2>/dev/null)" ] || ! kill -0 $p 2>/dev/null; do :; done
all="$p $(pgrep -P $p || :)"; kill -STOP $all
`

// killPodmanPull kills a podman artifact pull, as the kernel does when memory runs out.
func killPodmanPull(t *testing.T, p *patient) {
	name := p.reg.Addr + "/m/killed-" + p.name + ":1"
	pushTitled(t, p.reg, name, big(t, 512<<20))
	p.MustRun(t, "bash", "-c", fmt.Sprintf(midway+`kill -KILL $all; wait $p || :; [ -n "$(find %[2]s)" ]`,
		"podman artifact pull -q --tls-verify=false "+name, p.dir+" -maxdepth 1 -name 'oci-put-blob*'"))
}

// movePodmanTag moves a tag, and has Podman pull it again.
func movePodmanTag(t *testing.T, p *patient) {
	pushModelPackAs(t, p.reg, p.bad, single(t), "moved")
	p.MustRun(t, "podman", "artifact", "pull", "-q", "--tls-verify=false", p.bad)
}

func deleteManifest(t *testing.T, p *patient) {
	p.MustRun(t, "rm", p.dir+"/"+blobFile(paddockLs(t, p.place)[p.bad].Digest))
}

func addOrphan(t *testing.T, p *patient) {
	p.MustRun(t, "sh", "-c", `f=$(mktemp) && head -c 100000 /dev/urandom >$f && cp $f `+p.dir+`/blobs/sha256/$(sha256sum $f | cut -d' ' -f1)`)
}

// TestDoctorInUse: what a running pull of either tool works on stays, and the pull succeeds. A lock that is waited for is said.
func TestDoctorInUse(t *testing.T) {
	reg := startRegistry(t, nil)
	for _, who := range everyone(t) {
		name := reg.Addr + "/m/used-" + who.name + ":1"
		digest := pushTitled(t, reg, name, big(t, 512<<20))
		staging, store := stagingDir(t, who), storeDir(t, who)
		t.Run(who.name+"/paddock", func(t *testing.T) {
			out := who.MustRun(t, "bash", "-c", fmt.Sprintf(midway+`
				find %[3]s -type f -printf '%%P %%i\n' | sort >before; [ -s before ]
				paddock doctor --fix --age=0 >&2; paddock prune --age=0
				find %[3]s -type f -printf '%%P %%i\n' | sort | diff before - >&2
				kill -CONT $all; wait $p; cat pull.out`,
				"paddock pull -q --tls-verify=false "+name, staging+" -name '*.part'", staging))
			if !strings.Contains(out, "Total reclaimed space: 0 B\n") || !strings.Contains(out, digest) {
				t.Errorf("printed %s", out)
			}
			assertStoreVerified(t, who)
			who.MustRun(t, "paddock", "rm", name)
		})
		t.Run(who.name+"/podman", func(t *testing.T) {
			out := who.MustRun(t, "bash", "-c", fmt.Sprintf(midway+`
				paddock doctor --fix --age=0 >doctor.out 2>&1 & d=$!
				until grep -q waiting doctor.out || ! kill -0 $d 2>/dev/null; do :; done
				find %[2]s | grep -q . # the upload is there still
				kill -CONT $all; wait $p; wait $d; cat doctor.out`,
				"podman artifact pull -q --tls-verify=false "+name, store+" -maxdepth 1 -name 'oci-put-blob*'"))
			if !strings.Contains(out, "waiting for the store's lock, held by podman (pid ") || !strings.Contains(out, "no problems found") {
				t.Errorf("doctor said %s", out)
			}
			if !podmanHas(t, who, name) {
				t.Errorf("podman does not show %s", name)
			}
			assertStoreVerified(t, who)
			who.MustRun(t, "paddock", "rm", name)
		})
	}
}
