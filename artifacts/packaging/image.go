package packaging

// readImage reads a container image. Its files are known only when its layers are applied to one another, so the model
// has none here. RamaLama labels the images that it makes (ramalama, transports/oci/oci.py).
func readImage(doc *document, config []byte) (*reading, error) {
	var image struct {
		Config struct{ Labels map[string]string } `json:"config"`
	}
	if err := doc.unmarshalConfig(config, &image); err != nil {
		return nil, err
	}
	r := &reading{format: Image, blocked: "it is a container image, whose files are known only when it is mounted"}
	switch image.Config.Labels["org.containers.type"] {
	case "ai.image.model.raw", "ai.image.model.car":
		r.format = RamaLamaImage
	}
	return r, nil
}
