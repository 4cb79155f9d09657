package fsm

// JobKind tells what a job does.
type JobKind string

// The kinds of jobs.
const (
	RestoreJob JobKind = "restore" // from a backup
	VerifyJob  JobKind = "verify"  // a backup, or all of a repository
	ForgetJob  JobKind = "forget"  // takes a deleted backup out of its repository
	PruneJob   JobKind = "prune"   // gives back the room of what no backup of a repository needs
	CopyJob    JobKind = "copy"    // brings a storage what another one has of a repository
	DrillJob   JobKind = "drill"   // restores a sample of a backup to see that it can be done
	ScrubJob   JobKind = "scrub"   // reads again what a storage has of a repository
	LaunchJob  JobKind = "launch"  // has a SEP sesam server run one of its tasks, and follows that to its end
	SyncJob    JobKind = "sync"    // brings a SEP sesam server to what the cluster wants of it
	CertifyJob JobKind = "certify" // gives a SEP sesam server another HTTPS certificate
)

// jobRules says of each kind of job what it may be about and who may ask for it.
var jobRules = map[JobKind]struct {
	right    Right  // that a user needs
	role     string // that carries it out
	whole    bool   // may be about a whole repository
	single   bool   // may be about one backup
	maintain bool   // holds the repository's lease: one at a time
}{
	RestoreJob: {right: BackupsRestore, role: RoleBackupManager, single: true, whole: true},
	VerifyJob:  {right: BackupsRun, role: RoleBackupManager, single: true, whole: true, maintain: true},
	ForgetJob:  {role: RoleBackupManager, single: true},
	PruneJob:   {right: DataWrite, role: RoleBackupManager, whole: true, maintain: true},
	DrillJob:   {right: BackupsRun, role: RoleBackupManager, single: true},
	CopyJob:    {right: DataWrite, role: RoleStorage, whole: true},
	ScrubJob:   {right: DataWrite, role: RoleStorage, whole: true},
	LaunchJob:  {right: BackupsRun, role: RoleSesam},
	SyncJob:    {role: RoleSesam},
	CertifyJob: {role: RoleSesam},
}

// Role is the role of the nodes that can do jobs of the kind.
func (k JobKind) Role() string { return jobRules[k].role }

// rank puts the jobs that people wait for before all others.
func (k JobKind) rank() uint8 {
	if k == RestoreJob {
		return 0
	}
	return 1
}

// kindRanked is a kind of job with that rank.
func kindRanked(rank uint8) JobKind {
	if rank == 0 {
		return RestoreJob
	}
	return VerifyJob
}

// Maintains tells whether jobs of the kind need the lease of their repository:
// the right to maintain it, which one live job has at a time. The fence of the
// job is the fence of the lease; it ends with the job's attempt.
func (k JobKind) Maintains() bool { return jobRules[k].maintain }
