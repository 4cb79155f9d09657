package fsm

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// codec is the one encoding of the log, of snapshots and of what managers and
// agents say to each other: CBOR in its deterministic form. Reading is strict
// about duplicate keys and bounded in depth and size of containers, as bytes
// may come from a damaged disk.
type codec struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

func newCodec() codec {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	dec, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  16,
		MaxArrayElements: 1 << 20,
		MaxMapPairs:      1 << 16,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return codec{enc, dec}
}

// wire never changes once the program runs.
var wire = newCodec()

// Encode gives v in the encoding that members speak to each other.
func Encode(v any) ([]byte, error) { return wire.enc.Marshal(v) }

// Decode reads into v what [Encode] wrote.
func Decode(data []byte, v any) error { return wire.dec.Unmarshal(data, v) }

// encode is for rows and commands, whose types are known to have an encoding.
func encode(v any) []byte {
	b, err := wire.enc.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("fsm: %T has no encoding: %v", v, err))
	}
	return b
}
