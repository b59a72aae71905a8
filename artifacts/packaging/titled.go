package packaging

import (
	"fmt"
	"strings"
)

// readTitled reads artifacts of files with titles, as oras push and podman artifact add write them, and omlmd's. Media
// types prove nothing there: oras calls every file a tar. Layers without a name are skipped, as oras skips them.
func readTitled(f Format, doc *document) (*reading, error) {
	r := &reading{format: f, entries: make([]entry, len(doc.Layers))}
	for i := range doc.Layers {
		l := &doc.Layers[i]
		name, err := l.fileName()
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInvalidManifest, doc.label(i), err)
		}
		e := entry{name: name, fallback: l.blobName(), encoding: Raw, skip: name == ""}
		if l.unpacks() {
			e.encoding, e.diffID = TarGzip, l.plainDigest()
		}
		if strings.HasPrefix(l.MediaType, omlmdModel) {
			e.family = Weights
		}
		r.entries[i] = e
	}
	return r, nil
}

// readUnknown lists the layers of a manifest that describes no model, by the names that Podman gives to them.
func readUnknown(doc *document) *reading {
	r := &reading{
		format: Unknown, entries: make([]entry, len(doc.Layers)),
		blocked: "nothing in the manifest names the files of a model",
	}
	for i := range doc.Layers {
		r.entries[i] = entry{fallback: doc.Layers[i].blobName(), role: Other, encoding: Raw}
	}
	return r
}
