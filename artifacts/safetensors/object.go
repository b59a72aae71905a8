package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// allowance is a reader that yields so many bytes and then fails, until it is given more. The JSON decoder buffers a
// whole value; this bounds how much that is.
type allowance struct {
	r    io.Reader
	left int
	err  error // what went wrong below the decoder
}

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		a.err = errors.New("a member of the JSON object is too long")
		return 0, a.err
	}
	n, err := a.r.Read(p[:min(len(p), a.left)])
	a.left -= n
	if err != nil && !errors.Is(err, io.EOF) {
		a.err = err
	}
	return n, err
}

// objects decodes JSON objects as a stream, member by member.
type objects struct {
	json  *json.Decoder
	input *allowance
}

// document decodes input that is one JSON object; only white space may follow it. each is called with every key, and
// must decode the value. Input that ends too early is io.ErrUnexpectedEOF.
func document(r io.Reader, each func(o *objects, key string) error) error {
	a := &allowance{r: r, left: maxMember}
	o := &objects{json: json.NewDecoder(a), input: a}
	err := o.object(func(key string) error { return each(o, key) })
	if err == nil {
		if _, err = o.json.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err == nil {
			err = errors.New("there is more after the JSON object")
		}
	}
	if a.err != nil {
		return a.err
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// object decodes the object that comes next.
func (o *objects) object(each func(key string) error) error {
	token, err := o.json.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return errors.New("it is not a JSON object")
	}
	for o.json.More() {
		o.input.left = maxMember
		token, err := o.json.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("%v is no key", token)
		}
		if err := each(key); err != nil {
			return fmt.Errorf("decoding %.80q: %w", key, err)
		}
	}
	_, err = o.json.Token()
	return err
}

// value decodes a value that may be longer than members usually are, up to limit bytes.
func (o *objects) value(to any, limit int) error {
	o.input.left = limit
	return o.json.Decode(to)
}
