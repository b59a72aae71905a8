package staging

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

const benchSize = 1 << 30

// BenchmarkFetch fetches 1 GiB from a server in this process, which shares its processors, with a number of connections.
// BenchmarkSerial is what it is measured against: one stream through a hash into a file, and a sync.
func BenchmarkFetch(b *testing.B) {
	for _, jobs := range []int{1, 2, 4, 8, 16} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) { benchFetch(b, jobs, 0) })
	}
}

// BenchmarkFetchCapped limits each connection to 40 MiB/s.
func BenchmarkFetchCapped(b *testing.B) {
	for _, jobs := range []int{1, 8} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) { benchFetch(b, jobs, 40<<20) })
	}
}

func benchFetch(b *testing.B, jobs int, perSecond int64) {
	blob := benchBlob(b, perSecond)
	dir := b.TempDir()
	measure(b, func() {
		batch, err := Open(dir).Fetch(b.Context(), []artifacts.Blob{blob}, &Options{Jobs: jobs})
		if err != nil {
			b.Fatal(err)
		}
		if err := batch.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkSerial(b *testing.B) {
	blob := benchBlob(b, 0)
	path := filepath.Join(b.TempDir(), "blob")
	measure(b, func() {
		if err := serial(b.Context(), blob, path); err != nil {
			b.Fatal(err)
		}
	})
}

func serial(ctx context.Context, blob artifacts.Blob, path string) error {
	body, err := blob.Open(ctx, 0, -1)
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer f.Close()
	h := digest.SHA256.Digester()
	if _, err := io.Copy(io.MultiWriter(f, h.Hash()), body); err != nil {
		return err
	}
	if h.Digest() != blob.Digest {
		return fmt.Errorf("digest %s", h.Digest())
	}
	return f.Sync()
}

func measure(b *testing.B, f func()) {
	b.SetBytes(benchSize)
	before := usage(b)
	for b.Loop() {
		f()
	}
	after := usage(b)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(cpu.Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(after.Maxrss)/1024, "peak-MiB")
}

func usage(b *testing.B) unix.Rusage {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u
}

// benchBlob serves a file of pattern data over HTTP.
func benchBlob(b *testing.B, perSecond int64) artifacts.Blob {
	path := filepath.Join(b.TempDir(), "origin")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	h := digest.SHA256.Digester()
	buf := make([]byte, 1<<20)
	for off := int64(0); off < benchSize; off += int64(len(buf)) {
		pattern(buf, 1, off)
		if _, err := io.MultiWriter(f, h.Hash()).Write(buf); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }))
	b.Cleanup(server.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: maxJobs, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	open := func(ctx context.Context, from, length int64) (io.ReadCloser, error) {
		body, err := get(ctx, client, server.URL, from, length)
		if err != nil || perSecond == 0 {
			return body, err
		}
		return &capped{ReadCloser: body, perSecond: perSecond, start: time.Now()}, nil
	}
	return artifacts.Blob{Digest: h.Digest(), Size: benchSize, Open: open}
}

func get(ctx context.Context, client *http.Client, url string, from, length int64) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if length >= 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+length-1))
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if want := map[bool]int{true: 206, false: 200}[length >= 0]; resp.StatusCode != want {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	return resp.Body, nil
}

// capped reads no faster than perSecond bytes.
type capped struct {
	io.ReadCloser
	perSecond, got int64
	start          time.Time
}

func (c *capped) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b[:min(len(b), 64<<10)])
	c.got += int64(n)
	time.Sleep(time.Until(c.start.Add(time.Duration(c.got * int64(time.Second) / c.perSecond))))
	return n, err
}
