package staging

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// The test program is also the process that gets killed: with areaEnv it fetches into that area, and writes to its standard
// output how far it is.
const (
	areaEnv   = "STAGING_TEST_AREA"
	stallEnv  = "STAGING_TEST_STALL" // set: the second half never arrives
	childSeed = 21
	childSize = 64 << 20 // more than twice what may be lost
)

func TestMain(m *testing.M) {
	dir := os.Getenv(areaEnv)
	if dir == "" {
		m.Run()
		return
	}
	if err := child(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(dir string) error {
	o := &origin{data: patterned(childSeed, childSize)}
	o.fault = func(_ int, from, _ int64) (io.ReadCloser, error) {
		if from >= childSize/2 && os.Getenv(stallEnv) != "" {
			return &blocked{done: make(chan struct{})}, nil
		}
		return nil, nil
	}
	blob := o.blob()
	b, err := Open(dir).Fetch(context.Background(), []artifacts.Blob{blob}, &Options{Progress: &reporter{}})
	if err != nil {
		return err
	}
	// Whole, and held: wait for the parent to end us.
	_, err = os.Stdout.Write(binary.BigEndian.AppendUint64(nil, wholeMark))
	if err == nil {
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	if err != nil {
		return err
	}
	return b.Close()
}

const wholeMark = 1 << 62

// reporter writes each number of bytes that arrived to standard output.
type reporter struct{ nobody }

func (*reporter) Start(_ digest.Digest, _, done int64) { report(done) }

func (*reporter) Advance(_ digest.Digest, n int64) { report(n) }

func report(n int64) {
	if _, err := os.Stdout.Write(binary.BigEndian.AppendUint64(nil, uint64(n))); err != nil {
		panic(err)
	}
}

type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
	total int64
	whole bool
}

func startChild(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(append(os.Environ(), areaEnv+"="+dir), env...)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	return p
}

// read follows the reports until so many bytes have arrived, or the child is at its end.
func (p *process) read(until int64) {
	var b [8]byte
	for p.total < until && !p.whole {
		if _, err := io.ReadFull(p.out, b[:]); err != nil {
			return
		}
		if n := binary.BigEndian.Uint64(b[:]); n == wholeMark {
			p.whole = true
		} else {
			p.total += int64(n)
		}
	}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	p.read(1 << 62)
	if err := p.cmd.Wait(); err == nil {
		t.Error("the child ended before it was killed")
	}
}

func TestResumeAfterKill(t *testing.T) {
	data := patterned(childSeed, childSize)
	const times = 8 // each in another part of the blob
	for seed := range times {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			a := Open(filepath.Join(t.TempDir(), "area"))
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			p := startChild(t, a.dir)
			p.read(int64(seed)*childSize/times + random.Int64N(childSize/times))
			p.kill(t)
			arrived := min(p.total, childSize)
			o := &origin{data: data}
			b := mustFetch(t, a, nil, o.blob())
			_, served := o.counts()
			if again := served - (childSize - arrived); again > maxUnsynced || again < 0 {
				t.Errorf("%d bytes fetched again after %d of %d had arrived, want at most %d", again, arrived, childSize, maxUnsynced)
			}
			mustClose(t, b)
			if left := files(t, a); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// fingerprint names a file's bytes for a failure message.
func fingerprint(b []byte) string {
	h := fnv.New32a()
	h.Write(b)
	return fmt.Sprintf("%d bytes, %08x", len(b), h.Sum32())
}

// interrupted makes an area in which two thirds of data have arrived.
func interrupted(t *testing.T, data []byte) (*Area, Entry) {
	t.Helper()
	a := Open(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	o := &origin{data: data}
	o.fault = func(_ int, from, _ int64) (io.ReadCloser, error) {
		if from > int64(len(data))*2/3 {
			cancel()
			return nil, ctx.Err()
		}
		return nil, nil
	}
	if _, err := a.Fetch(ctx, []artifacts.Blob{o.blob()}, &Options{Jobs: 1}); err == nil {
		t.Fatal("not interrupted")
	}
	entries, err := a.Entries()
	if err != nil || len(entries) != 1 || entries[0].Bytes < int64(len(data))/2 {
		t.Fatalf("after an interruption: %v, %v", entries, err)
	}
	return a, entries[0]
}

func TestResumeOfDamaged(t *testing.T) {
	data := patterned(9, 30<<20)
	size := int64(len(data))
	for name, c := range map[string]struct {
		damage func(t *testing.T, p place)
		served func(kept int64) int64 // what the origin must serve
	}{
		"nothing":         {func(*testing.T, place) {}, func(kept int64) int64 { return size - kept }},
		"journal torn":    {func(t *testing.T, p place) { cutFile(t, p.file(journalSuffix)) }, func(int64) int64 { return size }},
		"journal altered": {func(t *testing.T, p place) { flip(t, p.file(journalSuffix), 90) }, func(int64) int64 { return size }},
		"journal empty":   {func(t *testing.T, p place) { rewrite(t, p.file(journalSuffix), nil) }, func(int64) int64 { return size }},
		"journal gone":    {func(t *testing.T, p place) { remove(t, p.file(journalSuffix)) }, func(int64) int64 { return size }},
		"part gone":       {func(t *testing.T, p place) { remove(t, p.file(partSuffix)) }, func(int64) int64 { return size }},
		"part short":      {func(t *testing.T, p place) { cutFile(t, p.file(partSuffix)) }, func(int64) int64 { return size }},
		"part replaced": {func(t *testing.T, p place) {
			rewrite(t, p.file(partSuffix)+"x", data)
			if err := os.Rename(p.file(partSuffix)+"x", p.file(partSuffix)); err != nil {
				t.Fatal(err)
			}
		}, func(int64) int64 { return size }},
		"part is a link": {func(t *testing.T, p place) {
			target := filepath.Join(t.TempDir(), "target")
			if err := os.Rename(p.file(partSuffix), target); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, p.file(partSuffix)); err != nil {
				t.Fatal(err)
			}
		}, func(int64) int64 { return size }},
		// Found when the blob is complete, so all of it is fetched again.
		"part altered": {func(t *testing.T, p place) { flip(t, p.file(partSuffix), 1<<20) }, func(kept int64) int64 { return size - kept + size }},
		"foreign journal": {func(t *testing.T, p place) {
			j := must(readJournal(p.file(journalSuffix)))
			j.Digest = digest.FromString("another")
			if err := j.write(p); err != nil {
				t.Fatal(err)
			}
		}, func(int64) int64 { return size }},
		"whole of another size": {func(t *testing.T, p place) { rewrite(t, p.blob(), data[:100]) }, func(kept int64) int64 { return size - kept }},
	} {
		t.Run(name, func(t *testing.T) {
			a, entry := interrupted(t, data)
			c.damage(t, a.place(entry.Digest))
			w := newWatcher()
			o := &origin{data: data}
			b := mustFetch(t, a, &Options{Progress: w}, o.blob())
			w.check(t, o.blob())
			if _, served := o.counts(); served != c.served(entry.Bytes) {
				t.Errorf("origin served %d, want %d (%d were kept of %s)", served, c.served(entry.Bytes), entry.Bytes, fingerprint(data))
			}
			mustClose(t, b)
		})
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	b := must(os.ReadFile(path))
	b[at] ^= 0x20
	f := must(os.OpenFile(path, os.O_WRONLY, 0))
	defer f.Close()
	must(f.WriteAt(b[at:at+1], int64(at)))
}

func rewrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func cutFile(t *testing.T, path string) {
	t.Helper()
	if err := os.Truncate(path, must(os.Stat(path)).Size()/2); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
