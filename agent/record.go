package agent

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"bcm/fsm"
)

// event is what a record of the journal tells of an attempt.
type event string

const (
	accepted     event = "accepted"     // the order has arrived
	started      event = "started"      // a role is about to begin
	finished     event = "finished"     // the role is through, with Outcome
	lost         event = "lost"         // given up unfinished, for Reason
	acknowledged event = "acknowledged" // a manager has taken the result, or refused it with Refused
)

// record is one line of the journal. It holds no secret: of an order, only what
// names it.
type record struct {
	Event   event         `cbor:"event"`
	At      fsm.Time      `cbor:"at"`
	ID      string        `cbor:"id"`
	Attempt int32         `cbor:"attempt"`
	Kind    fsm.OrderKind `cbor:"kind,omitempty"`    // of accepted
	Fence   *fsm.Fence    `cbor:"fence,omitempty"`   // of accepted
	Outcome *fsm.Outcome  `cbor:"outcome,omitempty"` // of finished
	Reason  string        `cbor:"reason,omitempty"`  // of lost
	Refused fsm.Code      `cbor:"refused,omitempty"` // of acknowledged
}

// The journal's file is a line that names its format, and frames: mark, length
// of the payload, CRC-32C of length and payload, payload.
const (
	journalFormat = "bcm-journal 1\n"
	frameMark     = 0x626a726e
	frameHead     = 12
	maxPayload    = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame adds the frame of one record to b.
func appendFrame(b []byte, r record) ([]byte, error) {
	payload, err := fsm.Encode(r)
	if err != nil {
		return nil, fmt.Errorf("journal record: %w", err)
	}
	if len(payload) > maxPayload {
		return nil, fmt.Errorf("journal record of %d bytes, at most %d fit", len(payload), maxPayload)
	}
	b = binary.BigEndian.AppendUint32(b, frameMark)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.BigEndian.AppendUint32(b, checksum(uint32(len(payload)), payload))
	return append(b, payload...), nil
}

func checksum(length uint32, payload []byte) uint32 {
	var head [4]byte
	binary.BigEndian.PutUint32(head[:], length)
	return crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, payload)
}

// frame cuts the frame at the beginning of b: its payload and its size. It is
// not ok when there is none, or not a whole one.
func frame(b []byte) (payload []byte, size int, ok bool) {
	if len(b) < frameHead || binary.BigEndian.Uint32(b) != frameMark {
		return nil, 0, false
	}
	n := binary.BigEndian.Uint32(b[4:])
	if n > maxPayload || uint32(len(b)-frameHead) < n {
		return nil, 0, false
	}
	payload = b[frameHead : frameHead+n]
	if checksum(n, payload) != binary.BigEndian.Uint32(b[8:]) {
		return nil, 0, false
	}
	return payload, frameHead + int(n), true
}

// damageError says where a journal cannot be read.
type damageError struct {
	Offset int
	Why    string
}

func (e *damageError) Error() string { return fmt.Sprintf("damaged at byte %d: %s", e.Offset, e.Why) }

// readJournal reads all records of a file and tells how many bytes of it are
// whole. What follows the last whole frame was being written when the process
// or the machine died, was never acted upon, and does not count; but when a
// whole frame follows it the file was damaged, and the error is a
// [*damageError].
func readJournal(data []byte) (records []record, whole int, err error) {
	if len(data) < len(journalFormat) && bytes.HasPrefix([]byte(journalFormat), data) {
		return nil, 0, nil // the file was just being made
	}
	if !bytes.HasPrefix(data, []byte(journalFormat)) {
		if bytes.HasPrefix(data, []byte("bcm-journal ")) {
			return nil, 0, &damageError{0, "it was written by a newer version of bcm; install that one"}
		}
		return nil, 0, &damageError{0, "it does not begin like a journal"}
	}
	whole = len(journalFormat)
	for whole < len(data) {
		payload, size, ok := frame(data[whole:])
		if !ok {
			if next := nextFrame(data[whole:]); next > 0 {
				return nil, whole, &damageError{whole, fmt.Sprintf("unreadable, though whole records follow at byte %d", whole+next)}
			}
			return records, whole, nil
		}
		var r record
		if err := fsm.Decode(payload, &r); err != nil {
			return nil, whole, &damageError{whole, fmt.Sprintf("a whole record of unknown form (%v)", err)}
		}
		records = append(records, r)
		whole += size
	}
	return records, whole, nil
}

// nextFrame finds the first whole frame after the beginning of b; 0 when there
// is none.
func nextFrame(b []byte) int {
	mark := binary.BigEndian.AppendUint32(nil, frameMark)
	for at := 1; at < len(b); at++ {
		i := bytes.Index(b[at:], mark)
		if i < 0 {
			return 0
		}
		at += i
		if _, _, ok := frame(b[at:]); ok {
			return at
		}
	}
	return 0
}
