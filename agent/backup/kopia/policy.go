package kopia

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"

	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/snapshot/policy"
)

// maintainer is who kopia takes us for, on every node: it lets one only maintain.
const maintainer = "bcm"

// compression is by far the cheapest that is worth it.
const compression = "zstd-fastest"

// hashing is how a new repository knows its data again. Kopia's own choice, BLAKE2B,
// takes a quarter of what a backup computes, this one a fifth of that. A repository
// that was made with another keeps it.
const hashing = "BLAKE3-256-128"

// policyFor returns how a source is read: all of it but the excludes, compressed,
// and what cannot be read is left out. An exclude that begins with the path of the
// source is taken from there; else it is as in .gitignore, from the source's root.
func policyFor(exclude []string, path string) *policy.Policy {
	yes, no := policy.OptionalBool(true), policy.OptionalBool(false)
	p := *policy.DefaultPolicy
	p.FilesPolicy = policy.FilesPolicy{IgnoreCacheDirectories: &no}
	for _, rule := range exclude {
		if rest, ok := strings.CutPrefix(rule, strings.TrimRight(filepath.Clean(path), "/")+"/"); ok && path != "" {
			rule = "/" + rest
		}
		p.FilesPolicy.IgnoreRules = append(p.FilesPolicy.IgnoreRules, rule)
	}
	p.CompressionPolicy = policy.CompressionPolicy{CompressorName: compression}
	p.ErrorHandlingPolicy = policy.ErrorHandlingPolicy{IgnoreFileErrors: &yes, IgnoreDirectoryErrors: &yes, IgnoreUnknownTypes: &no}
	p.RetentionPolicy = everything()
	p.Actions = policy.ActionsPolicy{}
	p.LoggingPolicy = policy.LoggingPolicy{}
	return &p
}

// everything keeps all snapshots.
func everything() policy.RetentionPolicy {
	all, none := policy.OptionalInt(math.MaxInt32), policy.OptionalInt(0)
	return policy.RetentionPolicy{
		KeepLatest: &all, KeepHourly: &none, KeepDaily: &none, KeepWeekly: &none, KeepMonthly: &none, KeepAnnual: &none,
	}
}

// keepForEver stores the policy of keeping everything in a repository without one.
// It is asked when kopia makes a checkpoint, and its default would delete.
func (h *handle) keepForEver(ctx context.Context) error {
	_, err := policy.GetDefinedPolicy(ctx, h.rep, policy.GlobalPolicySourceInfo)
	if !errors.Is(err, policy.ErrPolicyNotFound) {
		return reading(err)
	}
	return writing(ctx, repo.WriteSession(ctx, h.rep, repo.WriteSessionOptions{Purpose: "policy"},
		func(ctx context.Context, w repo.RepositoryWriter) error {
			return policy.SetPolicy(ctx, w, policy.GlobalPolicySourceInfo, policyFor(nil, ""))
		}))
}

// writing classifies an error of a session that writes: what ended the run comes
// first, since kopia may have made something else of it.
func writing(ctx context.Context, err error) error {
	if failure := runOf(ctx).failed(); failure != nil {
		return failure
	}
	return classify(err)
}
