package config

import "strings"

// Images is the table [images]: the container image of llama.cpp's server for each kind of accelerator, in the words of
// --gpu, and for the processor; "" for the one that llama.cpp publishes. A kind that is not here has no setting.
type Images struct {
	CPU, NVIDIA, AMD, Intel, Ascend, MooreThreads, Apple, WSL Value[string]
}

func defaultImages() Images {
	none := byDefault("", image)
	return Images{none, none, none, none, none, none, none, none}
}

// Of returns the setting of a kind; of "" that of the processor.
func (i *Images) Of(kind string) Value[string] {
	for _, n := range i.named() {
		if n.kind == kind || kind == "" && n.kind == "cpu" {
			return *n.value
		}
	}
	return Value[string]{Origin: originDefault}
}

type namedImage struct {
	kind  string
	value *Value[string]
}

func (i *Images) named() []namedImage {
	return []namedImage{
		{"cpu", &i.CPU}, {"nvidia", &i.NVIDIA}, {"amd", &i.AMD}, {"intel", &i.Intel}, {"ascend", &i.Ascend},
		{"mthreads", &i.MooreThreads}, {"apple", &i.Apple}, {"wsl", &i.WSL},
	}
}

func (i *Images) settings() []setting {
	var all []setting
	for _, n := range i.named() {
		all = append(all, textSetting("images."+n.kind, "PADDOCK_IMAGE_"+strings.ToUpper(n.kind), n.value))
	}
	return all
}
