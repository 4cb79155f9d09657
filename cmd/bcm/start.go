package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"bcm/agent"
	"bcm/api/client"
	"bcm/cluster"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// checkStart refuses, before anything is written, a start that cannot come to
// anything: words that make no sense, a directory that is another member's, a
// new member without what it needs to be let in.
func checkStart(c config, manager bool) error {
	token, addresses, err := client.SplitJoin(c.Join)
	if err != nil {
		return usageError{fmt.Errorf("--join: %w", err)}
	}
	if token != nil && token.Manager != manager {
		return usageError{errors.New("--join: the token is for the other kind of member: bcm manager joins with one for the role cluster-manager, bcm agent with one for other roles")}
	}
	_, err = cluster.Load(c.DataDir)
	switch {
	case err == nil && !manager:
		return fmt.Errorf("%s is the directory of a manager: start it with bcm manager, or take another directory", c.DataDir)
	case err != nil && !errors.Is(err, cluster.ErrNoMember):
		return err
	}
	id, err := existing(c.DataDir)
	if err != nil {
		return err
	}
	if id != nil && id.Cluster() != "" {
		return checkMember(c, id, token, manager)
	}
	if manager {
		return checkNewManager(c, token, addresses)
	}
	return checkNewNode(c, token, addresses)
}

// existing opens the identity in a data directory; nil when there is none.
func existing(dir string) (*agent.Identity, error) {
	path := filepath.Join(dir, identityDir)
	if _, err := os.Stat(filepath.Join(path, "node.json")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return agent.OpenIdentity(path, "")
}

// checkMember looks at the directory of a node that a cluster has let in.
func checkMember(c config, id *agent.Identity, token *pki.Token, manager bool) error {
	if kind := id.Holder.Identity().Kind; manager != (kind == pki.Manager) {
		return fmt.Errorf("%s is the directory of %s %s: start it with bcm %s, or take another directory", c.DataDir, kind, id.Name(), kind)
	}
	if token != nil {
		pin, err := pki.Pin(id.Holder.Bundle())
		if err != nil {
			return err
		}
		if pin != token.Pin {
			return fmt.Errorf("%s belongs to cluster %s, and the join token is of another cluster: take another directory, or start without --join",
				c.DataDir, id.Cluster())
		}
	}
	if err := id.Usable(time.Now()); err != nil && !manager && token == nil {
		return fmt.Errorf("%w; start it once with --join and a new token: bcm token create", err)
	}
	return nil
}

func checkNewManager(c config, token *pki.Token, addresses []string) error {
	switch {
	case len(c.Join) == 0 && c.BootstrapExpect == 0:
		return usageError{fmt.Errorf("%s belongs to no cluster yet: create one with --bootstrap-expect N, or join one with --join TOKEN,ADDRESS", c.DataDir)}
	case len(c.Join) > 0 && token == nil:
		return usageError{errors.New("--join: this manager is not admitted yet and needs a join token; make one with: bcm token create --roles cluster-manager")}
	case len(c.Join) > 0 && len(addresses) == 0:
		return usageError{errors.New("--join: the address of a manager is needed beside the token (host:7443)")}
	}
	return checkRoom(c.DataDir, c.Raft.Reserve)
}

// checkRoom refuses a disk on which a new member would stop at once.
func checkRoom(dir string, reserve int64) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	var disk syscall.Statfs_t
	for err = syscall.Statfs(dir, &disk); errors.Is(err, fs.ErrNotExist); err = syscall.Statfs(dir, &disk) {
		dir = filepath.Dir(dir)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	const mega = 1 << 20
	if free := int64(disk.Bavail) * disk.Bsize; free <= reserve {
		return fmt.Errorf("the disk of %s is full: %d MB are free, and %d MB have to stay free (raft.reserve); make room, or take another directory",
			dir, free/mega, reserve/mega)
	}
	return nil
}

func checkNewNode(c config, token *pki.Token, addresses []string) error {
	switch {
	case len(c.Roles) == 0:
		return usageError{fmt.Errorf("--roles: a new node needs at least one of %s, %s", fsm.RoleBackupManager, fsm.RoleStorage)}
	case token == nil:
		return usageError{errors.New("--join: this node is not admitted yet and needs a join token; make one with: bcm token create --roles …")}
	case len(addresses) == 0 && c.Gossip.KeyFile == "":
		return usageError{errors.New("--join: the address of a manager is needed beside the token (host:7443), or a gossip key and an address to begin with")}
	}
	return nil
}
