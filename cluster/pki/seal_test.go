package pki

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
)

func TestSeal(t *testing.T) {
	key := Key(NewSecret())
	for _, plain := range []string{"", "x", "repository password"} {
		sealed := Seal(key, "repository/r1", []byte(plain))
		got, err := Open(key, "repository/r1", sealed)
		if err != nil || string(got) != plain {
			t.Errorf("opened %q, %v, want %q", got, err, plain)
		}
		if len(plain) > 1 && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the sealed value shows what it hides")
		}
		if again := Seal(key, "repository/r1", []byte(plain)); bytes.Equal(sealed, again) {
			t.Error("the same nonce twice")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	key := Key(NewSecret())
	sealed := Seal(key, "repository/r1", []byte("hidden"))
	for name, c := range map[string]struct {
		key    Key
		aad    string
		sealed []byte
	}{
		"wrong key":   {Key(NewSecret()), "repository/r1", sealed},
		"wrong place": {key, "repository/r2", sealed},
		"no place":    {key, "", sealed},
		"empty":       {key, "repository/r1", nil},
		"only a byte": {key, "repository/r1", sealed[:1]},
		"longer":      {key, "repository/r1", append(slices.Clone(sealed), 0)},
		"zero key":    {Key{}, "repository/r1", sealed},
	} {
		if got, err := Open(c.key, c.aad, c.sealed); !errors.Is(err, ErrSealed) || got != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for i := range sealed {
		if got, err := Open(key, "repository/r1", sealed[:i]); !errors.Is(err, ErrSealed) || got != nil {
			t.Errorf("cut to %d bytes: %q, %v", i, got, err)
		}
		for bit := range 8 {
			changed := slices.Clone(sealed)
			changed[i] ^= 1 << bit
			if got, err := Open(key, "repository/r1", changed); !errors.Is(err, ErrSealed) || got != nil {
				t.Errorf("byte %d changed: %q, %v", i, got, err)
			}
		}
	}
}

// TestOpenOld holds the format: what a cluster has sealed must stay readable.
func TestOpenOld(t *testing.T) {
	var key Key
	for i := range key {
		key[i] = byte(i)
	}
	old := must[[]byte](t)(hex.DecodeString("01d43d0afd99a2d308e8db3c16b895d364158720cdbbef2e07c31b82dbbdd37fe47b0e"))
	if got, err := Open(key, "repository/r1", old); err != nil || string(got) != "hidden" {
		t.Errorf("opened %q, %v", got, err)
	}
}
