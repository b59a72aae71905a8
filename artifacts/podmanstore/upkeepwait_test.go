package podmanstore

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestUpkeepWaits: whoever looks the store over says whose lock it waits for, and goes on when that is given back.
func TestUpkeepWaits(t *testing.T) {
	for what, act := range map[string]func(*Store, func(string)) error{
		"Diagnose": func(s *Store, wait func(string)) error {
			_, err := s.Diagnose(t.Context(), &artifacts.DoctorOptions{Wait: wait})
			return err
		},
		"Mend": func(s *Store, wait func(string)) error {
			_, err := s.Mend(t.Context(), nil, &artifacts.DoctorOptions{Wait: wait})
			return err
		},
		"Usage": func(s *Store, wait func(string)) error {
			_, err := s.Usage(t.Context(), wait)
			return err
		},
	} {
		s := testStore(t)
		pid, release := holdInChild(t, s)
		var heard []string
		err := act(s, func(reason string) {
			heard = append(heard, reason)
			release()
		})
		release()
		if err != nil || len(heard) < 2 || heard[len(heard)-1] != "" || !strings.Contains(heard[0], fmt.Sprintf("(pid %d)", pid)) {
			t.Errorf("%s: heard %q, %v", what, heard, err)
		}
	}
}

// TestStoreWaits: calls without a listener of their own tell that of the store.
func TestStoreWaits(t *testing.T) {
	for what, act := range map[string]func(*Store, *artifacts.Model) error{
		"Find": func(s *Store, m *artifacts.Model) error { _, err := s.Find(t.Context(), m.Name); return err },
		"List": func(s *Store, _ *artifacts.Model) error { _, err := s.List(t.Context()); return err },
		"Tag": func(s *Store, m *artifacts.Model) error {
			return s.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/new:1"))
		},
		"Remove":  func(s *Store, m *artifacts.Model) error { return s.Remove(t.Context(), m.Name) },
		"Discard": func(s *Store, _ *artifacts.Model) error { return s.Discard(t.Context(), nil) },
	} {
		s, m := sick(t)
		pid, release := holdInChild(t, s)
		var heard []string
		s.wait = func(reason string) {
			heard = append(heard, reason)
			release()
		}
		err := act(s, m)
		release()
		if err != nil || len(heard) < 2 || heard[len(heard)-1] != "" || !strings.Contains(heard[0], fmt.Sprintf("(pid %d)", pid)) {
			t.Errorf("%s: heard %q, %v", what, heard, err)
		}
	}
}

// TestDoctorAge: the options' grace replaces the store's, and negative is none.
func TestDoctorAge(t *testing.T) {
	s, err := Open(&Options{GraphRoot: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	writeTest(t, s.root+"/oci-put-blob1", "half")
	for opts, want := range map[*artifacts.DoctorOptions]int{nil: 0, {}: 0, {Grace: DefaultGrace}: 0, {Grace: -1}: 1, {Grace: 1}: 1} {
		found, err := s.Diagnose(t.Context(), opts)
		if err != nil || len(found) != want {
			t.Errorf("%+v: %+v, %v", opts, found, err)
		}
	}
}
