package fsm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
)

// A snapshot is a magic text, a header, the rows table by table in the order of
// their ids, an empty record, and the SHA-256 of all before it. A record is its
// length in four bytes, big endian, and that many bytes of CBOR.

const (
	snapshotMagic   = "bcm-snapshot-1\n"
	maxRecord       = 16 << 20
	maxSnapshotRows = 1 << 40
)

type snapshotHeader struct {
	Version int           `cbor:"version"`
	Index   uint64        `cbor:"index"`
	At      Time          `cbor:"at"`
	Tables  []tableHeader `cbor:"tables"`
}

type tableHeader struct {
	Name string `cbor:"name"`
	Rows int    `cbor:"rows"`
}

// WriteSnapshot writes the view in a form that [ReadSnapshot] reads. Two
// writings of equal states are equal byte for byte.
func (v *View) WriteSnapshot(w io.Writer) error {
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<18)
	if _, err := out.WriteString(snapshotMagic); err != nil {
		return err
	}
	head := snapshotHeader{Version: Version, Index: v.Index, At: v.At}
	for _, t := range v.list() {
		head.Tables = append(head.Tables, tableHeader{t.Name(), t.Len()})
	}
	if err := writeRecord(out, encode(head)); err != nil {
		return err
	}
	for _, t := range v.list() {
		if err := t.each(func(row any) error { return writeRecord(out, encode(row)) }); err != nil {
			return err
		}
	}
	if err := errors.Join(writeRecord(out, nil), out.Flush()); err != nil {
		return err
	}
	_, err := w.Write(sum.Sum(nil))
	return err
}

func writeRecord(w io.Writer, data []byte) error {
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(data)))
	if _, err := w.Write(size[:]); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// ReadSnapshot reads and verifies a snapshot. The view it gives is nobody's
// newest: it serves inspection, and restoring.
func ReadSnapshot(r io.Reader) (*View, error) {
	in := &summing{r: bufio.NewReaderSize(r, 1<<18), sum: sha256.New()}
	magic := make([]byte, len(snapshotMagic))
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != snapshotMagic {
		return nil, errors.New("this is not a bcm snapshot, or one of another format")
	}
	head, err := readHeader(in)
	if err != nil {
		return nil, err
	}
	t := newTables()
	if err := t.readRows(in, head); err != nil {
		return nil, err
	}
	end, err := in.record()
	if err != nil || len(end) != 0 {
		return nil, errors.New("snapshot is damaged: its end mark is missing")
	}
	want := in.sum.Sum(nil)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(in.r, got); err != nil || !bytes.Equal(got, want) {
		return nil, errors.New("snapshot is damaged: its checksum does not match")
	}
	return &View{Index: head.Index, At: head.At, tables: t, next: make(chan struct{})}, nil
}

func readHeader(in *summing) (snapshotHeader, error) {
	var head snapshotHeader
	data, err := in.record()
	if err != nil {
		return head, err
	}
	if err := wire.strict.Unmarshal(data, &head); err != nil {
		return head, fmt.Errorf("snapshot header cannot be read: %w", err)
	}
	if head.Version > Version {
		return head, fmt.Errorf("snapshot was written by a newer version (%d, this is %d): update this member", head.Version, Version)
	}
	return head, nil
}

// readRows reads the tables in the order in which the header names them.
func (t *tables) readRows(in *summing, head snapshotHeader) error {
	byName := make(map[string]anyTable)
	for _, table := range t.list() {
		byName[table.Name()] = table
	}
	for _, h := range head.Tables {
		table, ok := byName[h.Name]
		if !ok {
			return fmt.Errorf("snapshot has a table %q that this version does not know: update this member", h.Name)
		}
		if h.Rows < 0 || h.Rows > maxSnapshotRows {
			return fmt.Errorf("snapshot is damaged: table %q claims %d rows", h.Name, h.Rows)
		}
		if err := table.fill(h.Rows, in.record); err != nil {
			return err
		}
	}
	return nil
}

// summing reads a snapshot and hashes all that it reads.
type summing struct {
	r   *bufio.Reader
	sum hash.Hash
	buf []byte
}

func (s *summing) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum.Write(p[:n])
	return n, err
}

// record reads the next record, into memory that the one after it takes over.
func (s *summing) record() ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(s, size[:]); err != nil {
		return nil, fmt.Errorf("snapshot is cut off: %w", err)
	}
	n := int(binary.BigEndian.Uint32(size[:]))
	if n > maxRecord {
		return nil, fmt.Errorf("snapshot is damaged: a record claims %d bytes", n)
	}
	s.buf = s.buf[:0]
	for len(s.buf) < n { // grow with what is there, not with what is claimed
		part := min(n-len(s.buf), 64<<10)
		s.buf = slices.Grow(s.buf, part)
		got, err := io.ReadFull(s, s.buf[len(s.buf):len(s.buf)+part])
		s.buf = s.buf[:len(s.buf)+got]
		if err != nil {
			return nil, fmt.Errorf("snapshot is cut off: %w", err)
		}
	}
	return s.buf, nil
}
