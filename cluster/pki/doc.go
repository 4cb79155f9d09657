// Package pki is how the members of a cluster prove who they are and keep
// secrets: the cluster's certificate authority, the certificates of its nodes,
// join tokens and bearer tokens, sealed values and password hashes.
//
// It is a leaf. It imports the standard library and golang.org/x/crypto, knows
// nothing of the state or of the network, and reads the clock only where a TLS
// handshake has to: everywhere else the time is an argument.
//
// # Identity
//
// A node is who its certificate says, and the certificate says it in URIs:
//
//	bcm://<cluster>/<agent|manager>/<node>   exactly one
//	bcm://<cluster>/role/<role>              one for each role the node may have
//
// The common name means nothing and host names are not compared: a node that
// moves to another address stays the same node, and a node that takes over an
// address does not become the one that was there. Whether a node is still a
// member is not written in a certificate; [Holder.Verify] asks whoever knows.
//
// # Trust before the first certificate
//
// A join token carries the digest of the authority's whole bundle. A node that
// joins dials with [PinnedTLS], which completes a handshake only with a manager
// of the cluster that the token was made for, and only then sends the token.
//
// # Errors
//
// Every refusal wraps one of the Err variables, to be told apart with
// errors.Is. No error text contains a secret.
package pki
