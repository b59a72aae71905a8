package cli

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
)

// maxSecret bounds a passphrase or a password, in bytes.
const maxSecret = 32 << 10

// firstLine reads the first line of a file, without its end, as gpg does with a passphrase.
func firstLine(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return readLine(f)
}

func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxSecret)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}
