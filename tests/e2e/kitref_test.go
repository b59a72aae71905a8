//go:build e2e

package e2e

import (
	"testing"

	"github.com/paddock-dev/paddock/tests/fixtures"
	"github.com/paddock-dev/paddock/tests/fixtures/packers"
)

// TestKitReference: a ModelKit whose Kitfile refers to a second one, and that to a third with the model, is served, by Podman and by
// Docker, with its own document and the model of the third; a pull follows a reference that moved, though the kit itself did not.
func TestKitReference(t *testing.T) {
	h := startHub(t, Lab{})
	w := &world{hub: h, models: sources(t)}
	who, d := everyone(t)[1], dockerHosts(t)[0]
	w.engines = []engine{{place{who.Lab, "podman-" + who.name}, h, ""}, {place{d.Lab, "docker-" + d.name}, h, d.store}}
	const at, middle, base = "table/kit-top:v1", "kits/middle:v1", "kits/base:v1"
	publish := func(at, where string, files ...fixtures.File) {
		p, err := packers.ModelKit(packers.TarGzip, where)(files)
		if err != nil {
			t.Fatal(err)
		}
		h.publish(t, at, p)
	}
	text := func(path, content string) fixtures.File { return fixtures.File{Path: path, Data: []byte(content)} }
	s := w.models["vision"]
	publish(base, "", s.files...)
	publish(middle, h.Addr+"/"+base, text("README.md", "of the middle"))
	publish(at, h.Addr+"/"+middle, text("LICENSE", "of the top"))
	r := row{at: at, packaging: "kit-reference", format: "modelkit", model: "vision", texts: map[string]string{"LICENSE": "of the top"}}
	for i, e := range w.engines {
		t.Run(e.name, func(t *testing.T) { w.check(t, e, []row{r}, i == 0) })
	}
	r.texts["chat_template.jinja"] = "{{ messages[0].content }}"
	var moved []fixtures.File
	for _, f := range s.files {
		if content, other := r.texts[f.Path]; other && f.Path != "LICENSE" {
			f = text(f.Path, content)
		}
		moved = append(moved, f)
	}
	publish(base, "", moved...)
	for _, e := range w.engines {
		t.Run("moved/"+e.name, func(t *testing.T) { w.check(t, e, []row{r}, false) })
		t.Run("removed/"+e.name, func(t *testing.T) { w.removeAll(t, e) })
	}
}
