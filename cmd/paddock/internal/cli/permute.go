package cli

import "strings"

// line is a command line taken apart.
//
// The library that runs the commands stops looking for flags at the first argument and drops the rest without a word.
// So every line is first brought into the order that it understands: each command word followed by its own flags, then
// the arguments.
type line struct {
	path   []string   // the command words as typed
	flags  [][]string // flags[n] belong after n command words
	before []string   // arguments before "--"
	after  []string   // what follows "--", untouched
	dashes bool       // whether there was a "--"
	help   bool       // whether help was asked for
	levels []*grammar
}

// permute brings args into an order in which no flag is missed: flags may stand anywhere before "--". Each flag is
// spelled by its full name, with its value joined ("-p 80" becomes "--port=80", "-dq" "--detach --quiet"), and belongs
// to the innermost command that knows it. What follows "--" is not looked at. permute(permute(x)) == permute(x).
// The error is a usage error that names the word; the line holds what was understood so far.
func permute(g *grammar, args []string) ([]string, *line, error) {
	l := &line{flags: [][]string{nil}, levels: []*grammar{g}}
	for len(args) > 0 {
		used, err := l.take(args)
		if err != nil {
			return nil, l, err
		}
		args = args[used:]
	}
	return l.args(), l, nil
}

// take reads the next word, with its value if it has one, and returns how many words that were.
func (l *line) take(args []string) (int, error) {
	word, here := args[0], l.levels[len(l.levels)-1]
	switch {
	case word == "--" && len(here.subs) > 0:
		return 0, usagef(`"--" stands before the command; it ends the flags of a command`)
	case word == "--":
		l.dashes, l.after = true, args[1:]
		return len(args), nil
	case strings.HasPrefix(word, "-") && word != "-":
		return l.takeFlag(args)
	case len(here.subs) > 0:
		return 1, l.takeCommand(word)
	default:
		l.before = append(l.before, word)
		return 1, nil
	}
}

func (l *line) takeCommand(word string) error {
	here := l.levels[len(l.levels)-1]
	sub, ok := here.subs[word]
	if !ok {
		return unknownCommand(here, word)
	}
	l.path = append(l.path, word)
	l.levels = append(l.levels, sub)
	l.flags = append(l.flags, nil)
	return nil
}

func (l *line) takeFlag(args []string) (int, error) {
	if long, ok := strings.CutPrefix(args[0], "--"); ok {
		return l.takeLong(long, args)
	}
	// One dash before a full name is the habit of Go programs.
	name, _, _ := strings.Cut(args[0][1:], "=")
	if _, _, known := l.find(name); len(name) > 1 && (known || name == "help") {
		return l.takeLong(args[0][1:], args)
	}
	return l.takeShort(args)
}

// takeLong reads --name, --name=value and --name value.
func (l *line) takeLong(word string, args []string) (int, error) {
	name, value, joined := strings.Cut(word, "=")
	form, level, known := l.find(name)
	switch {
	case !known && name == "help" && !joined:
		l.help = true
		return 1, nil
	case !known:
		return 0, l.unknownFlag("--" + name)
	case joined:
		l.put(level, form, &value)
		return 1, nil
	case form.alone:
		l.put(level, form, nil)
		return 1, nil
	case len(args) == 1:
		return 0, usagef("flag --%s wants a value", name)
	}
	l.put(level, form, &args[1])
	return 2, nil
}

// takeShort reads -x, -x=value, -xvalue and bundles such as -dq or -dp80.
func (l *line) takeShort(args []string) (int, error) {
	letters := []rune(args[0][1:])
	for i, letter := range letters {
		rest := string(letters[i+1:])
		value, joined := strings.CutPrefix(rest, "=")
		form, level, known := l.find(string(letter))
		switch {
		case !known && letter == 'h' && !joined:
			l.help = true
		case !known:
			return 0, l.unknownFlag(args[0])
		case joined || !form.alone && rest != "":
			l.put(level, form, &value)
			return 1, nil
		case form.alone:
			l.put(level, form, nil)
		case len(args) == 1:
			return 0, usagef("flag -%c wants a value", letter)
		default:
			l.put(level, form, &args[1])
			return 2, nil
		}
	}
	return 1, nil
}

// find looks a flag up from the innermost command outwards.
func (l *line) find(name string) (flagForm, int, bool) {
	for level := len(l.levels) - 1; level >= 0; level-- {
		if form, ok := l.levels[level].flags[name]; ok {
			return form, level, true
		}
	}
	return flagForm{}, 0, false
}

func (l *line) put(level int, form flagForm, value *string) {
	word := "--" + form.name
	if value != nil {
		word += "=" + *value
	}
	l.flags[level] = append(l.flags[level], word)
}

// args writes the line in the order that the library reads.
func (l *line) args() []string {
	out := append([]string{}, l.flags[0]...)
	for i, word := range l.path {
		out = append(append(out, word), l.flags[i+1]...)
	}
	if l.help {
		out = append(out, "--help")
	}
	out = append(out, l.before...)
	if l.dashes {
		out = append(append(out, "--"), l.after...)
	}
	return out
}
