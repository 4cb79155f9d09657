package pki

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrHash is wrapped when a stored password hash is not one that this package
// would compute.
var ErrHash = errors.New("unusable password hash")

// phc is a password hash in the PHC string form:
// $argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<key>.
type phc struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
	salt   []byte
	key    []byte
}

// What new hashes cost: 19 MiB and about 30 ms of a processor. More memory would
// let a flood of logins exhaust a manager.
const (
	argonMemory = 19 * 1024
	argonPasses = 2
	argonLanes  = 1
	argonSalt   = 16
	argonKey    = 32
)

// What a stored hash may cost. One that came from elsewhere, and was chosen by
// somebody else, must not be able to take a manager's memory or time.
const (
	maxPHC    = 256
	maxMemory = 64 * 1024
	maxPasses = 8
	maxLanes  = 4
	minSalt   = 8
	minKey    = 16
	maxBytes  = 64
)

// HashPassword returns the argon2id hash of the password with a new random salt.
// It takes 19 MiB and tens of milliseconds: the caller bounds how many run at
// once.
func HashPassword(password string) string {
	h := phc{memory: argonMemory, passes: argonPasses, lanes: argonLanes, salt: make([]byte, argonSalt)}
	mustRead(h.salt)
	h.key = h.derive(password, argonKey)
	return h.String()
}

// CheckPassword tells whether the password is the hashed one, and whether it
// should be hashed anew because the cost of new hashes has changed since. Like
// [HashPassword] it is expensive on purpose. The error wraps [ErrHash] and never
// means that the password is wrong.
func CheckPassword(hash, password string) (ok bool, rehash bool, err error) {
	h, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	key := h.derive(password, len(h.key))
	ok = subtle.ConstantTimeCompare(key, h.key) == 1
	rehash = h.memory != argonMemory || h.passes != argonPasses || h.lanes != argonLanes ||
		len(h.salt) != argonSalt || len(h.key) != argonKey
	return ok, rehash, nil
}

func (h phc) derive(password string, size int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(size))
}

// String returns the one text that parsePHC reads as h.
func (h phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.passes, h.lanes, b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// parsePHC reads a hash and refuses one outside of the bounds above, before
// anything is computed.
func parsePHC(s string) (phc, error) {
	if len(s) > maxPHC {
		return phc{}, fmt.Errorf("%w: longer than %d characters", ErrHash, maxPHC)
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return phc{}, fmt.Errorf("%w: not argon2id in PHC form", ErrHash)
	}
	if parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, fmt.Errorf("%w: not argon2 version %d", ErrHash, argon2.Version)
	}
	h, err := parseCost(parts[3])
	if err != nil {
		return phc{}, err
	}
	if h.salt, err = parseBytes("salt", parts[4], minSalt); err != nil {
		return phc{}, err
	}
	if h.key, err = parseBytes("key", parts[5], minKey); err != nil {
		return phc{}, err
	}
	if h.String() != s {
		return phc{}, fmt.Errorf("%w: not in canonical form", ErrHash)
	}
	return h, nil
}

func parseCost(s string) (phc, error) {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return phc{}, fmt.Errorf("%w: its parameters are not m, t, p", ErrHash)
	}
	limits := [3]struct {
		name     string
		min, max uint64
	}{{"m=", 8, maxMemory}, {"t=", 1, maxPasses}, {"p=", 1, maxLanes}}
	var values [3]uint64
	for i, limit := range limits {
		digits, ok := strings.CutPrefix(fields[i], limit.name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || n < limit.min || n > limit.max {
			return phc{}, fmt.Errorf("%w: parameter %d is not %s%d to %d", ErrHash, i+1, limit.name, limit.min, limit.max)
		}
		values[i] = n
	}
	h := phc{memory: uint32(values[0]), passes: uint32(values[1]), lanes: uint8(values[2])}
	if h.memory < 8*uint32(h.lanes) {
		return phc{}, fmt.Errorf("%w: %d KiB for %d lanes", ErrHash, h.memory, h.lanes)
	}
	return h, nil
}

func parseBytes(what, s string, least int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < least || len(b) > maxBytes {
		return nil, fmt.Errorf("%w: its %s is not %d to %d bytes in base64", ErrHash, what, least, maxBytes)
	}
	return b, nil
}
