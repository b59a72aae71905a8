package engine

import (
	"maps"
	"testing"
)

func TestNVIDIAMemory(t *testing.T) {
	got := parseNVIDIA("00000000:01:00.0, 24564\n00000000:C1:00.0, [N/A]\n0000:E1:00.0, 81559\n\nNo devices were found\n:, 5\n1:2, 9999999999999999999\n")
	want := map[string]int64{"0000:01:00.0": 24564 << 20, "0000:e1:00.0": 81559 << 20}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestDockerCDI(t *testing.T) {
	for version, want := range map[string]bool{"28.5.2": true, "28.2.0": true, "28.1.1": false, "26.1.5+dfsg1": false, "29.0.0-rc.1": true, "x": false, "": false} {
		if got := (&DockerInfo{Version: version}).HasCDI(); got != want {
			t.Errorf("%s: %t", version, got)
		}
	}
}
