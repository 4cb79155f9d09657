package fsm

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// codec is the one encoding of the log, of snapshots and of what managers and
// agents say to each other: CBOR in its deterministic form. Reading is bounded in
// depth and in the size of containers, as bytes may come from a damaged disk.
//
// Text is taken as it is, valid UTF-8 or not: names of files may be neither.
type codec struct {
	enc    cbor.EncMode
	strict cbor.DecMode // for the log and snapshots: a field that is not known, or comes twice, is an error
	dec    cbor.DecMode // between members, which may be of different versions
}

func newCodec() codec {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	options := cbor.DecOptions{
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  16,
		MaxArrayElements: maxEntries,
		MaxMapPairs:      1 << 16,
		UTF8:             cbor.UTF8DecodeInvalid,
	}
	dec, err := options.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	options.DupMapKey = cbor.DupMapKeyEnforcedAPF
	options.ExtraReturnErrors = cbor.ExtraDecErrorUnknownField
	strict, err := options.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return codec{enc, strict, dec}
}

// maxEntries is how many entries a record of the log may have at most.
const maxEntries = 1 << 20

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
