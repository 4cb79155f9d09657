package pki

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrWeak is wrapped when a password may not be chosen. The text says why, for
// the person who chose it.
var ErrWeak = errors.New("password refused")

const (
	// MinPassword is the least length of a password, in characters.
	MinPassword = 12
	// maxPassword bounds the work that one password can cause, in bytes.
	maxPassword = 1024
	// minRest is how many characters must remain once the user's name is taken out.
	minRest = 8
	// minOwn is how many must remain once well-known words and runs are.
	minOwn = 6
	// minRun is the least length of a run.
	minRun = 4
	// minDistinct is how many different characters a password has at least.
	minDistinct = 5
)

// CheckPolicy refuses passwords that are too short or among the first that
// anybody tries: one of a few well-known words with a little around it, a row of
// the keyboard, the user's own name. It asks for no mixture of
// character classes, which makes passwords worse. The error wraps [ErrWeak].
func CheckPolicy(password, username string) error {
	if !utf8.ValidString(password) {
		return fmt.Errorf("%w: it is not valid UTF-8", ErrWeak)
	}
	if n := utf8.RuneCountInString(password); n < MinPassword {
		return fmt.Errorf("%w: it has %d characters, at least %d are needed", ErrWeak, n, MinPassword)
	}
	if len(password) > maxPassword {
		return fmt.Errorf("%w: it is longer than %d bytes", ErrWeak, maxPassword)
	}
	lower := strings.ToLower(password)
	name := strings.ToLower(strings.TrimSpace(username))
	if name != "" && strings.Contains(lower, name) &&
		utf8.RuneCountInString(strings.ReplaceAll(lower, name, "")) < minRest {
		return fmt.Errorf("%w: it is little more than the user name", ErrWeak)
	}
	if distinct(lower) < minDistinct {
		return fmt.Errorf("%w: it repeats too few characters", ErrWeak)
	}
	if wellKnown(lower) {
		return fmt.Errorf("%w: it is one of the first that anybody tries", ErrWeak)
	}
	return nil
}

func distinct(s string) int {
	seen := make(map[rune]bool)
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// runs are the sequences that fingers make by themselves.
func runs() []string {
	return []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "09876543210", "qwertyuiop", "qwertzuiop", "azertyuiop",
		"asdfghjkl", "zxcvbnm", "yxcvbnm", "1qaz2wsx3edc4rfv5tgb", "1q2w3e4r5t6z7u8i", "1q2w3e4r5t6y7u8i"}
}

// words are what the passwords of products like this one are made of, the
// longer before those they contain.
func words() []string {
	return []string{"administrator", "superuser", "password", "passwort", "kennwort", "willkommen", "welcome", "changeme",
		"letmein", "iloveyou", "operator", "sunshine", "princess", "football", "default", "restore", "cluster", "manager",
		"backup", "secret", "geheim", "dragon", "monkey", "master", "sesam", "admin", "login"}
}

// wellKnown takes out of the password, which is in lower case, what guessers
// begin with, and tells whether too little is left.
func wellKnown(password string) bool {
	plain := strings.NewReplacer("@", "a", "$", "s", "0", "o").Replace(password)
	return min(leftOver(password), leftOver(plain)) < minOwn
}

// leftOver counts the characters of s that belong to no known word and no run.
func leftOver(s string) int {
	for _, word := range words() {
		s = strings.ReplaceAll(s, word, "")
	}
	for _, run := range runs() {
		for size := len(run); size >= minRun; size-- {
			for at := 0; at+size <= len(run); at++ {
				s = strings.ReplaceAll(s, run[at:at+size], "")
			}
		}
	}
	return utf8.RuneCountInString(s)
}
