package pki

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// ErrSealed is wrapped when a sealed value does not open: another key, another
// place than it was sealed for, a changed or cut value, an unknown version.
var ErrSealed = errors.New("sealed value does not open")

// Key seals and opens. It shows nothing of itself when printed.
type Key [32]byte

// Format writes a placeholder instead of the key, whatever the verb.
func (Key) Format(out fmt.State, _ rune) { _, _ = io.WriteString(out, "key(hidden)") }

// sealV1 is the first byte of a sealed value: AES-256-GCM, a random nonce of 96
// bits in front, and as additional data this byte and then the place.
const sealV1 = 1

// Seal encrypts plain for the place aad names, such as "repository/ID". It opens
// only with the same key and place, so that a sealed value moved to another row
// is noticed. One key may seal 2^32 values.
func Seal(key Key, aad string, plain []byte) []byte {
	return sealer(key).Seal([]byte{sealV1}, nil, plain, place(aad))
}

// Open returns what was sealed for the place. The error wraps [ErrSealed].
func Open(key Key, aad string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrSealed)
	}
	if sealed[0] != sealV1 {
		return nil, fmt.Errorf("%w: version %d is unknown", ErrSealed, sealed[0])
	}
	plain, err := sealer(key).Open(nil, nil, sealed[1:], place(aad))
	if err != nil {
		return nil, fmt.Errorf("%w: wrong key, wrong place or damaged", ErrSealed)
	}
	return plain, nil
}

func place(aad string) []byte { return append([]byte{sealV1}, aad...) }

// sealer cannot fail: the only errors are of a key or a block of another size.
func sealer(key Key) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}
