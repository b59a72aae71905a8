package packaging

import (
	"encoding/json"
	"fmt"
)

// filesAnnotation is paddock's own. On a raw layer it lists every file that has the layer's content, as a JSON array of
// objects: "path", and "role" where the layer's type and the name together say another. Podman mounts a layer by its digest
// only if the manifest lists the digest once; so a manifest that is made to be mounted has one layer for each content. The
// first path is also the layer's org.cncf.model.filepath, which is all that other tools see.
const filesAnnotation = "org.paddock.files"

// layerFile is one file of a layer that is several.
type layerFile struct {
	Path string `json:"path"`
	Role Role   `json:"role,omitempty"`
}

// expand gives every entry its layer, and takes apart the layers that are several files.
func (d *document) expand(r *reading) ([]entry, error) {
	all := make([]entry, 0, len(r.entries))
	for i, e := range r.entries {
		e.layer = i
		list := d.Layers[i].Annotations[filesAnnotation]
		if list == "" || r.format != ModelPack || e.encoding != Raw {
			all = append(all, e)
			continue
		}
		var files []layerFile
		if err := json.Unmarshal([]byte(list), &files); err != nil {
			return nil, fmt.Errorf("%w: %s: annotation %s: %w", ErrInvalidManifest, d.label(i), filesAnnotation, err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%w: %s: annotation %s lists no files", ErrInvalidManifest, d.label(i), filesAnnotation)
		}
		for _, f := range files {
			if f.Path == "" {
				return nil, fmt.Errorf("%w: %s: annotation %s: a file has no path", ErrInvalidManifest, d.label(i), filesAnnotation)
			}
			one := e
			one.name, one.role = f.Path, parseRole(string(f.Role))
			all = append(all, one)
		}
		if len(all) > MaxLayers {
			return nil, fmt.Errorf("%w: more than %d files", ErrInvalidManifest, MaxLayers)
		}
	}
	return all, nil
}

// filesOf writes the annotation for files of one content in a layer of a type; "" for a single file, which needs none.
func filesOf(mediaType string, files []BuildFile) (string, error) {
	if len(files) == 1 {
		return "", nil
	}
	list := make([]layerFile, len(files))
	for i, f := range files {
		list[i].Path = f.Path
		if familyRole(modelPackFamily(mediaType), f.Path) != f.Role {
			list[i].Role = f.Role
		}
	}
	data, err := json.Marshal(list)
	return string(data), err
}
