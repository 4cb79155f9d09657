package api

import (
	"slices"
	"strings"

	"bcm/fsm"
)

// The table of routes: all there is, with the right that each one needs. What is
// not here does not exist.

func (a *API) routes() []route {
	return slices.Concat(
		a.sessionRoutes(), a.peopleRoutes(), a.tokenRoutes(), a.nodeRoutes(), a.dataRoutes(), a.backupRoutes(),
		a.jobRoutes(), a.careRoutes(), a.clusterRoutes(), a.watchRoutes(),
	)
}

func (a *API) sessionRoutes() []route {
	return []route{
		{"POST", "/v1/login", Anyone, "login", "Begin a session", take(login), nil, false},
		{"POST", "/v1/logout", fsm.Self, "logout", "End the session", do(logout), nil, false},
		{"GET", "/v1/me", fsm.Self, "getMe", "Who asks, and what they may", read(me), nil, false},
		{"POST", "/v1/me/password", fsm.Self, "changePassword", "Change the own password; other sessions end", doWith(changePassword), nil, false},
	}
}

func (a *API) peopleRoutes() []route {
	about := []param{
		{"user", "string", "Id or name; otherwise who asks"},
		{"right", "string", "Such as backups:run"},
		{"object", "string", "To what, such as tasks/web; a right holds for all objects that have no access list"},
	}
	return []route{
		{"GET", "/v1/users", fsm.UsersRead, "listUsers", "Users", list(userListing()), nil, false},
		{"POST", "/v1/users", fsm.UsersWrite, "createUser", "Make a user", create("/v1/users/", createUser), nil, false},
		{"GET", "/v1/users/{user}", fsm.UsersRead, "getUser", "A user", read(getUser), nil, false},
		{"PATCH", "/v1/users/{user}", fsm.UsersWrite, "updateUser", "Change a user", take(updateUser), nil, false},
		{"DELETE", "/v1/users/{user}", fsm.UsersWrite, "removeUser", "Remove a user, with all sessions and tokens", do(removeUser), nil, false},
		{"GET", "/v1/groups", fsm.GroupsRead, "listGroups", "Groups", list(groupListing()), nil, false},
		{"GET", "/v1/acls", fsm.GroupsRead, "listACLs", "Access lists", list(aclListing()), nil, false},
		{"GET", "/v1/acls/{kind}/{object}", fsm.GroupsRead, "getACL", "The access list of an object", read(getACL), nil, false},
		{"PUT", "/v1/acls/{kind}/{object}", fsm.GroupsWrite, "putACL", "Give an object an access list", take(putACL), nil, false},
		{"DELETE", "/v1/acls/{kind}/{object}", fsm.GroupsWrite, "removeACL", "Open an object to all who have the right by a group", do(removeACL), nil, false},
		{"GET", "/v1/access/explain", fsm.Self, "explainAccess", "Why a user may do something, or what is missing", read(explainAccess), about, false},
		{"POST", "/v1/groups", fsm.GroupsWrite, "createGroup", "Make a group", create("/v1/groups/", createGroup), nil, false},
		{"GET", "/v1/groups/{group}", fsm.GroupsRead, "getGroup", "A group", read(getGroup), nil, false},
		{"PATCH", "/v1/groups/{group}", fsm.GroupsWrite, "updateGroup", "Change a group", take(updateGroup), nil, false},
		{"DELETE", "/v1/groups/{group}", fsm.GroupsWrite, "removeGroup", "Remove a group without members", do(removeGroup), nil, false},
	}
}

func (a *API) tokenRoutes() []route {
	return []route{
		{"GET", "/v1/join-tokens", fsm.TokensRead, "listJoinTokens", "Join tokens", list(joinTokenListing()), nil, false},
		{"POST", "/v1/join-tokens", fsm.TokensWrite, "createJoinToken", "Make a token that admits nodes", create("/v1/join-tokens/", createJoinToken), nil, false},
		{"DELETE", "/v1/join-tokens/{token}", fsm.TokensWrite, "revokeJoinToken", "Revoke a join token", do(revokeToken(fsm.JoinToken)), nil, false},
		{"GET", "/v1/api-tokens", fsm.TokensRead, "listAPITokens", "API tokens", list(apiTokenListing()), nil, false},
		{"POST", "/v1/api-tokens", fsm.TokensWrite, "createAPIToken", "Make a token that speaks for a user", create("/v1/api-tokens/", createAPIToken), nil, false},
		{"DELETE", "/v1/api-tokens/{token}", fsm.TokensWrite, "revokeAPIToken", "Revoke an API token", do(revokeToken(fsm.APIToken)), nil, false},
		{"GET", "/v1/certificates", fsm.CertificatesRead, "listCertificates", "Certificates", list(certificateListing()), nil, false},
		{"POST", "/v1/certificates", fsm.CertificatesWrite, "createCertificate", "Give a SEP sesam server an HTTPS certificate: one that is brought with its key, or one of the cluster's CA", create("/v1/certificates/", createPair), nil, false},
		{"POST", "/v1/certificates/{certificate}/rotate", fsm.CertificatesWrite, "rotateCertificate", "Give a server a new certificate with a new key in place of the one that the cluster's CA had issued", repeat("/v1/certificates/", rotateCertificate), nil, false},
		{"GET", "/v1/certificates/{certificate}", fsm.CertificatesRead, "getCertificate", "A certificate", read(getCertificate), nil, false},
		{"POST", "/v1/certificates/{certificate}/revoke", fsm.CertificatesWrite, "revokeCertificate", "Make a certificate worthless", read(revokeCertificate), nil, false},
		{"GET", "/v1/ca", Anyone, "getCA", "The cluster's certificate authority", read(getCA), nil, false},
	}
}

func (a *API) nodeRoutes() []route {
	force := []param{{"force", "boolean", "Also while it is online, or holds the only complete copy of data"}}
	return []route{
		{"GET", "/v1/nodes", fsm.NodesRead, "listNodes", "Nodes", list(nodeListing()), nil, false},
		{"POST", "/v1/nodes", fsm.NodesWrite, "addNode", "Make a SEP sesam server a node of the grid", create("/v1/nodes/", addNode), nil, false},
		{"POST", "/v1/nodes/probe", fsm.NodesWrite, "probeServer", "The certificate that a SEP sesam server shows, to be trusted or not", take(probeServer), nil, false},
		{"GET", "/v1/nodes/{node}/objects", fsm.DataRead, "listNodeObjects", "What a SEP sesam server has, as it was seen last", list(serverObjects()), nil, false},
		{"POST", "/v1/nodes/{node}/start", fsm.BackupsRun, "startTask", "Have a SEP sesam server run one of its tasks; the job follows it to its end", begin("/v1/jobs/", startTask), nil, false},
		{"GET", "/v1/sync", fsm.NodesRead, "listSync", "How far SEP sesam servers are in step", list(syncListing()), nil, false},
		{"POST", "/v1/sync", fsm.UsersWrite, "runSync", "Bring managed servers in step at once", take(runSync), nil, false},
		{"GET", "/v1/sync/{node}/diff", fsm.UsersRead, "getSyncDiff", "What a server differs in from what the cluster wants", read(syncDiff), nil, false},
		{"GET", "/v1/nodes/{node}", fsm.NodesRead, "getNode", "A node", read(getNode), nil, false},
		{"PATCH", "/v1/nodes/{node}", fsm.NodesWrite, "updateNode", "Change what is wanted of a node", take(updateNode), nil, false},
		{"DELETE", "/v1/nodes/{node}", fsm.NodesWrite, "removeNode", "Take a node out of the grid for good", do(removeNode), force, false},
		{"POST", "/v1/nodes/{node}/drain", fsm.NodesWrite, "drainNode", "Let a node finish and give it nothing new", read(drainNode), nil, false},
		{"GET", "/v1/nodes/{node}/impact", fsm.DataRead, "getNodeImpact", "What depends on a node: what stands still, or is lost, when it dies", read(nodeImpact), nil, false},
		{"GET", "/v1/nodes/{node}/events", fsm.EventsRead, "listNodeEvents", "The audit trail of a node", list(nodeEvents()), nil, false},
		{"ANY", "/v1/nodes/{node}/proxy/{path}", fsm.NodesWrite, "proxyNode", "Ask a SEP sesam server under the account of the cluster; needs users:write too", through(proxy), nil, true},
		{"ANY", "/sesam/{node}/{path}", Anyone, "passThrough", "For a SEP sesam server's own clients, whom it lets in itself", through(passThrough), nil, true},
		{"POST", "/v1/join", Anyone, "join", "Let a node in that has a join token", take(join), nil, false},
	}
}

func (a *API) dataRoutes() []route {
	count := []param{{"count", "integer", "How many slots, 1 to 100; otherwise 10"}}
	past := []param{
		{"as_of", "string", "As it was at the time, as in RFC 3339; otherwise as it is"},
		{"storage", "string", "Id or name of the storage whose copy to read; otherwise any that is up"},
	}
	inside := append(past, param{"path", "string", "Within the snapshot; otherwise /"})
	return []route{
		{"GET", "/v1/clients", fsm.DataRead, "listClients", "Clients", list(clientListing()), nil, false},
		{"POST", "/v1/clients", fsm.DataWrite, "createClient", "Make a client", create("/v1/clients/", createClient), nil, false},
		{"GET", "/v1/clients/{client}", fsm.DataRead, "getClient", "A client", read(getClient), nil, false},
		{"PATCH", "/v1/clients/{client}", fsm.DataWrite, "updateClient", "Change a client", take(updateClient), nil, false},
		{"DELETE", "/v1/clients/{client}", fsm.DataWrite, "removeClient", "Remove a client without tasks and backups", do(removeClient), nil, false},
		{"GET", "/v1/tasks", fsm.DataRead, "listTasks", "Tasks", list(taskListing()), nil, false},
		{"POST", "/v1/tasks", fsm.DataWrite, "createTask", "Make a task", create("/v1/tasks/", createTask), nil, false},
		{"GET", "/v1/tasks/{task}", fsm.DataRead, "getTask", "A task", read(getTask), nil, false},
		{"PATCH", "/v1/tasks/{task}", fsm.DataWrite, "updateTask", "Change a task", take(updateTask), nil, false},
		{"DELETE", "/v1/tasks/{task}", fsm.DataWrite, "removeTask", "Remove a task; its backups stay", do(removeTask), nil, false},
		{"POST", "/v1/tasks/{task}/retention/preview", fsm.DataRead, "previewRetention", "What a retention would keep and why; changes nothing", takeMaybe(previewRetention), nil, false},
		{"GET", "/v1/schedules", fsm.DataRead, "listSchedules", "Schedules", list(scheduleListing()), nil, false},
		{"POST", "/v1/schedules", fsm.DataWrite, "createSchedule", "Make a schedule", create("/v1/schedules/", createSchedule), nil, false},
		{"GET", "/v1/schedules/{schedule}", fsm.DataRead, "getSchedule", "A schedule", read(getSchedule), nil, false},
		{"PATCH", "/v1/schedules/{schedule}", fsm.DataWrite, "updateSchedule", "Change a schedule", take(updateSchedule), nil, false},
		{"DELETE", "/v1/schedules/{schedule}", fsm.DataWrite, "removeSchedule", "Remove a schedule that no task uses", do(removeSchedule), nil, false},
		{"GET", "/v1/schedules/{schedule}/next", fsm.DataRead, "nextSlots", "The next slots of a schedule, and what else is started then", read(nextSlots), count, false},
		{"POST", "/v1/schedules/preview", fsm.DataRead, "previewSchedule", "The next slots of a schedule that has not been made, and what else is started then", take(previewSchedule), count, false},
		{"GET", "/v1/repositories", fsm.DataRead, "listRepositories", "Repositories", list(repositoryListing()), nil, false},
		{"GET", "/v1/repositories/{repository}", fsm.DataRead, "getRepository", "A repository", read(getRepository), nil, false},
		{"PATCH", "/v1/repositories/{repository}", fsm.DataWrite, "updateRepository", "Change a repository", take(updateRepository), nil, false},
		{"POST", "/v1/repositories/{repository}/verify", fsm.BackupsRun, "verifyRepository", "Verify all that a repository has, and tell which backups are damaged", beginMaybe("/v1/verifications/", verifyRepository), nil, false},
		{"POST", "/v1/repositories/{repository}/scrub", fsm.DataWrite, "scrubRepository", "Read again what a storage has of a repository", beginMaybe("/v1/jobs/", scrubRepository), nil, false},
		{"POST", "/v1/repositories/{repository}/copy", fsm.DataWrite, "copyRepository", "Bring a storage what another one has of a repository", beginMaybe("/v1/jobs/", copyRepository), nil, false},
		{"GET", "/v1/repositories/{repository}/snapshots", fsm.BackupsRead, "listSnapshots", "What a repository itself says that it has, now or as of a time", read(listSnapshots), past, false},
		{"GET", "/v1/repositories/{repository}/snapshots/{snapshot}/files", fsm.DataWrite, "listSnapshotFiles", "A directory of a snapshot of a repository", read(listSnapshotFiles), inside, false},
		{"POST", "/v1/repositories/{repository}/restore", fsm.BackupsRestore, "restoreRepository", "Restore a snapshot that a repository has, now or as of a time", begin("/v1/restores/", restoreRepository), nil, false},
		{"GET", "/v1/assignments", fsm.DataRead, "listAssignments", "Which nodes answer for whose data", list(assignmentListing()), nil, false},
		{"POST", "/v1/assignments/explain", fsm.DataRead, "explainAssignment", "Why each node answers for a client, or does not", take(explainAssignment), nil, false},
	}
}

func (a *API) backupRoutes() []route {
	inside := []param{{"path", "string", "Within the backup; otherwise /"}}
	packed := append(inside[:1:1], param{"format", "string", "tar.gz, unless said otherwise, or zip"})
	span := []param{
		{"task", "string", "Only in backups of the task, by id or name"},
		{"from", "string", "Only in backups begun at or after the time"},
		{"to", "string", "Only in backups begun before the time"},
	}
	named := append(span[:len(span):len(span)],
		param{"name", "string", "A part of the name, or a pattern of all of it with * ? [a-z]; case does not matter"},
		param{"limit", "integer", "Rows of a page, at most 1000; otherwise 100"},
		param{"next", "string", "Where to go on: next of the page before"})
	dated := append(span[:len(span):len(span)], param{"path", "string", "Within the backups"})
	return []route{
		{"GET", "/v1/backups", fsm.BackupsRead, "listBackups", "Backups", list(backupListing()), nil, false},
		{"POST", "/v1/backups", fsm.BackupsRun, "createBackup", "Run a task, or back up a source without one", create("/v1/backups/", createBackup), nil, false},
		{"GET", "/v1/backups/{backup}", fsm.BackupsRead, "getBackup", "A backup, with its progress while it runs", read(getBackup), nil, false},
		{"GET", "/v1/backups/{backup}/log", fsm.BackupsRead, "getBackupLog", "How a backup went", read(backupLog), nil, false},
		{"PATCH", "/v1/backups/{backup}", fsm.DataWrite, "protectBackup", "Pin a backup or put it on hold; giving that up needs backups:delete", take(protectBackup), nil, false},
		{"DELETE", "/v1/backups/{backup}", fsm.BackupsDelete, "deleteBackup", "Give up what a backup has stored", do(deleteBackup), nil, false},
		{"POST", "/v1/backups/{backup}/cancel", fsm.BackupsRun, "cancelBackup", "Stop a backup", read(cancelBackup), nil, false},
		{"POST", "/v1/backups/{backup}/rerun", fsm.BackupsRun, "rerunBackup", "Make a backup again that has not succeeded: a new one of the same task, or of the same source", repeat("/v1/backups/", rerunBackup), nil, false},
		{"GET", "/v1/backups/{backup}/files", fsm.BackupsRestore, "listFiles", "A directory of a backup", read(listFiles), inside, false},
		{"GET", "/v1/backups/{backup}/files/content", fsm.BackupsRestore, "getFile", "The content of a file of a backup", plain(binaryType, sendFile), inside, true},
		{"GET", "/v1/backups/{backup}/files/archive", fsm.BackupsRestore, "getArchive", "A folder or a file of a backup, packed", plain(binaryType, sendArchive), packed, true},
		{"GET", "/v1/clients/{client}/files", fsm.BackupsRestore, "findFiles", "Look for a file by its name in the backups of a client", read(findFiles), named, false},
		{"GET", "/v1/clients/{client}/history", fsm.BackupsRestore, "getFileHistory", "The states of one file in the backups of a client", read(fileHistory), dated, false},
	}
}

func (a *API) jobRoutes() []route {
	return []route{
		{"GET", "/v1/jobs", fsm.BackupsRead, "listJobs", "Long work of all kinds on what is stored", list(allJobs()), nil, false},
		{"GET", "/v1/jobs/{job}", fsm.BackupsRead, "getJob", "A job, with its progress while it runs", read(getJob("")), nil, false},
		{"POST", "/v1/jobs/{job}/cancel", fsm.BackupsRead, "cancelJob", "Stop a job; it takes the right that beginning it takes", read(cancelJob("")), nil, false},
		{"POST", "/v1/backups/{backup}/restore", fsm.BackupsRestore, "restoreBackup", "Restore from a backup", begin("/v1/restores/", restoreBackup), nil, false},
		{"GET", "/v1/restores", fsm.BackupsRead, "listRestores", "Restores", list(jobsOf(fsm.RestoreJob)), nil, false},
		{"GET", "/v1/restores/{job}", fsm.BackupsRead, "getRestore", "A restore, with its progress while it runs", read(getJob(fsm.RestoreJob)), nil, false},
		{"POST", "/v1/restores/{job}/cancel", fsm.BackupsRestore, "cancelRestore", "Stop a restore", read(cancelJob(fsm.RestoreJob)), nil, false},
		{"POST", "/v1/backups/{backup}/verify", fsm.BackupsRun, "verifyBackup", "Verify a backup", beginMaybe("/v1/verifications/", verifyBackup), nil, false},
		{"GET", "/v1/verifications", fsm.BackupsRead, "listVerifications", "Verifications", list(jobsOf(fsm.VerifyJob)), nil, false},
		{"GET", "/v1/verifications/{job}", fsm.BackupsRead, "getVerification", "A verification, with its progress while it runs", read(getJob(fsm.VerifyJob)), nil, false},
		{"POST", "/v1/verifications/{job}/cancel", fsm.BackupsRun, "cancelVerification", "Stop a verification", read(cancelJob(fsm.VerifyJob)), nil, false},
	}
}

// careRoutes are about what keeps data restorable, and from being lost.
func (a *API) careRoutes() []route {
	return []route{
		{"POST", "/v1/backups/{backup}/drill", fsm.BackupsRun, "drillBackup", "Restore a sample of a backup to see that it can be done", beginMaybe("/v1/drills/", drillBackup), nil, false},
		{"GET", "/v1/drills", fsm.BackupsRead, "listDrills", "Restore drills, with what they have proved", list(jobsOf(fsm.DrillJob)), nil, false},
		{"GET", "/v1/drills/{job}", fsm.BackupsRead, "getDrill", "A restore drill, with its progress while it runs and its report after", read(getJob(fsm.DrillJob)), nil, false},
		{"POST", "/v1/drills/{job}/cancel", fsm.BackupsRun, "cancelDrill", "Stop a restore drill", read(cancelJob(fsm.DrillJob)), nil, false},
		{"GET", "/v1/approvals", fsm.DataRead, "listApprovals", "Destructive changes that wait, or waited, for a second person", list(approvalListing(a.Now)), nil, false},
		{"GET", "/v1/approvals/{approval}", fsm.DataRead, "getApproval", "A change that waits, or waited, for a second person", read(getApproval), nil, false},
		{"POST", "/v1/approvals/{approval}/grant", fsm.Self, "grantApproval", "Make a change that waits; needs the right that it needs, and another user", read(decideApproval(grantApproval)), nil, false},
		{"POST", "/v1/approvals/{approval}/deny", fsm.Self, "denyApproval", "End an approval without the change", read(decideApproval(denyApproval)), nil, false},
	}
}

func (a *API) clusterRoutes() []route {
	return []route{
		{"GET", "/v1/cluster", fsm.ClusterRead, "getCluster", "The managers' group", read(getCluster), nil, false},
		{"POST", "/v1/cluster/transfer-leadership", fsm.ClusterWrite, "transferLeadership", "Let another manager lead", takeMaybe(transferLeadership), nil, false},
		{"DELETE", "/v1/cluster/members/{member}", fsm.ClusterWrite, "removeMember", "Take a manager out of the group", do(removeMember), nil, false},
		{"GET", "/v1/cluster/snapshot", fsm.ClusterWrite, "saveSnapshot", "The whole state, to keep", plain(binaryType, saveSnapshot), nil, true},
		{"POST", "/v1/cluster/snapshot", fsm.ClusterWrite, "restoreSnapshot", "Replace the whole state by one that was kept", plain(binaryType, restoreSnapshot), nil, true},
		{"GET", "/v1/settings", fsm.ClusterRead, "getSettings", "What holds for the whole cluster", read(getSettings), nil, false},
		{"PATCH", "/v1/settings", fsm.ClusterWrite, "changeSettings", "Change what holds for the whole cluster", take(changeSettings), nil, false},
		{"GET", "/v1/status/leader", fsm.ClusterRead, "getLeader", "Address of the manager that leads", read(statusLeader), nil, false},
		{"GET", "/v1/status/peers", fsm.ClusterRead, "getPeers", "Addresses of all managers", read(statusPeers), nil, false},
	}
}

func (a *API) watchRoutes() []route {
	verbose := []param{{"verbose", "boolean", "Say what was looked at"}}
	topics := []param{{"topics", "array", "What to tell of, also with commas between: " + strings.Join(topicNames(), ", ") + ". Otherwise all that may be seen"}}
	return []route{
		{"GET", "/v1/events", fsm.EventsRead, "listEvents", "The audit trail", list(eventListing()), nil, false},
		{"GET", "/v1/events/verify", fsm.EventsRead, "verifyEvents", "Whether the audit trail is whole", read(verifyEvents), nil, false},
		{"GET", "/v1/events/{event}", fsm.EventsRead, "getEvent", "A row of the audit trail", read(getEvent), nil, false},
		{"GET", "/v1/stream", fsm.Self, "stream", "Changes as they come, as server-sent events; Last-Event-ID resumes", plain("text/event-stream", stream), topics, true},
		{"GET", "/v1/alerts", fsm.Self, "listAlerts", "What is wrong now, as far as who asks may see it", read(listAlerts), nil, false},
		{"GET", "/v1/stats", fsm.ClusterRead, "getStats", "The numbers of the overview", read(getStats), nil, false},
		{"GET", "/livez", Anyone, "livez", "Whether the manager runs", plain("text/plain", livez), nil, false},
		{"GET", "/readyz", Anyone, "readyz", "Whether the manager can serve", plain("text/plain", readyz), verbose, false},
		{"GET", "/metrics", fsm.ClusterRead, "metrics", "Numbers for Prometheus", plain("text/plain", scrape), nil, false},
		{"GET", "/openapi.json", Anyone, "openapi", "The OpenAPI document", plain("application/openapi+json", a.openapi), nil, false},
		{"GET", "/docs", Anyone, "docs", "A page about the API", plain("text/html", a.docs), nil, false},
	}
}
