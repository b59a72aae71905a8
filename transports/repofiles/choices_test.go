package repofiles_test

import (
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/transports/repofiles"
)

// TestChoices: everything that is listed can be asked for, and the first is what is taken by default.
func TestChoices(t *testing.T) {
	for name, want := range map[string]string{
		"one": ":Q4_K_M :Q8_0 :F16 :IQ2_XXS", "folder": ":UD-Q4_K_XL :Q8_0 :BF16", "plain": "", "safe": "", "pickle": "", "both": "",
		"two": "/a-Q4_K_M.gguf /b-Q4_K_M.gguf :Q8_0", "eyes": ":Q4_K_M", "lora": ":Q8_0",
	} {
		paths := repositories()[name]
		choices, err := repofiles.Choices(paths)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for i, c := range choices {
			said := c
			said.Repository = "o/r"
			got = append(got, strings.TrimPrefix(said.Origin("x"), "x://o/r"))
			chosen, err := repofiles.Select(paths, &c)
			if err != nil {
				t.Errorf("%s: %+v: %v", name, c, err)
			}
			if usual, err := repofiles.Select(paths, &repofiles.Ref{}); i == 0 && err == nil && usual.Files[0] != chosen.Files[0] {
				t.Errorf("%s: %+v is listed first, and %v is taken", name, c, usual.Files[0])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := repofiles.Choices(repositories()["words"]); err == nil {
		t.Error("a repository without a model has something to choose")
	}
}
