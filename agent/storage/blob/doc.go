// Package blob is the protocol between those who keep data on a storage node and
// the storage node: names, rights, errors and the client. It imports nothing of
// ours, so that the server and its users share it without knowing each other.
//
// # The protocol
//
// HTTP/1.1 over mutually authenticated TLS. A namespace holds blobs: named,
// immutable sequences of bytes.
//
//	GET    /v1/{namespace}/{blob}   the bytes; Range is understood
//	HEAD   /v1/{namespace}/{blob}   their size, checksum and time
//	PUT    /v1/{namespace}/{blob}   stores them: Content-Length and X-Sha256 are required
//	DELETE /v1/{namespace}/{blob}   removes them
//	GET    /v1/{namespace}/?prefix=&as_of=   names, sizes and times, a JSON object a line
//
// A blob is visible, whole and durable when its PUT is answered with 201, and not
// visible at all before. It is never overwritten: a PUT of a name that exists is
// answered with 412 when it carried "If-None-Match: *", else with 409, and both
// answers carry the checksum of what is there, so that a sender whose first answer
// was lost can tell that it was stored. The one exception is a name for which
// [Replaceable] is true, replaced by a peer that may delete.
//
// A listing ends with a line that says how many names it had. A listing without
// that line was cut and must not be believed. With as_of, only what was stored at
// or before that time is listed.
//
// Times are the storage's: it stamps a blob when it stores it. Every answer to a
// request about one blob carries that time in the header [HeaderCreated].
//
// Errors carry a code in the header [HeaderError], which is what decides, and a
// sentence for people in the body. What the codes mean stands at their constants.
package blob
