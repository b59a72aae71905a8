package staging

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

func testAttempt(size int64, have ...span) *attempt {
	at := &attempt{item: &item{blob: artifacts.Blob{Size: size}}}
	for _, s := range have {
		at.written = at.written.add(s)
	}
	return at
}

// All that is missing is handed out once, the largest blob first, in long pieces at first and short ones at the end.
func TestQueueOrder(t *testing.T) {
	q := newQueue(4, 2)
	small, large := testAttempt(5<<20+1), testAttempt(1<<30, span{10 << 20, 11 << 20})
	q.add(small)
	q.add(large)
	var sizes []int64
	got := map[*attempt]ranges{}
	for range 1000 {
		p := q.cut()
		if p == nil {
			break
		}
		if p.at == large && len(got[small]) > 0 {
			t.Fatal("the small blob came first")
		}
		before := got[p.at].total()
		got[p.at] = got[p.at].add(span{p.pos, p.to})
		if got[p.at].total() != before+p.to-p.pos {
			t.Fatalf("%d-%d was handed out twice", p.pos, p.to)
		}
		sizes = append(sizes, p.to-p.pos)
	}
	if q.missing != 0 || !slices.Equal(got[small], ranges{{0, 5<<20 + 1}}) || !slices.Equal(got[large], ranges{{0, 10 << 20}, {11 << 20, 1 << 30}}) {
		t.Errorf("handed out %v", got)
	}
	if slices.Max(sizes) != maxPiece || sizes[len(sizes)-1] > 2*minPiece || len(sizes) > 70 {
		t.Errorf("pieces of %v", sizes)
	}
}

// An idle worker takes the end of the piece that would end last, and only if that saves time.
func TestQueueSteal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(3, 1)
		q.add(testAttempt(64 << 20))
		quick, slow := must(q.take(t.Context())), must(q.take(t.Context()))
		for q.cut() != nil {
		}
		quick.begin(func(error) {})
		slow.begin(func(error) {})
		time.Sleep(tooEarly / 2)
		if p := q.steal(); p != nil {
			t.Errorf("stole %v before a rate was known", p.left())
		}
		time.Sleep(tooEarly)
		for _, p := range []*piece{quick, slow} {
			p.arrived(p.left().len() - 4<<20)
		}
		if p := q.steal(); p != nil {
			t.Errorf("stole %v of a piece that ends soon", p.left())
		}
		time.Sleep(10 * time.Second)
		quick.arrived(4 << 20)
		before := slow.left()
		p := must(q.take(t.Context()))
		if mine, rest := p.left(), slow.left(); mine.to != before.to || mine.from != rest.to || rest.from != before.from || mine.len() < before.len()/2 {
			t.Errorf("stole %v, left %v, of %v", mine, rest, before)
		}
		// More may come than is still wanted.
		if _, wanted := slow.arrived(64 << 20); wanted != before.len()-p.left().len() {
			t.Errorf("%d wanted", wanted)
		}
	})
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(8)
		later := &artifacts.TemporaryError{Err: errors.New("429"), RetryAfter: time.Minute}
		enter := func(n int) (epochs []int) {
			for range n {
				epochs = append(epochs, must(g.enter(t.Context())))
			}
			return epochs
		}
		for _, epoch := range enter(8) {
			if err := g.leave(epoch, later); !errors.Is(err, later) {
				t.Errorf("error %v", err)
			}
		}
		start := time.Now()
		epochs := enter(1)
		if waited := time.Since(start); waited != time.Minute || g.limit != 4 {
			t.Errorf("waited %v, limit %d; want 1m and 4", waited, g.limit)
		}
		// Each round of good answers adds one.
		for want := 4; want <= 8; want++ {
			if g.limit != want {
				t.Fatalf("limit %d, want %d", g.limit, want)
			}
			for range want {
				g.leave(epochs[0], nil)
				epochs = enter(1)
			}
		}
		// Five refusals in a row are enough, but not with bytes between them.
		for i := range 5 {
			g.moved.Add(1)
			if err := g.leave(epochs[0], later); final(err) {
				t.Fatalf("refusal %d is final", i)
			}
			epochs = enter(1)
		}
		for i := range 4 {
			if err := g.leave(epochs[0], later); final(err) != (i == 3) {
				t.Fatalf("refusal %d: %v", i, err)
			}
			epochs = enter(1)
		}
		if g.limit != 1 {
			t.Errorf("limit %d, want 1", g.limit)
		}
	})
}

func final(err error) bool {
	var f *finalError
	return errors.As(err, &f)
}
