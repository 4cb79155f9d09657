package pki

import (
	"crypto/sha256"
	"errors"
	"regexp"
	"strings"
	"testing"
)

var samplePin = strings.Repeat("0123456789abcdef", 4)

func TestTokenRoundTrip(t *testing.T) {
	for _, manager := range []bool{true, false} {
		token := NewToken(manager, samplePin)
		form := regexp.MustCompile(`^bcm1-[am]-[a-z2-7]{26}-[a-z2-7]{52}-[0-9a-f]{64}$`)
		if !form.MatchString(token.String()) {
			t.Errorf("token %s", token)
		}
		got, err := ParseToken(" " + token.String() + "\n")
		if err != nil || got != token || got.Manager != manager {
			t.Errorf("read back %+v, %v, want %+v", got, err, token)
		}
		if sum := sha256.Sum256([]byte(token.Secret)); !EqualHash(token.Hash(), sum[:]) {
			t.Error("the hash is not the secret's SHA-256")
		}
	}
}

func TestParseTokenRefuses(t *testing.T) {
	token := NewToken(false, samplePin)
	good := token.String()
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, c := range map[string]struct{ text, says string }{
		"empty":             {"", "begin with"},
		"an address":        {"grid.example:7443", "begin with"},
		"another version":   {replace("bcm1-", "bcm2-"), "begin with"},
		"upper case":        {strings.ToUpper(good), "begin with"},
		"cut":               {good[:strings.LastIndex(good, "-")], "4 parts"},
		"cut in the pin":    {good[:len(good)-1], "pin"},
		"cut by a byte":     {good[:len(good)-2], "pin"},
		"two tokens":        {good + "-" + good, "10 parts"},
		"unknown kind":      {replace("-a-", "-x-"), "neither"},
		"no kind":           {replace("-a-", "--"), "neither"},
		"short id":          {replace(token.ID, token.ID[1:]), "id"},
		"no id":             {replace(token.ID, ""), "id"},
		"id not canonical":  {replace(token.ID, strings.Repeat("a", 25)+"b"), "id"},
		"upper-case id":     {replace(token.ID, strings.ToUpper("a"+token.ID[1:])), "id"},
		"newline in id":     {replace(token.ID, token.ID[:5]+"\n"+token.ID[5:]), "id"},
		"short secret":      {replace(token.Secret, token.Secret[1:]), "secret"},
		"no secret":         {replace(token.Secret, ""), "secret"},
		"zero in secret":    {replace(token.Secret, "0"+token.Secret[1:]), "secret"},
		"upper-case pin":    {replace(samplePin, strings.ToUpper(samplePin)), "pin"},
		"pin no hex":        {replace(samplePin, "x"+samplePin[1:]), "pin"},
		"more after it all": {good + "-x", "6 parts"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseToken(c.text)
			if !errors.Is(err, ErrToken) || got != (Token{}) {
				t.Fatalf("read as %+v, %v", got, err)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
			if strings.Contains(err.Error(), token.Secret[2:20]) {
				t.Errorf("%q repeats the secret", err)
			}
		})
	}
}

func TestRandomTexts(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		id, bearer := NewID(), NewBearer(BearerAPI)
		if len(id) != 26 || !validName(id) {
			t.Fatalf("id %q", id)
		}
		if rest, ok := strings.CutPrefix(bearer, "bcmt_"); !ok || len(rest) != 52 {
			t.Fatalf("bearer token %q", bearer)
		}
		if seen[id] || seen[bearer] {
			t.Fatal("the same twice")
		}
		seen[id], seen[bearer] = true, true
	}
	if one, two := NewSecret(), NewSecret(); one == two || !strings.HasPrefix(NewBearer(BearerSession), "bcms_") {
		t.Error("the same secret twice, or a session without its prefix")
	}
}

func TestEqualHash(t *testing.T) {
	a, b := HashSecret("a"), HashSecret("b")
	for name, c := range map[string]struct {
		a, b []byte
		want bool
	}{
		"equal":      {a, HashSecret("a"), true},
		"different":  {a, b, false},
		"a prefix":   {a, a[:31], false},
		"one empty":  {a, nil, false},
		"both empty": {nil, []byte{}, false},
	} {
		if got := EqualHash(c.a, c.b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	good := NewToken(true, samplePin).String()
	for _, seed := range []string{"", "bcm1-", good, good[:40], strings.ToUpper(good), "bcm1-a---", good + "-", " " + good + "\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		token, err := ParseToken(in)
		if err != nil {
			if !errors.Is(err, ErrToken) || token != (Token{}) {
				t.Errorf("%+v, %v", token, err)
			}
			return
		}
		if token.String() != strings.TrimSpace(in) {
			t.Errorf("%q was read as %q", in, token)
		}
	})
}
