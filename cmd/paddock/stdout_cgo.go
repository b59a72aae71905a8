//go:build cgo

package main

// Go's runtime opens /dev/null in place of a closed standard output, where everything can be written to (runtime, checkfds). What is
// below runs before it.

// #include <fcntl.h>
//
// static int stdout_closed;
//
// __attribute__((constructor)) static void look_at_stdout(void) {
// 	stdout_closed = fcntl(1, F_GETFD) == -1;
// }
//
// static int was_stdout_closed(void) { return stdout_closed; }
import "C"

// stdoutClosed says whether the process was started without a standard output.
func stdoutClosed() bool { return C.was_stdout_closed() != 0 }
