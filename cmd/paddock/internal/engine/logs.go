package engine

// Logs returns what prints the last lines of the log of the container of that name, its two streams to those of the process;
// both engines spell it alike.
func Logs(e Engine, name string) []string {
	program := e.State(name)[0]
	return []string{program, "logs", "--tail", "200", name}
}
