package ollama

import (
	"net/http"
	"time"
)

// counting counts the bytes of bodies.
type counting struct {
	http.ResponseWriter
	r *Registry
}

func (c *counting) Write(p []byte) (int, error) {
	time.Sleep(c.r.o.Pause)
	n, err := c.ResponseWriter.Write(p)
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.sent += int64(n)
	return n, err
}
