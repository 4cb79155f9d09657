// Package sesam is the connector to SEP sesam servers: the role sesam-server. It
// carries out three orders. The standing one names the servers that this node looks
// after: each is looked at every few seconds, and what has changed on it is reported
// to the cluster. Another one brings a server to what the cluster wants of it, step
// by step, and looks at what has come of it before it says that it is done. The third is
// for a role on the very host of a server, which is told so by [Host]: it puts an
// HTTPS certificate and its key where the server looks for them, and puts the old
// ones back when the server does not show the new one.
//
// What is known of such servers is what their vendor documents and what public
// programs do with them. Readers here are tolerant: a field may be missing, a number
// may come as text. Writers are strict and send only forms that were seen to work.
// What a server does not offer is reported as a capability that it lacks, with the
// reason.
//
// The package promises the server's owner: a login that was refused is not tried
// again until the account is changed or much time has passed, so that no account gets
// locked; the certificate is the one that a person has trusted, and no other; no
// redirect is followed; nothing is sent twice that might have an effect twice; a
// password is never read back, reported or logged.
package sesam
