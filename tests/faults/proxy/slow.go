package proxy

import (
	"errors"
	"net"
	"sync"
	"time"
)

// errBroken says that a fault ends a body.
var errBroken = errors.New("broken on purpose")

// slowBuffer is the send buffer of a slow connection, in bytes: what is counted as sent must not lie in the kernel for long.
// slowWrite is what is written at once, and slowBurst how much of the time that was slept too long is made up for.
const (
	slowBuffer = 128 << 10
	slowWrite  = 64 << 10
	slowBurst  = 50 * time.Millisecond
)

// slowListener caps the rate of each of its connections.
type slowListener struct {
	net.Listener
	rate int64
}

func (l *slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		if err := tcp.SetWriteBuffer(slowBuffer); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return &slowConn{Conn: c, rate: l.rate}, nil
}

// slowConn is a connection with a cap.
type slowConn struct {
	net.Conn
	rate int64

	mu  sync.Mutex
	due time.Time // when what was written until now may have been sent
}

func (c *slowConn) Write(data []byte) (done int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for err == nil && done < len(data) {
		if earliest := time.Now().Add(-slowBurst); c.due.Before(earliest) {
			c.due = earliest
		}
		n := min(len(data)-done, slowWrite)
		c.due = c.due.Add(time.Duration(float64(n) / float64(c.rate) * float64(time.Second)))
		n, err = c.Conn.Write(data[done : done+n])
		done += n
		time.Sleep(time.Until(c.due))
	}
	return done, err
}
