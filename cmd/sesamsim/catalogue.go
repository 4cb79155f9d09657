package main

// catalogue lists all tables, in the order of the data file: what is referred to
// comes before what refers to it.
func (s *server) catalogue() []*resource {
	return []*resource{
		settings(), roles(), groups(), roleRelations(), s.users(), externalGroups(), externalGroupRelations(),
		acls(), credentials(), locations(), clients(), driveGroups(), drives(), dataStores(), mediaPools(), media(),
		schedules(), commands(), tasks(), backupEvents(), commandEvents(), s.results(), migrationResults(),
	}
}

// routes lists all endpoints.
func (s *server) routes() []route {
	d := s.state.resource
	var all []route
	for _, some := range [][]route{
		authRoutes(), infoRoutes(), s.modeRoutes(),
		uniform(d("clients"), visit, edit),
		locationRoutes(d("locations")),
		uniform(d("acls"), watch, rule),
		s.userRoutes(d("users")),
		groupRoutes(d("groups")),
		roleRoutes(d("roles"), d("roleRelations")),
		externalGroupRoutes(d("externalgroups"), d("externalGroupRelations")),
		uniform(d("credentials"), watch, rule),
		taskRoutes(d("tasks")),
		taskGroupRoutes(),
		uniform(d("backupevents"), watch, edit),
		uniform(d("schedules"), visit, edit),
		uniform(d("commands"), watch, edit),
		commandEventRoutes(d("commandevents")),
		mediaPoolRoutes(d("mediapools")),
		driveRoutes(d("drivegroups"), d("drives")),
		dataStoreRoutes(d("datastores")),
		mediumRoutes(d("media")),
		s.resultRoutes(d("backups")),
		migrationRoutes(d("migrationResults")),
	} {
		all = append(all, some...)
	}
	return all
}
