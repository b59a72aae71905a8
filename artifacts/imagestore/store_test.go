package imagestore

import (
	"os"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

type breakable struct{ *Store }

func (b breakable) Break(t *testing.T) {
	if err := os.WriteFile(b.imageDir("images.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	for _, driver := range drivers() {
		t.Run(driver, func(t *testing.T) {
			storetest.RunWith(t, func(t *testing.T) artifacts.Store { return breakable{newStore(t, driver)} }, newModel)
		})
	}
}
