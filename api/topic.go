package api

import (
	"slices"
	"strings"
	"time"

	"bcm/fsm"
)

// topic is one kind of objects that a stream can tell of.
type topic struct {
	name  string
	right fsm.Right
	noun  string // of the table, by which removals are told
	// changes gives the objects that changed after index, in the order of that, as
	// far as who listens may see them.
	changes func(c *call, index uint64) []change
	// run gives the row of a run that is one of the topic's, and on which a node
	// works; nil when there is none.
	run func(v *fsm.View, id string) any
}

// change is an object as it is after its last change.
type change struct {
	index  uint64
	topic  string
	object any
}

// clusterTopic tells of the managers' group. It is not part of the state, and
// what it tells cannot be resumed: it is always told as of now.
const clusterTopic = "cluster"

// topicOf makes a topic of a listing; keep may confine it.
func topicOf[T, D any](name string, right fsm.Right, l listing[T, D], keep func(*T) bool) topic {
	return topic{name: name, right: right, noun: name, changes: func(c *call, index uint64) []change {
		var all []change
		for row := range l.table(c.view).Since(index) {
			if (keep == nil || keep(row)) && c.sees(row) {
				all = append(all, change{l.meta(row).Index, name, l.shown(c, row)})
			}
		}
		return all
	}}
}

func jobTopic(name string, kind fsm.JobKind) topic {
	t := topicOf(name, fsm.BackupsRead, jobsOf(kind), func(j *fsm.Job) bool { return j.Kind == kind })
	t.run = func(v *fsm.View, id string) any {
		if j, ok := v.Jobs.Get(id); ok && j.Kind == kind && j.Status.Live() {
			return j
		}
		return nil
	}
	return t
}

func backupTopic() topic {
	t := topicOf("backups", fsm.BackupsRead, backupListing(), nil)
	t.run = func(v *fsm.View, id string) any {
		if b, ok := v.Backups.Get(id); ok && b.Status.Live() {
			return b
		}
		return nil
	}
	return t
}

// topics lists all that can be streamed.
func topics() []topic {
	return []topic{
		topicOf("nodes", fsm.NodesRead, nodeListing(), nil),
		topicOf("users", fsm.UsersRead, userListing(), nil),
		topicOf("groups", fsm.GroupsRead, groupListing(), nil),
		topicOf("clients", fsm.DataRead, clientListing(), nil),
		topicOf("tasks", fsm.DataRead, taskListing(), nil),
		topicOf("schedules", fsm.DataRead, scheduleListing(), nil),
		topicOf("repositories", fsm.DataRead, repositoryListing(), nil),
		topicOf("assignments", fsm.DataRead, assignmentListing(), nil),
		topicOf("certificates", fsm.CertificatesRead, certificateListing(), nil),
		backupTopic(),
		jobTopic("restores", fsm.RestoreJob),
		jobTopic("verifications", fsm.VerifyJob),
		jobTopic("drills", fsm.DrillJob),
		topicOf("approvals", fsm.DataRead, approvalListing(time.Now), nil),
		topicOf("events", fsm.EventsRead, eventListing(), nil),
		{name: clusterTopic, right: fsm.ClusterRead},
	}
}

func topicNames() []string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	return names
}

// topics gives the topics that a stream was asked for; of all, those that the
// user may see.
func (c *call) topics() ([]topic, error) {
	var wanted []string
	for _, value := range c.query["topics"] {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				wanted = append(wanted, name)
			}
		}
	}
	for _, name := range wanted {
		if !slices.Contains(topicNames(), name) {
			return nil, invalid("topics", "no such topic %q; there are %s", name, strings.Join(topicNames(), ", "))
		}
	}
	var chosen []topic
	for _, t := range topics() {
		if len(wanted) > 0 && !slices.Contains(wanted, t.name) || len(wanted) == 0 && !c.access.May(t.right) {
			continue
		}
		if err := c.access.Need(t.right, t.name); err != nil {
			return nil, err
		}
		chosen = append(chosen, t)
	}
	return chosen, nil
}
