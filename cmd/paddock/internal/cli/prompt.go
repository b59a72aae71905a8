package cli

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// prompt asks a person, or reads what a script gives it instead.
type prompt struct {
	env   *Env
	lines *bufio.Reader
}

func newPrompt(env *Env) *prompt {
	return &prompt{env: env, lines: bufio.NewReaderSize(io.LimitReader(env.In, maxSecret), 4096)}
}

// user asks for a name; an empty answer is the one that is known.
func (p *prompt) user(known string) (string, error) {
	question := "Username: "
	if known != "" {
		question = "Username (" + known + "): "
	}
	ui.Ask(p.env.Err, question)
	line, err := p.line()
	if err == nil && strings.TrimSpace(line) == "" {
		line = known
	}
	return strings.TrimSpace(line), err
}

// password reads a line that is not shown. With all it is all of stdin, but for the end of its line.
func (p *prompt) password(all bool) (string, error) {
	if all {
		text, err := io.ReadAll(p.lines)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	ui.Ask(p.env.Err, "Password: ")
	terminal, ok := p.env.In.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return p.line()
	}
	secret, err := term.ReadPassword(int(terminal.Fd()))
	ui.Ask(p.env.Err, "\n")
	return string(secret), err
}

func (p *prompt) line() (string, error) {
	line, err := p.lines.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}
