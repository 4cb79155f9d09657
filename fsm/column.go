package fsm

import (
	"bytes"
	"strings"
)

// column holds the searchable texts of a table's rows one behind the other, in
// lower case, so that a substring is sought through memory that lies in order
// instead of row by row. It only grows at its end: a copy of its header is a
// view of it that never changes. Texts that are out of date stay until there is
// more of them than of the others; who searches asks the row.
//
// An entry is the id of its row, then each text behind a textMark, then an
// entryMark: bytes that are in no valid text.
type column struct {
	full  [][]byte
	tail  []byte
	dead  int // bytes of entries that are out of date
	bytes int // of all entries
}

const (
	textMark  = 0xFE
	entryMark = 0xFF
	chunkSize = 64 << 10
	deadLeast = 1 << 20 // bytes that are not worth cleaning up
)

// add puts the texts of a row at the end.
func (c *column) add(entry []byte) {
	if len(c.tail)+len(entry) > cap(c.tail) {
		if c.tail != nil {
			c.full = append(c.full, c.tail)
		}
		c.tail = make([]byte, 0, max(chunkSize, len(entry)))
	}
	c.tail = append(c.tail, entry...)
	c.bytes += len(entry)
}

// outdated tells that an entry of so many bytes is one no longer, and answers
// whether it is time to write the column anew.
func (c *column) outdated(size int) bool {
	c.dead += size
	return c.dead > deadLeast && c.dead > c.bytes/2
}

// search gives the ids in whose entries q, in lower case, is found; an id may
// come several times.
func (c *column) search(q string, yield func(id string) bool) {
	want := []byte(q)
	for _, chunk := range c.full {
		if !searchChunk(chunk, want, yield) {
			return
		}
	}
	searchChunk(c.tail, want, yield)
}

func searchChunk(chunk, want []byte, yield func(id string) bool) bool {
	for {
		at := bytes.Index(chunk, want)
		if at < 0 || len(chunk) == 0 {
			return true
		}
		begin := bytes.LastIndexByte(chunk[:at], entryMark) + 1
		id := chunk[begin : begin+bytes.IndexByte(chunk[begin:], textMark)]
		if !yield(string(id)) {
			return false
		}
		chunk = chunk[at+bytes.IndexByte(chunk[at:], entryMark)+1:]
	}
}

// entryOf makes the entry of a row, in buf.
func (s *schema[T]) entryOf(row *T, buf []byte) []byte {
	id := s.meta(row).ID
	buf = append(buf[:0], id...)
	buf = append(buf, textMark)
	text := func(t string) {
		if t != "" {
			buf = append(buf, strings.ToLower(t)...)
			buf = append(buf, textMark)
		}
	}
	if strings.ToLower(id) != id {
		text(id)
	}
	if s.label != nil {
		text(*s.label(row))
	}
	if s.texts != nil {
		s.texts(row, text)
	}
	return append(buf, entryMark)
}
