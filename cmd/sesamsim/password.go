package main

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// hashRounds is small: what is kept here are test passwords, and a grid of
// fifty simulated servers on one machine must not spend its time on them.
const hashRounds = 1000

// hashed makes what is kept of a password: salt and hash.
func hashed(password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt) //nolint:errcheck // it never fails, see its documentation
	sum, err := pbkdf2.Key(sha256.New, password, salt, hashRounds, 32)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return hex.EncodeToString(salt) + ":" + hex.EncodeToString(sum), nil
}

// verifies says whether a password is the one that was hashed. Nothing
// verifies against an empty hash.
func verifies(hash, password string) bool {
	saltText, sumText, ok := strings.Cut(hash, ":")
	if !ok {
		return false
	}
	salt, err1 := hex.DecodeString(saltText)
	want, err2 := hex.DecodeString(sumText)
	if err1 != nil || err2 != nil {
		return false
	}
	sum, err := pbkdf2.Key(sha256.New, password, salt, hashRounds, len(want))
	return err == nil && subtle.ConstantTimeCompare(sum, want) == 1
}

// complexEnough is the policy that --password-policy=complex asks for.
func complexEnough(password string) bool {
	var lower, upper, digit bool
	n := 0
	for _, c := range password {
		n++
		lower = lower || unicode.IsLower(c)
		upper = upper || unicode.IsUpper(c)
		digit = digit || unicode.IsDigit(c)
	}
	return n >= 8 && lower && upper && digit
}

// randomPassword makes one that every policy accepts.
func randomPassword() string { return "Rs1" + rand.Text()[:13] + "x" }
