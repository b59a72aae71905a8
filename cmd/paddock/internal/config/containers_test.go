package config

import (
	"slices"
	"strings"
	"testing"
)

func TestCDISpecDirs(t *testing.T) {
	none := func(string) string { return "" }
	for _, c := range []struct {
		files map[string]string
		want  []string
	}{
		{nil, nil},
		{map[string]string{"etc/containers/containers.conf": "[engine]\ncgroup_manager='x'"}, nil},
		{map[string]string{"etc/containers/containers.conf": "[engine]\ncdi_spec_dirs=['/a','/b']"}, []string{"/a", "/b"}},
		{map[string]string{"etc/containers/containers.conf": "[engine]\ncdi_spec_dirs=[]"}, []string{}},
		{map[string]string{"usr/share/containers/containers.conf": "[engine]\ncdi_spec_dirs=['/a']", "etc/containers/containers.conf.d/x.conf": "[engine]\ncdi_spec_dirs=['/b']"}, []string{"/b"}},
		{map[string]string{"usr/share/containers/containers.conf": "[engine]\ncdi_spec_dirs=['/a']", "etc/containers/containers.conf": "[engine]\ncdi_spec_dirs=['/b',{append=true}]",
			"home/.config/containers/containers.conf": "[engine]\ncdi_spec_dirs=['/c']"}, []string{"/a", "/b", "/c"}},
	} {
		root := tree(t, c.files)
		got, err := CDISpecDirs(&Sources{Root: root, Home: root + "/home"}, none)
		if err != nil || !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%v: got %q, %v", c.files, got, err)
		}
	}
	root := tree(t, map[string]string{"etc/containers/containers.conf": "[engine]\ncdi_spec_dirs=['/a']", "one": "[engine]\ncdi_spec_dirs=['/one']", "last": "[engine]\ncdi_spec_dirs=['/last',{append=true}]", "bad": "[engine"})
	vars := func(kv map[string]string) func(string) string { return func(k string) string { return kv[k] } }
	got, err := CDISpecDirs(&Sources{Root: root}, vars(map[string]string{"CONTAINERS_CONF": root + "/one", "CONTAINERS_CONF_OVERRIDE": root + "/last"}))
	if err != nil || !slices.Equal(got, []string{"/one", "/last"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err = CDISpecDirs(&Sources{Root: root}, vars(map[string]string{"CONTAINERS_CONF": root + "/bad"})); err == nil || !strings.Contains(err.Error(), "/bad") {
		t.Errorf("got %v", err)
	}
}

func TestImages(t *testing.T) {
	root := tree(t, map[string]string{"etc/containers/paddock.conf": "[images]\nnvidia = 'quay.io/x:cuda'\n[serve]\ngpu = 'nvidia,0'"})
	c, _, err := Load(&Sources{Root: root, Environ: []string{"PADDOCK_IMAGE_CPU=quay.io/x:cpu"}})
	if err != nil || c.Images.Of("nvidia").Value != "quay.io/x:cuda" || c.Images.Of("").Value != "quay.io/x:cpu" || c.Images.Of("amd").Value != "" || c.Images.Of("other").Value != "" {
		t.Errorf("%+v, %v", c, err)
	}
	root = tree(t, map[string]string{"etc/containers/paddock.conf": "[serve]\ngpu = 'cuda'"})
	if _, _, err := Load(&Sources{Root: root}); err == nil || !strings.Contains(err.Error(), "paddock.conf:2: serve.gpu") {
		t.Errorf("got %v", err)
	}
}
