package api

import (
	"slices"

	"bcm/fsm"
)

// The table of routes: all there is, with the right that each one needs. What is
// not here does not exist.

func (a *API) routes() []route {
	return slices.Concat(
		a.sessionRoutes(), a.peopleRoutes(), a.nodeRoutes(), a.dataRoutes(), a.backupRoutes(),
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
	return []route{
		{"GET", "/v1/users", fsm.UsersRead, "listUsers", "Users", list(userListing()), nil, false},
		{"POST", "/v1/users", fsm.UsersWrite, "createUser", "Make a user", create("/v1/users/", createUser), nil, false},
		{"GET", "/v1/users/{user}", fsm.UsersRead, "getUser", "A user", read(getUser), nil, false},
		{"PATCH", "/v1/users/{user}", fsm.UsersWrite, "updateUser", "Change a user", take(updateUser), nil, false},
		{"DELETE", "/v1/users/{user}", fsm.UsersWrite, "removeUser", "Remove a user, with all sessions and tokens", do(removeUser), nil, false},
		{"GET", "/v1/groups", fsm.GroupsRead, "listGroups", "Groups", list(groupListing()), nil, false},
		{"POST", "/v1/groups", fsm.GroupsWrite, "createGroup", "Make a group", create("/v1/groups/", createGroup), nil, false},
		{"GET", "/v1/groups/{group}", fsm.GroupsRead, "getGroup", "A group", read(getGroup), nil, false},
		{"PATCH", "/v1/groups/{group}", fsm.GroupsWrite, "updateGroup", "Change a group", take(updateGroup), nil, false},
		{"DELETE", "/v1/groups/{group}", fsm.GroupsWrite, "removeGroup", "Remove a group without members", do(removeGroup), nil, false},
	}
}

func (a *API) nodeRoutes() []route {
	force := []param{{"force", "boolean", "Also while it is online, or holds the only copy of data"}}
	return []route{
		{"GET", "/v1/nodes", fsm.NodesRead, "listNodes", "Nodes", list(nodeListing()), nil, false},
		{"GET", "/v1/nodes/{node}", fsm.NodesRead, "getNode", "A node", read(getNode), nil, false},
		{"PATCH", "/v1/nodes/{node}", fsm.NodesWrite, "updateNode", "Change what is wanted of a node", take(updateNode), nil, false},
		{"DELETE", "/v1/nodes/{node}", fsm.NodesWrite, "removeNode", "Take a node out of the grid for good", do(removeNode), force, false},
		{"POST", "/v1/nodes/{node}/drain", fsm.NodesWrite, "drainNode", "Let a node finish and give it nothing new", read(drainNode), nil, false},
	}
}

func (a *API) dataRoutes() []route {
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
		{"GET", "/v1/schedules", fsm.DataRead, "listSchedules", "Schedules", list(scheduleListing()), nil, false},
		{"POST", "/v1/schedules", fsm.DataWrite, "createSchedule", "Make a schedule", create("/v1/schedules/", createSchedule), nil, false},
		{"GET", "/v1/schedules/{schedule}", fsm.DataRead, "getSchedule", "A schedule", read(getSchedule), nil, false},
		{"PATCH", "/v1/schedules/{schedule}", fsm.DataWrite, "updateSchedule", "Change a schedule", take(updateSchedule), nil, false},
		{"DELETE", "/v1/schedules/{schedule}", fsm.DataWrite, "removeSchedule", "Remove a schedule that no task uses", do(removeSchedule), nil, false},
		{"GET", "/v1/repositories", fsm.DataRead, "listRepositories", "Repositories", list(repositoryListing()), nil, false},
		{"GET", "/v1/repositories/{repository}", fsm.DataRead, "getRepository", "A repository", read(getRepository), nil, false},
		{"PATCH", "/v1/repositories/{repository}", fsm.DataWrite, "updateRepository", "Change a repository", take(updateRepository), nil, false},
		{"GET", "/v1/assignments", fsm.DataRead, "listAssignments", "Which nodes answer for whose data", list(assignmentListing()), nil, false},
	}
}

func (a *API) backupRoutes() []route {
	return []route{
		{"GET", "/v1/backups", fsm.BackupsRead, "listBackups", "Backups", list(backupListing()), nil, false},
		{"POST", "/v1/backups", fsm.BackupsRun, "createBackup", "Run a task, or back up a source without one", create("/v1/backups/", createBackup), nil, false},
		{"GET", "/v1/backups/{backup}", fsm.BackupsRead, "getBackup", "A backup, with its progress while it runs", read(getBackup), nil, false},
		{"DELETE", "/v1/backups/{backup}", fsm.BackupsDelete, "deleteBackup", "Give up what a backup has stored", do(deleteBackup), nil, false},
		{"POST", "/v1/backups/{backup}/cancel", fsm.BackupsRun, "cancelBackup", "Stop a backup", read(cancelBackup), nil, false},
	}
}
