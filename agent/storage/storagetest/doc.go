// Package storagetest gives tests a real storage over loopback: the server of package
// storage, its own small cluster's certificates, and what a test wants to do to it.
package storagetest
