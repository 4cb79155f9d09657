package pki

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// reference is the hash of "password" in the test program of argon2's authors.
const reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

func TestPassword(t *testing.T) {
	hash := HashPassword("correct horse battery")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	if hash == HashPassword("correct horse battery") {
		t.Error("the same salt twice")
	}
	for name, c := range map[string]struct {
		hash, password string
		ok, rehash     bool
	}{
		"right":            {hash, "correct horse battery", true, false},
		"wrong":            {hash, "correct horse batterz", false, false},
		"empty":            {hash, "", false, false},
		"right, but cheap": {reference, "password", true, true},
		"wrong and cheap":  {reference, "Password", false, true},
	} {
		ok, rehash, err := CheckPassword(c.hash, c.password)
		if ok != c.ok || rehash != c.rehash || err != nil {
			t.Errorf("%s: %v, %v, %v", name, ok, rehash, err)
		}
	}
}

// TestPasswordParameters sees every parameter go into the hash.
func TestPasswordParameters(t *testing.T) {
	for name, change := range map[string]func(*phc){
		"memory": func(h *phc) { h.memory *= 2 },
		"passes": func(h *phc) { h.passes++ },
		"lanes":  func(h *phc) { h.lanes++ },
		"salt":   func(h *phc) { h.salt = append([]byte("x"), h.salt...) },
	} {
		h := phc{memory: 64, passes: 1, lanes: 1, salt: []byte("saltsalt")}
		h.key = h.derive("secret", 32)
		change(&h)
		if ok, _, err := CheckPassword(h.String(), "secret"); ok || err != nil {
			t.Errorf("%s is not part of the hash: %v, %v", name, ok, err)
		}
	}
}

func TestCheckPasswordRefuses(t *testing.T) {
	const salt, key = "c2FsdHNhbHQ", "MDEyMzQ1Njc4OWFiY2RlZg"
	good := "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key
	if _, err := parsePHC(good); err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, hash := range map[string]string{
		"empty":               "",
		"plain":               "correct horse battery",
		"bcrypt":              "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2i":             replace("argon2id", "argon2i"),
		"no version":          replace("$v=19", ""),
		"old version":         replace("v=19", "v=16"),
		"all the memory":      replace("m=64", "m=4294967295"),
		"beyond 32 bits":      replace("m=64", "m=4294967360"),
		"too much memory":     replace("m=64", "m=65537"),
		"no memory":           replace("m=64", "m=0"),
		"negative memory":     replace("m=64", "m=-64"),
		"plus":                replace("m=64", "m=+64"),
		"leading zero":        replace("m=64", "m=064"),
		"memory below lanes":  replace("m=64,t=1,p=1", "m=8,t=1,p=2"),
		"too many passes":     replace("t=1", "t=9"),
		"no passes":           replace("t=1", "t=0"),
		"too many lanes":      replace("p=1", "p=5"),
		"lanes beyond a byte": replace("p=1", "p=257"),
		"no lanes":            replace("p=1", "p=0"),
		"other order":         replace("m=64,t=1", "t=1,m=64"),
		"more parameters":     replace("p=1", "p=1,x=1"),
		"parameter missing":   replace(",p=1", ""),
		"short salt":          replace(salt, "c2FsdA"),
		"no salt":             replace(salt, ""),
		"short key":           replace(key, "MDEyMzQ1"),
		"no key":              replace(key, ""),
		"padded":              good + "==",
		"newline in base64":   replace(salt, salt[:4]+"\n"+salt[4:]),
		"bits left over":      replace(salt, salt[:10]+"R"),
		"more after it all":   good + "$x",
		"something before":    "x" + good,
		"long salt":           replace(salt, strings.Repeat("AAAA", 22)),
		"long":                replace(key, strings.Repeat("A", 1000)),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			ok, rehash, err := CheckPassword(hash, "x")
			if ok || rehash || !errors.Is(err, ErrHash) {
				t.Errorf("%v, %v, %v", ok, rehash, err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("refused after %v of work", took)
			}
		})
	}
}

func TestCheckPolicy(t *testing.T) {
	for password, user := range map[string]string{
		"correct horse battery": "ada",
		"ada-loves-engines":     "ada",
		"839205718364":          "ada",
		"zwölf Zeichen":         "",
		"éclair-à-la-crème":     "ada",
		"my backup of tuesday":  "ada",
		"administrator-rosebud": "administrator",
	} {
		if err := CheckPolicy(password, user); err != nil {
			t.Errorf("%q for %q: %v", password, user, err)
		}
	}
	for name, c := range map[string]struct{ password, user, says string }{
		"empty":                 {"", "ada", "0 characters"},
		"short":                 {"elevenchars", "ada", "11 characters"},
		"short, many bytes":     {"üüüüüüüüüüü", "ada", "11 characters"},
		"long":                  {strings.Repeat("abcdefgh", 129), "ada", "1024 bytes"},
		"not text":              {"correct horse\xff", "ada", "UTF-8"},
		"the name":              {"lovelace-ada-1815", "Lovelace-Ada-1815", "user name"},
		"the name and a year":   {"Lovelace1815!", "lovelace", "user name"},
		"the name twice":        {"lovelaceLOVELACE", "lovelace", "user name"},
		"one character":         {"aaaaaaaaaaaaaaaa", "ada", "few characters"},
		"a pattern":             {"abababababab", "ada", "few characters"},
		"word and digits":       {"Password1234", "ada", "anybody tries"},
		"word with symbols":     {"P@$$w0rd1234", "ada", "anybody tries"},
		"word and year":         {"Willkommen123!", "ada", "anybody tries"},
		"two words":             {"admin-backup-1", "ada", "anybody tries"},
		"digits in order":       {"123456789012", "ada", "anybody tries"},
		"digits from the top":   {"987654321098", "ada", "anybody tries"},
		"a row of the keyboard": {"qwertyuiop12", "ada", "anybody tries"},
		"two rows":              {"asdfghjklzxcvbnm", "ada", "anybody tries"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := CheckPolicy(c.password, c.user); !errors.Is(err, ErrWeak) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: %v, want %q", c.password, err, c.says)
			}
		})
	}
}

func FuzzParsePHC(f *testing.F) {
	for _, seed := range []string{"", "$", "$$$$$", reference, HashPassword("x"), "$argon2id$v=19$m=4294967295,t=1,p=1$AAAA$AAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		h, err := parsePHC(in)
		if err != nil {
			if !errors.Is(err, ErrHash) {
				t.Error(err)
			}
			return
		}
		if h.String() != in {
			t.Errorf("%q was read as %q", in, h)
		}
		if h.memory > maxMemory || h.passes > maxPasses || h.lanes > maxLanes || h.memory < 8*uint32(h.lanes) || h.passes == 0 || h.lanes == 0 {
			t.Errorf("%q is out of bounds", in)
		}
	})
}
