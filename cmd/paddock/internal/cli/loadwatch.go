package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// loadWatch passes on a server's log, and finds in it why the model could not be loaded. It is safe for concurrent use.
type loadWatch struct {
	out io.Writer

	mu    sync.Mutex
	line  []byte // what came of the present line, up to maxLogLine
	found *workload.LoadError
}

// maxLogLine is how much of a line is looked at, in bytes.
const maxLogLine = 4 << 10

// Write implements io.Writer.
func (w *loadWatch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, part[:min(len(part), maxLogLine-len(w.line))]...)
		if whole {
			w.look()
		}
		rest = after
	}
	return w.out.Write(p)
}

// look takes in a line that is whole. The first cause counts, as those after it follow from it; a model that was loaded in the
// end had none.
func (w *loadWatch) look() {
	switch {
	case bytes.Contains(w.line, []byte("model loaded")):
		w.found = nil
	case w.found == nil:
		w.found = workload.ExplainLoad(string(w.line))
	}
	w.line = w.line[:0]
}

// explain says of a server that failed why that was, if its log tells, and what to do.
func (w *loadWatch) explain(err error, spec *workload.Spec) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.look(); w.found == nil {
		return err
	}
	err = fmt.Errorf("%w: %s", err, w.found.Why)
	switch {
	case w.found.Damaged:
		return WithHint(err, "paddock ensure --verify "+spec.Model)
	case w.found.Missing:
		return WithHint(err, "paddock inspect "+spec.Model)
	}
	return err
}

// serveForeground runs the server until it ends.
func serveForeground(ctx context.Context, env *Env, spec *workload.Spec, argv []string) error {
	streams := &engine.Streams{In: env.In, Out: env.Out, Err: env.Err}
	if _, closed := env.Out.(NoOutput); closed {
		streams.Out = nil // a server without anybody to listen is none the worse
	}
	if spec.Runtime == workload.VLLM {
		return env.Services.Run(ctx, argv, streams)
	}
	watch := &loadWatch{out: env.Err}
	streams.Err = watch
	err := env.Services.Run(ctx, argv, streams)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return watch.explain(fmt.Errorf("serving %s: %w", spec.Model, err), spec)
}

// explainEnded reads the log of a container that has ended. A log that cannot be read leaves err as it is.
func explainEnded(ctx context.Context, env *Env, eng engine.Engine, spec *workload.Spec, err error) error {
	if spec.Runtime == workload.VLLM || ctx.Err() != nil {
		return err
	}
	watch := &loadWatch{out: io.Discard}
	if logErr := env.Services.Run(ctx, engine.Logs(eng, spec.Name), &engine.Streams{Out: watch, Err: watch}); logErr != nil {
		env.Log().Debug("the server's log cannot be read", "container", spec.Name, "error", logErr)
		return err
	}
	return watch.explain(err, spec)
}
