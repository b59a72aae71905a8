package podmanargs

import (
	"encoding/csv"
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

const digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

func TestMount(t *testing.T) {
	s := &workload.Spec{Model: "quay.io/m:1"}
	for want, m := range map[string]workload.FileMount{
		"type=artifact,source=quay.io/m:1,digest=" + digest + ",destination=/models/a:b/c.gguf":               {Destination: "/models/a:b/c.gguf", Digest: digest},
		"type=artifact,source=quay.io/m:1,title=t.json,destination=/models/c.json":                            {Destination: "/models/c.json", Title: "t.json"},
		`type=artifact,source=quay.io/m:1,digest=` + digest + `,"destination=/models/a,b ""c"""`:              {Destination: `/models/a,b "c"`, Digest: digest},
		`type=bind,"source=/a,b",destination=/models/a b,readonly=true,relabel=shared`:                        {Destination: `/models/a b`, HostPath: "/a,b"},
		"type=image,source=quay.io/m:1,destination=/models,subpath=/models":                                   {Destination: "/models", ImagePath: "/models"},
		`type=artifact,source=quay.io/m:1,"title=a""b",destination=/models/x`:                                 {Destination: `/models/x`, Title: `a"b`},
		`type=artifact,source=quay.io/m:1,digest=` + digest + `,destination=/models/with space/and=equals \ `: {Destination: `/models/with space/and=equals \ `, Digest: digest},
	} {
		if got, err := Mount(s, &m); err != nil || got != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
}

// TestMountElsewhere: what was unpacked is mounted from there, and the model keeps its name.
func TestMountElsewhere(t *testing.T) {
	s := &workload.Spec{Model: "quay.io/m:1", MountSource: "localhost/unpacked:1"}
	got, err := Mount(s, &workload.FileMount{Destination: "/models/a.gguf", Digest: digest})
	if want := "type=artifact,source=localhost/unpacked:1,digest=" + digest + ",destination=/models/a.gguf"; err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if labels := Labels(s); labels[0] != "org.paddock.model=quay.io/m:1" {
		t.Errorf("labels: %q", labels)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("a,b", `"`)
	f.Add(" x", `\.`)
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsAny(a+b, "\r\n\x00") { // refused by Spec.Validate
			return
		}
		line, err := CSV("type="+a, b, "x")
		if err != nil {
			t.Fatal(err)
		}
		got, err := csv.NewReader(strings.NewReader(line)).Read()
		if err != nil || !reflect.DeepEqual(got, []string{"type=" + a, b, "x"}) {
			t.Errorf("%q: got %q, %v", line, got, err)
		}
	})
}

func TestPublish(t *testing.T) {
	for _, c := range []struct{ host, network, want string }{
		{"", "", "127.0.0.1:9000:8080"},
		{"0.0.0.0", "web", "0.0.0.0:9000:8080"},
		{"::1", "bridge:ip=10.88.0.9", "[::1]:9000:8080"},
		{"127.0.0.1", "host", ""},
		{"127.0.0.1", "none", ""},
		{"127.0.0.1", "container:x", ""},
	} {
		if got := Publish(&workload.Spec{Host: c.host, Port: 9000, Network: c.network}); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestLabels(t *testing.T) {
	got := Labels(&workload.Spec{Model: "quay.io/m:1", ModelDigest: digest})
	if !reflect.DeepEqual(got, []string{"org.paddock.model=quay.io/m:1", "org.paddock.digest=" + digest}) {
		t.Errorf("got %q", got)
	}
}

func TestVersion(t *testing.T) {
	for in, want := range map[string]Version{
		"5.8.6": {5, 8, 6}, "5.6": {5, 6, 0}, "6.0.0-dev": {6, 0, 0}, "4.9.3+ds1": {4, 9, 3}, "5.6.0-rc1": {5, 6, 0}, "5.10.0~rc2": {5, 10, 0},
	} {
		got, err := ParseVersion(in)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "5", "a.b.c", "5.x.1", "5.6.1.2", "-5.6.1", "5.-6.1", "99999999.1.1"} {
		if v, err := ParseVersion(in); err == nil {
			t.Errorf("%q: got %s", in, v)
		}
	}
	for _, c := range []struct {
		v      Version
		native bool
	}{{Version{}, false}, {Version{5, 5, 9}, false}, {Version{5, 6, 0}, true}, {Version{5, 10, 0}, true}, {Version{4, 9, 9}, false}, {Version{6, 0, 0}, true}} {
		if c.v.Native() != c.native {
			t.Errorf("%s: native is %t", c.v, !c.native)
		}
	}
}
