package backup

import "strings"

// lastWords is how much of what a command said at its end is kept.
const lastWords = 2 << 10

// Tail keeps the last bytes that were written to it.
type Tail struct{ last []byte }

// Write keeps the end of what it gets, and of what it has.
func (t *Tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p...)
	if over := len(t.last) - lastWords; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(p), nil
}

// String is what is kept.
func (t *Tail) String() string { return string(t.last) }

// Last is the last line that says something.
func (t *Tail) Last() string {
	text := strings.TrimSpace(t.String())
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
