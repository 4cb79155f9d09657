package main

import (
	"crypto/rand"
	"fmt"
)

// credentials are what the server uses to reach directories and stores. Secrets
// go in and come out as null; a null sent back wipes them, so that a client which
// does that is found out. Our choice.
func credentials() *resource {
	return (&resource{
		name: "credentials", key: "id", label: "name", rule: true, unique: []string{"name"},
		fields: []field{
			{name: "name", max: 255},
			{name: "type", required: true},
			{name: "enabled", kind: boolean, first: true},
			{name: "accessName"},
			{name: "osAccessName"},
			{name: "secret", secret: true},
			{name: "privateKey", secret: true},
			{name: "publicKey"},
			{name: "hostName"},
			{name: "port", kind: integer},
			{name: "storeName"},
			{name: "path"},
			{name: "rank", kind: integer, first: int64(0)},
			{name: "userComment"},
		},
		check: func(_ *tx, _, r row) error {
			if r.text("name") == "" {
				r["name"] = fmt.Sprintf("auth.%s.%s", r.text("type"), uuid())
			}
			return nil
		},
	}).complete()
}

// uuid makes a random one, version 4.
func uuid() string {
	b := make([]byte, 16)
	rand.Read(b) //nolint:errcheck // it never fails, see its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
