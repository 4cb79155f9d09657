package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// headSize is what a file has before the bytes of its blob.
const headSize = 64

// errDamaged is wrapped when a file in the store is not a whole blob.
var errDamaged = errors.New("damaged blob")

var headMagic = [8]byte{'b', 'c', 'm', 'b', 'l', 'o', 'b', '1'}

// head is what a file says of its blob.
type head struct {
	created time.Time
	size    int64
	sum     [32]byte
}

// encode lays the head out: magic 8, time 8, size 8, SHA-256 32, CRC-32C 4, zero 4.
func (h head) encode() []byte {
	b := make([]byte, headSize)
	copy(b, headMagic[:])
	binary.BigEndian.PutUint64(b[8:], uint64(h.created.UnixNano()))
	binary.BigEndian.PutUint64(b[16:], uint64(h.size))
	copy(b[24:], h.sum[:])
	binary.BigEndian.PutUint32(b[56:], crc32.Checksum(b[:56], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// readHead reads the head of a file that is so many bytes long. The error wraps
// errDamaged when the file is not what it says.
func readHead(r io.Reader, fileSize int64) (head, error) {
	b := make([]byte, headSize)
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it ends in its head", errDamaged)
		}
		return head{}, err
	}
	if !bytes.Equal(b[:8], headMagic[:]) {
		return head{}, fmt.Errorf("%w: it does not begin like one", errDamaged)
	}
	if crc32.Checksum(b[:56], crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(b[56:]) {
		return head{}, fmt.Errorf("%w: its head has a wrong checksum", errDamaged)
	}
	h := head{
		created: time.Unix(0, int64(binary.BigEndian.Uint64(b[8:]))),
		size:    int64(binary.BigEndian.Uint64(b[16:])),
	}
	copy(h.sum[:], b[24:])
	if h.size < 0 || fileSize != headSize+h.size {
		return head{}, fmt.Errorf("%w: %d bytes on disk, %d stored", errDamaged, fileSize-headSize, h.size)
	}
	return h, nil
}
